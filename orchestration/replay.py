"""`make replay`: what is in quarantine is judged again, from the lake, and published if the audits let it.

    lake  ──►  the job replay_quarantine (the nightly one without its vendors)  ──►  what became of each open record

    python -m orchestration.replay [vendor [resource [key]]]

A mended contract stages its list anew and every build tries the open rejected records again, so a replay is a build: the same models,
the same audits, the same gate. The arguments choose whose fate is told; what is built is always the whole, since a record that is accepted
moves whatever stands on it. Nobody is contacted. A second call finds fewer records open, or the same, and publishes nothing new. Exit code
0 when the run was green, whatever is still rejected; 1 when it was red.
"""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Mapping

import duckdb

from ingestion import lock
from ingestion.accounts import SettingError, read_env_file
from ingestion.redaction import printable
from orchestration import business_rules, home, quarantine, stand_in, versions
from orchestration.quarantine import Rejected, Rejection

SHOWN = 20


def told(before: Mapping[Rejected, Rejection], after: Mapping[Rejected, Rejection]) -> list[str]:
    """What became of the records that were open before, as lines: how many are accepted now, and which are not and why."""
    still = {one: after[one] for one in before if one in after}
    lines = [f"{len(before)} records were in quarantine: {len(before) - len(still)} are accepted now, {len(still)} are still rejected."]
    lines += [f"  accepted   {one}" for one in before if one not in still][:SHOWN]
    lines += [f"  {count:>8} × {vendor} {resource}: {problem}" for (vendor, resource, problem), count in
              Counter((one.vendor, one.resource, why.problem) for one, why in still.items()).most_common(SHOWN)]
    lines += [f"  rejected   {one} (of {why.version_at:%Y-%m-%d %H:%M} UTC): {why.problem}" for one, why in list(still.items())[:SHOWN]]
    more = [f"  and more: marts.quarantine names all {len(still)}"] if len(still) > SHOWN else []
    return [printable(line) for line in (*lines, *more)]


def replay(wanted: tuple[str, ...]) -> int:
    """Judge the open records again and publish what comes of it; gives the exit code."""
    from orchestration import refresh, schedules

    home.prepare()
    before = quarantine.standing(wanted)
    if not before:
        print(f"Nothing of {' '.join(wanted) or 'any vendor'} is in quarantine; nothing was built.")
        return 0
    was = versions.current()
    with stand_in.vendors_or_sandbox([]):
        failures = refresh.run(schedules.REPLAY, source="make replay")
    print("\n" + "\n".join(told(before, quarantine.standing(wanted))))
    for sentence in failures:
        print(f"\nRED: {printable(sentence)}", file=sys.stderr)
    now = versions.current()
    if now and not failures:
        print(f"{'Published' if now != was else 'Published as before'}: version {now.version}.")
    return 1 if failures else 0


def main(wanted: list[str]) -> int:
    """The command line."""
    if len(wanted) > 3 or any(one.startswith("-") for one in wanted):
        print(__doc__)
        return 0 if wanted in (["-h"], ["--help"]) else 2
    read_env_file()
    try:
        with lock.refresh_lock(holder=lock.REPLAY, shared=True):
            return replay(tuple(wanted))
    except (lock.RefreshRunning, business_rules.RuleError, SettingError, RuntimeError, ValueError, duckdb.Error) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the sandbox ends with us
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
