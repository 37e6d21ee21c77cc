"""A disk that is full and memory that is too little, in every stage of a night: a clean end, the old marts, and a rerun that completes.

    machine on a small disk  ──►  refresh, without room from a named step on (and again)  ──►  one plain refresh  ──►  marts as undisturbed

The disk is a tmpfs that is filled to the last page when the refresh reaches the step; the memory is the process's address space
(RLIMIT_AS), which is held where it is then. Each night must end by itself, not with 0, in words that name what is lacking and the next
step and without a traceback (without memory also by a signal, of which `make` tells), and must leave what was published; then there is
room again and the next night goes on from what the last one left. The last rerun is compared with an undisturbed machine, table by table,
and nothing may be left behind.
"""

import argparse
import shutil
import signal
import tempfile
from datetime import timedelta
from pathlib import Path

from orchestration import shortage
from tests.torture.boundaries import EVENT_LOG, PUBLISH, READ, STATEMENT
from tests.torture.crash import FIRST, WORLD, current, turn
from tests.torture.machine import Ended, Forks, Machine, small_disk, world
from tests.torture.reader import Reader
from tests.torture.trap import BALLAST, Trap
from tests.torture.verdict import differences, leftovers

MB = 1 << 20
DISK = {
    "landing: dlt's own files": Trap("dlt.pipeline.pipeline:Pipeline.normalize", "full", nth=2),
    "landing: a file of the lake": Trap("shutil:copyfile", "full", about=".parquet", nth=3),
    "landing: the contact's record": Trap("ingestion.contact:_record", "full", nth=3),
    "dbt begins": Trap("orchestration.warehouse:build", "full"),
    "dbt, between two marts": Trap(STATEMENT, "full", about='create or replace table "warehouse"."marts"', nth=5, left=MB),
    "dbt's findings": Trap("orchestration.audits:record", "full"),
    "audits": Trap("orchestration.promises:check_vendor", "full"),
    "Dagster's events": Trap(EVENT_LOG, "full", nth=50),
    "export, the DuckDB file": Trap("orchestration.exports:_copy", "full", nth=20),
    "export, the Parquet files": Trap("orchestration.exports:_parquet", "full", nth=20, command=PUBLISH),
    "publish: the history": Trap("orchestration.exports:history", "full", command=PUBLISH),
    "publish: the card": Trap("orchestration.versions:finish", "full", command=PUBLISH),
}
MEMORY = {
    "landing": Trap(READ, "tight", nth=3, left=8 * MB),
    "dbt begins": Trap("orchestration.warehouse:build", "tight", left=8 * MB),
    "dbt, between two marts": Trap(STATEMENT, "tight", about='create or replace table "warehouse"."marts"', nth=5),
    "audits": Trap("orchestration.promises:check_vendor", "tight"),
    "export": Trap("orchestration.exports:_copy", "tight", nth=5),
}


def wrong_with(ended: Ended, wanted: str) -> list[str]:
    """What is not as promised in how a night without room ended. Without memory Python itself (6) and native code (11) may be unable to
    go on: that is a crash, which `make` tells (tests/test_operations.py) and the rerun mends."""
    said = ended.said.strip().splitlines()
    found = [] if ended.reached else ["never got there"]
    if wanted == shortage.MEMORY and ended.code in (-signal.SIGABRT, -signal.SIGSEGV):
        return found
    found += [f"ended with {ended.code}"] if ended.code <= 0 else []
    if not any(shortage.told(line) == wanted and f"“{wanted}”" in line for line in said):
        found.append(f"does not say what is lacking and what to do: {said[-1] if said else 'nothing said'}")
    return found + (["a traceback"] if "Traceback (most recent call last)" in ended.said else [])


def main(arguments: list[str]) -> int:
    """Run both stories and print them as a table; 1 when anything was not as promised."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture room", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="'disk' or 'memory', or words of the stages, e.g. 'export,audits'")
    parser.add_argument("--megabytes", type=int, default=3000, help="of the disk (3000)")
    parser.add_argument("--keep", type=Path, help="keep what was said by the nights that went wrong in this folder")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="omnimart-room-") as made, world(Path(made) / "world", WORLD) as settings:
        folder = Path(made)
        nothing = Machine(folder / "nothing", settings).parsed()
        forks = Forks(nothing)
        turn(settings, FIRST)
        before = Machine(folder / "before", settings, forks=forks)
        shutil.copytree(nothing.data, before.data)
        if (first := before.refresh()).code:
            raise RuntimeError(f"The first night did not end well: {first.said[-2000:]}")
        turn(settings, FIRST + timedelta(days=1))
        undisturbed = before.copy(folder / "undisturbed")
        if (second := undisturbed.refresh()).code:
            raise RuntimeError(f"The undisturbed night did not end well: {second.said[-2000:]}")
        print("| what is lacking | from where on | s | exit code | not as promised |\n|---|---|---|---|---|", flush=True)
        failed = sum(_story(name, stages, before, undisturbed, options) for name, stages in (("disk", DISK), ("memory", MEMORY)))
        forks.close()
    print(f"{failed} not as promised.")
    return int(failed > 0)


def _story(name: str, stages: dict[str, Trap], before: Machine, undisturbed: Machine, options: argparse.Namespace) -> int:
    words = options.only.split(",")
    chosen = {where: trap for where, trap in stages.items() if any(word in f"{name} {where}" for word in words)}
    if not chosen:
        return 0
    failed = 0
    with small_disk(before.data.with_name(name), options.megabytes) as data:
        shutil.copytree(before.data, data, symlinks=True, dirs_exist_ok=True)
        # A process that is forked has memory to spare that was used before, so the one that shall have none begins anew.
        machine = Machine(data, before.settings, forks=before.forks if name == "disk" else None)
        published = data / "published"
        version = current(published)
        known = frozenset(path.name for path in (published / "versions").glob("[!.]*"))
        with Reader(published) as reader:
            for where, trap in chosen.items():
                ended = machine.refresh(trap=trap)
                wrong = wrong_with(ended, shortage.DISK if name == "disk" else shortage.MEMORY)
                wrong += ["something was published"] if current(published) != version else []
                (data / BALLAST).unlink(missing_ok=True)
                failed += bool(wrong)
                if wrong and options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    (options.keep / f"{name} {where}.txt".replace("/", " ")).write_text(ended.said, encoding="utf-8")
                print(f"| {name} | {where} | {ended.seconds:.1f} | {ended.code} | {'; '.join(wrong) or 'none'} |", flush=True)
            rerun = machine.refresh()
        wrong = [f"ended with {rerun.code}: {rerun.said[-500:]}"] if rerun.code else []
        tables, found = (0, []) if wrong else differences(published, undisturbed.data / "published")
        wrong += [*found, *([] if wrong else leftovers(data, known=known)), *reader.wrong[:3]]
        told = f"{tables} tables compared, {reader.looks} looks of a reader: {'; '.join(wrong) or 'none'}"
        print(f"| {name} | *plain rerun, with room* | {rerun.seconds:.1f} | {rerun.code} | {told} |", flush=True)
    return failed + bool(wrong)
