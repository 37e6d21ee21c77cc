"""`make refresh` as it stands, in a process that may not live to its end.

    {environment, options, trap, log, mark} as JSON on standard input  ──►  a process that runs orchestration.refresh  ──►  its exit code

    python -m tests.torture.victim          one night, in this process
    python -m tests.torture.victim forks    a night for each line: Python has imported everything once, and each night is a fork of that,
                                            a process of its own, which costs half a minute less of two busy cores
"""

import json
import os
import runpy
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.torture.trap import Trap, lay

IMPORTED = ("orchestration.definitions", "dbt.cli.main", "dbt.adapters.duckdb", "dlt.destinations.impl.filesystem.filesystem",
            "great_expectations", "orchestration.headlines", "orchestration.publish", "orchestration.dbt")


def live(told: dict[str, Any]) -> None:
    """Run a night, into the trap if there is one; ends the process."""
    os.environ.clear()
    os.environ.update(told["environment"])
    if told["trap"]:
        mark = Path(told["mark"])
        lay(Trap(**told["trap"]), on_death=lambda: mark.write_bytes(b"reached"))
    command = told["trap"]["command"] if told["trap"] else "orchestration.refresh"
    sys.argv = [command, *told["options"]]
    runpy.run_module(command, run_name="__main__", alter_sys=True)


def cheaply() -> None:
    """Leave out what costs a sixth of a night and leaves nothing to compare: dbt's files of compiled SQL, its manifest on disk, and
    Dagster's list of a step's assets, made anew for each of them. The suite's own nights do the same."""
    from dagster._core.execution.context.system import StepExecutionContext

    from tests import conftest

    listed = StepExecutionContext.get_output_asset_keys

    def once(step: Any) -> Any:
        if "listed_once" not in vars(step):
            vars(step)["listed_once"] = frozenset(listed(step))
        return vars(step)["listed_once"]

    patch = pytest.MonkeyPatch()
    conftest._leave_nothing_behind(patch)
    patch.setattr(StepExecutionContext, "get_output_asset_keys", once)


def fork(told: dict[str, Any]) -> str:
    """Run a night in a fork of this process and give its exit code and CPU seconds; its number is told as soon as it lives."""
    child = os.fork()
    if not child:
        os.setsid()
        said = os.open(told["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        try:
            live(told)
        except SystemExit as end:
            sys.stdout.flush()
            os._exit(int(end.code or 0))
        finally:
            sys.stdout.flush()
            os._exit(1)
    print(child, flush=True)
    _, status, used = os.wait4(child, 0)
    return f"{os.waitstatus_to_exitcode(status)} {used.ru_utime + used.ru_stime:.2f}"


if __name__ == "__main__":
    if sys.argv[1:] == ["forks"]:
        for name in IMPORTED:
            import_module(name)
        cheaply()
        for line in sys.stdin:
            print(fork(json.loads(line)), flush=True)
    else:
        live(json.loads(sys.stdin.readline()))
