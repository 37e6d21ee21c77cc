"""What telling Dagster's event log costs, with its connections kept (orchestration/event_log.py) and as Dagster has it.

    .venv/bin/python -m benchmarks.event_log [--assets 400] [--repeats 3]

One step that materializes so many assets, run in turn in both ways, each time in a fresh home. Prints wall and CPU seconds of each run and
the ratio of the medians.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from statistics import median

import dagster as dg
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from orchestration import event_log, home

WAYS = {"kept": event_log._connect, "Dagster's own": event_log.OF_DAGSTER}


def job_of(assets: int) -> dg.JobDefinition:
    """A job of one step and so many assets."""
    specs = [dg.AssetSpec(f"asset_{number}") for number in range(assets)]

    @dg.multi_asset(specs=specs, name="step")
    def step():
        for spec in specs:
            yield dg.MaterializeResult(asset_key=spec.key, metadata={"rows": 1})

    return dg.Definitions(assets=[step], jobs=[dg.define_asset_job("job")], loggers={}).resolve_job_def("job")


def measured(job: dg.JobDefinition) -> tuple[float, float]:
    """(wall, CPU) seconds of one run in a fresh home."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OMNIMART_DATA"] = folder
        home.prepare()
        with dg.DagsterInstance.get() as instance:
            wall, cpu = time.monotonic(), _cpu()
            job.execute_in_process(instance=instance)
            return time.monotonic() - wall, _cpu() - cpu


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """The command line."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--assets", type=int, default=400)
    asked.add_argument("--repeats", type=int, default=3)
    options = asked.parse_args()
    job, told = job_of(options.assets), {way: [] for way in WAYS}
    for _ in range(options.repeats):
        for way, connect in WAYS.items():
            SqliteEventLogStorage._connect = connect
            told[way].append(measured(job))
            print(f"{way}: {told[way][-1][0]:.1f} s, CPU {told[way][-1][1]:.1f} s", flush=True)
    for number, what in enumerate(("wall", "CPU")):
        kept, own = (median(run[number] for run in told[way]) for way in WAYS)
        print(f"{what}: {own / kept:.1f} times as long as Dagster has it ({own:.1f} s to {kept:.1f} s, medians of {options.repeats})")


if __name__ == "__main__":
    main()
