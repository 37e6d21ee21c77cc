"""What to do about a fault: the heading of docs/operations.md where the commands stand, and the sentence that ends an alert.

    step, text, class of the error  ──►  `heading`  ──►  `next_step`: a sentence and the heading
"""

from __future__ import annotations

import re

from orchestration import shortage, subjects
from orchestration.run_events import BACKFILL, ENDED, INTERRUPTED, JOB, LANDING, REBUILD, REPLAY, RUN, Fault

VENDOR, CHECK, KILLED, BACKFILLED = ("A vendor is down", "A check failed", "A refresh was killed",
                                     "Backfill: days of a vendor are read again")
SETTING, TWO, BROKE, HOUSE = "A setting is wrong", "Two at once", "A step broke off", "Housekeeping failed"
IDENTITY, WAITS, OPT_OUTS = ("A training or a dry run of identity failed", "A trained likeness model waits",
                             "Messages went to people who had opted out")
DAMAGED, RESTORED = "The warehouse file is damaged or gone", "Restore on a new machine"
NEXT = {
    VENDOR: "The next run asks again and catches up; see to the vendor if it stays so.",
    CHECK: "Mend the cause, then {again}; yesterday's marts stay published meanwhile.",
    KILLED: "Start it again: {again}.",
    BACKFILLED: "Mend what it names and start the same backfill again; the nights go on meanwhile.",
    SETTING: "Mend the setting that it names, then {again}.",
    TWO: "Wait for the other one to end.",
    BROKE: "Start it again: {again}; if it breaks off again, it is a defect, and the run's log in Dagster tells where.",
    HOUSE: "What was published is published; try it alone: `make housekeeping`.",
    IDENTITY: "Nothing was changed and the nights go on; {again} when what it names is mended.",
    WAITS: "`make identity-diff ARGS=\"--model <version>\"` tells whom it would touch.",
    OPT_OUTS: "Take these people off the campaigns at the vendor, and see in marts.consents which of its lists has not heard their word.",
    DAMAGED: "Build it anew from the lake: `make rebuild`.",
    RESTORED: "Put the folder `published` back from the backup, then {again}.",
    **shortage.NEXT,
}
COMMANDS = {JOB: "`make refresh`", REPLAY: "`make replay`", REBUILD: "`make rebuild`", BACKFILL: "the same backfill",
            "train_identity_model": "`make identity-model`", "compare_identity": "`make identity-diff`"}
# The heading where a step said itself what was wrong.
STEPS = {LANDING: VENDOR, subjects.AGAIN: BACKFILLED, subjects.BUILD: CHECK, subjects.PROMISES: CHECK, subjects.PUBLISHED: CHECK,
         subjects.ANSWERED: VENDOR, subjects.HOUSEKEEPING: HOUSE, subjects.MODEL: IDENTITY, subjects.DIFF: IDENTITY,
         subjects.FRESHNESS: VENDOR, RUN: KILLED, subjects.BEFORE: SETTING}
ALWAYS = {HOUSE, IDENTITY}  # whatever broke them, unless it is told by its own words or class
KINDS = {"SettingError": SETTING, "RuleError": SETTING, "RefreshRunning": TWO, INTERRUPTED: KILLED}
WORDS = {
    SETTING: r"No vendor is switched on|\bis half configured: |\(vendors\.required in business_rules\.yml\)",
    TWO: r"\bis already running on\b",
    DAMAGED: r"not a valid DuckDB database|[Cc]orrupt(ed)? (database )?(file|block)|checksum .* does not match",
    RESTORED: r"^Version \S+ is not under ",
    BROKE: r"dbt stopped before the warehouse was built|\bdbt (model|seed) \w+:",
    VENDOR: r"\(publish_without_for_hours in business_rules\.yml\)",
}


def heading(fault: Fault, job: str = "") -> str:
    """The heading of docs/operations.md that says what to do about a fault. BROKE for a step that nobody gave one."""
    step = LANDING if fault.step.startswith(LANDING) and fault.step != subjects.AGAIN else fault.step
    own = STEPS.get(step, BROKE)
    if lacks := shortage.told(fault.text):
        return lacks
    if fault.text == ENDED or fault.kind in KINDS:
        return KINDS.get(fault.kind, KILLED)
    said = next((one for one, words in WORDS.items() if re.search(words, fault.text)), None)
    if said and not (said == VENDOR and _is_of_audits(fault.text)):
        return said
    if own in ALWAYS:
        return own
    if fault.kind:
        return BROKE
    return BACKFILLED if own == KILLED and job == BACKFILL else own


def next_step(heading: str, job: str = JOB) -> str:
    """The sentence that ends an alert."""
    return f"{NEXT[heading].format(again=COMMANDS.get(job, COMMANDS[JOB]))} docs/operations.md, “{heading}”."


def _is_of_audits(text: str) -> bool:
    """A publication that was refused for a failed audit too: that one is mended first."""
    return bool(re.search(r"\bdbt test \w+:|do not add up|\bwere not checked\b|was not built to its end", text))
