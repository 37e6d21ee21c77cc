"""Ten nights, each of them published; then the warehouse is thrown away and built from the lake alone: are the marts the same?

    world, a day later each night  ──►  python -m orchestration.refresh, ten times  ──►  published
    the world is gone, nobody answers  ──►  python -m orchestration.rebuild  ──►  published anew, or as before

The world changes, deletes and tells late of itself: orders that move on, documents that go to the bin, shifts sent days after;
how many is in the table. The suite's form publishes the first, the second and the tenth night (tests/acceptance/test_days.py).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ingestion.accounts import REPOSITORY
from orchestration import exports
from tests.news import kinds_of_news
from tests.torture.machine import Machine, world
from tests.torture.verdict import differences_of_files, leftovers

WORLD = ("--customers", "200", "--days", "60", "--stores", "4", "--rate", "100", "--option", "moysklad.late_tills=1")


def main(arguments: list[str]) -> int:
    """Print the table; 1 when a night was red, a mart differs or something is left behind."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture days", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=10)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="omnimart-days-") as made:
        return _days(Path(made), options.nights)


def _days(folder: Path, nights: int) -> int:
    wrong, seconds = [], []
    with world(folder / "world", WORLD) as settings:
        machine = Machine(folder / "data", settings).parsed()
        for number in range(nights):
            if number:
                subprocess.run([sys.executable, "-m", "sandbox", "advance"], cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL,
                               env={**os.environ, "OMNIMART_DATA": str(folder / "world")})
            ended = machine.refresh()
            seconds.append(ended.seconds)
            wrong += [f"night {number + 1} ended with {ended.code}: {ended.said[-1000:]}"] if ended.code else []
    published = machine.data / "published"
    before, whole = (published / "current").resolve(), (machine.data / "warehouse.duckdb").stat().st_ino
    os.environ["OMNIMART_DATA"] = str(machine.data)
    news = kinds_of_news(published)
    started = time.monotonic()
    rebuilt = subprocess.run([sys.executable, "-m", "orchestration.rebuild"], cwd=REPOSITORY, env=machine.environment(), text=True,
                             capture_output=True, check=False)
    took = time.monotonic() - started
    if rebuilt.returncode:
        wrong.append(f"the rebuild ended with {rebuilt.returncode}: {rebuilt.stderr[-1000:]}")
    if (machine.data / "warehouse.duckdb").stat().st_ino == whole:
        wrong.append("the warehouse is the old file")
    wrong += [] if (published / "current").resolve() == before else ["the rebuild published another version"]
    # The rebuilt file itself: when nothing changed, what is published is what was published before.
    tables, found = differences_of_files(machine.data / "warehouse.duckdb", before / "omnimart.duckdb", "marts")
    found = [one for one in found if one.split(":")[0].removeprefix("marts.") not in exports.RUN_SCOPED]
    wrong += [*found, *leftovers(machine.data), *(f"no record was {kind}" for kind, count in news.items() if not count)]
    print("| nights | s of the median one | records changed | deleted | told late | rebuild s | tables compared | not as promised |\n"
          "|---|---|---|---|---|---|---|---|")
    median = sorted(seconds)[len(seconds) // 2]
    print(f"| {nights} | {median:.0f} | {news['changed']} | {news['deleted']} | {news['late']} | {took:.0f} | {tables} | "
          f"{'; '.join(wrong) or 'none'} |")
    return int(bool(wrong))
