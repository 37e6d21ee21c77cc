"""`make rebuild`: the warehouse file anew, from the lake alone.

    lake, last publication  ──►  the job rebuild_warehouse (the nightly one without its vendors)  ──►  the published file

    python -m orchestration.rebuild

No vendor is asked for anything. Customers keep their ids, which the last publication remembers, and the marts come out as they were
published last: a rebuild after a night without changes of the project publishes nothing new. What was published stays until the new one has
passed its audits. Exit code 0 when green.
"""

from __future__ import annotations

import signal
import sys
import time

from ingestion import lake, lock
from ingestion.accounts import SettingError, read_env_file
from orchestration import business_rules, home, stand_in, versions


def rebuild() -> int:
    """Run the job; gives the exit code."""
    from orchestration import refresh, schedules

    started, was = time.monotonic(), versions.current()
    home.prepare()
    with stand_in.vendors_or_sandbox([]):
        failures = refresh.run(schedules.REBUILD, source="make rebuild")
    refresh.conclude(failures, is_new=versions.current() != was, seconds=time.monotonic() - started)
    return 1 if failures else 0


def main(arguments: list[str]) -> int:
    """The command line."""
    if arguments:
        print(__doc__)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    read_env_file()
    try:
        if not any((lake.root() / "contacts").glob("*.jsonl")):
            print(f"Nothing to build from: no vendor was ever read into {lake.root()}. `make refresh` reads them.", file=sys.stderr)
            return 1
        with lock.refresh_lock(holder=lock.REBUILD, shared=True):
            return rebuild()
    except (lock.RefreshRunning, business_rules.RuleError, SettingError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the sandbox ends with us
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
