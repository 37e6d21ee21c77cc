"""`make backfill`: days of one vendor read again, built, audited and published, at a terminal.

    vendor[/account] from to [resource …]  ──►  the job backfill, in this process  ──►  the published file

    python -m orchestration.backfill <vendor>[/<account>] <first day> <last day> [<resource> …]

Days are YYYY-MM-DD in the business's time zone, both included. It is for what a vendor told later than the nightly asks for again, and for
what a lake lost; the same days twice change nothing. A refresh that is running is waited for, and one that begins meanwhile waits for this.
Exit code 0 when what was read is published, or nothing had changed; 1 when the run was red; 2 when it cannot be done as asked.
"""

from __future__ import annotations

import signal
import sys

from ingestion import lock
from ingestion.accounts import SettingError, read_env_file
from ingestion.backfill import Impossible
from orchestration import business_rules, home, refresh, stand_in, versions


def backfill(arguments: list[str]) -> int:
    """Do what the arguments ask; gives the exit code. Raises Impossible with a sentence."""
    from orchestration import backfill_asset, schedules

    (vendor, _, account), first_day, last_day, *resources = arguments[0].partition("/"), *arguments[1:]
    if vendor not in backfill_asset.VendorName.__members__:
        raise Impossible(f"There is no vendor {vendor!r}; there are {', '.join(backfill_asset.NAMES)}. Nothing was read.")
    told = {"vendor": vendor, "first_day": first_day, "last_day": last_day, "resources": resources, "account": account}
    with stand_in.vendors_or_sandbox([]):
        asked = backfill_asset.Window(**told | {"vendor": backfill_asset.VendorName[vendor]}).wanted()
        with lock.refresh_lock(holder=lock.BACKFILL, waits_for=lock.anybody, say=_say, shared=True):
            home.prepare()
            _say(f"Reading {asked} again: {', '.join(asked.resources)}.\n")
            was = versions.current()
            config = {"loggers": {"console": {}}, "ops": {backfill_asset.STEP: {"config": told}}}
            failures = refresh.run(schedules.BACKFILL, source="make backfill", config=config)
    for sentence in failures:
        print(f"\nRED: {sentence}", file=sys.stderr)
    now = versions.current()
    if now and not failures:
        print(f"\n{'Published' if now != was else 'Nothing changed; published as before'}: version {now.version}.")
    return 1 if failures else 0


def _say(line: str) -> None:
    print(line, flush=True)


def main(arguments: list[str]) -> int:
    """The command line."""
    if len(arguments) < 3 or any(one.startswith("-") for one in arguments):
        print(__doc__)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    read_env_file()
    try:
        return backfill(arguments)
    except Impossible as impossible:
        print(impossible, file=sys.stderr)
        return 2
    except (lock.RefreshRunning, business_rules.RuleError, SettingError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the sandbox ends with us
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
