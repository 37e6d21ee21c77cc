"""How long every KPI takes to build: the limit is a minute at the sandbox's default size.

    a built warehouse, copied ──► dbt run of the KPI models, --repeats times ──► medians on the terminal

    make refresh                                    (a warehouse of the default sandbox, in data/)
    .venv/bin/python -m benchmarks.kpi_build        (of the warehouse in $OMNIMART_DATA; it is copied, never written)

The KPI models are the tables of marts/kpi, what customer_360's value columns rest on, and every intermediate model that
nothing else needs. A run is the whole command: reading the parsed project, building, writing. Tests are not in it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingestion.lake import data_root
from orchestration.dbt import DbtOutcome, run_dbt, target_dir, warehouse

LIMIT_SECONDS = 60


def main(arguments: list[str]) -> int:
    """Print the medians; 1 when the limit is broken or a model fails, 2 when there is no warehouse."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kpi_build", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="how many times everything is built (5)")
    repeats = parser.parse_args(arguments).repeats
    if not warehouse().exists():
        print(f"There is no warehouse at {warehouse()}: run `make refresh` first, or say where in OMNIMART_DATA.", file=sys.stderr)
        return 2
    with _copy_of(data_root()):
        run_dbt(["parse"])
        models = kpi_models(json.loads((target_dir() / "manifest.json").read_text(encoding="utf-8")))
        walls, builds = [], []
        for _ in range(repeats):
            began = time.perf_counter()
            outcome = run_dbt(["run", "--select", *models])
            walls.append(time.perf_counter() - began)
            if not outcome.success:
                print(outcome.error or "\n".join(f"{node.unique_id}: {node.message}" for node in outcome.failed), file=sys.stderr)
                return 1
            builds.append(outcome)
    _report(walls, builds)
    return int(statistics.median(walls) >= LIMIT_SECONDS)


def kpi_models(manifest: dict) -> list[str]:
    """The names of the models that are there for KPIs alone: the KPI marts and all that only they need, sorted."""
    nodes = {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    needed_by: dict[str, set[str]] = {name: set() for name in nodes}
    for name, node in nodes.items():
        for parent in node["depends_on"]["nodes"]:
            if parent in needed_by:
                needed_by[parent].add(name)
    found = {name for name, node in nodes.items() if node["path"].startswith("marts/kpi/")}
    grew = True
    while grew:
        more = {name for name, children in needed_by.items() if children and children <= found} - found
        found |= more
        grew = bool(more)
    return sorted(nodes[name]["name"] for name in found)


@contextmanager
def _copy_of(data: Path) -> Iterator[None]:
    """OMNIMART_DATA is, for a while, a folder with a copy of the warehouse and the same lake; the clock stays the same."""
    with tempfile.TemporaryDirectory(prefix="omnimart-benchmark-") as folder:
        copy = Path(folder)
        shutil.copy2(data / "warehouse.duckdb", copy)
        (copy / "lake").symlink_to((data / "lake").resolve())
        clock_file = data / "sandbox" / "clock"
        before = {name: os.environ.get(name) for name in ("OMNIMART_DATA", "OMNIMART_CLOCK")}
        os.environ["OMNIMART_DATA"] = str(copy)
        if clock_file.exists():
            os.environ.setdefault("OMNIMART_CLOCK", str(clock_file))
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def _report(walls: list[float], builds: list[DbtOutcome]) -> None:
    seconds: dict[str, list[float]] = {}
    for build in builds:
        for node in build.nodes:
            seconds.setdefault(node.unique_id.rsplit(".", 1)[-1], []).append(node.seconds)
    medians = sorted(((statistics.median(taken), name) for name, taken in seconds.items()), reverse=True)
    print(f"{len(medians)} KPI models, built {len(walls)} times on {os.cpu_count()} cores: "
          f"median {statistics.median(walls):.1f} s, from {min(walls):.1f} to {max(walls):.1f} (limit {LIMIT_SECONDS} s).")
    print("The slowest, medians in seconds (two models run at a time):")
    for taken, name in medians[:10]:
        print(f"  {taken:6.2f}  {name}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
