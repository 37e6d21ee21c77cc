"""How long identity takes for ten million records, beside a peer that does the same, and what a night with 1 % news costs.

    records in bulk ──► identifiers -> membership -> golden record ──► again with news ──► likeness of the news
                   └──► the peer's runner over the same tables, its partition compared with ours

    .venv/bin/python -m benchmarks.identity_scale --profiles 10000000 --peer <folder> --folder <some GB of disk>

The peer is anilkulkarni87/sql-identity-resolution: `--peer` is a copy of it, outside this repository; of it only
sql/duckdb/core/00_ddl_all.sql and idr_run.py are run, as they are. Both sides run alone, one after the other, in processes of
their own, pinned to the same cores (`--cores`). Without `--peer` ours alone is measured. docs/identity.md holds the last figures.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.identity_records import SOURCES, likeness_features, news, records

REPOSITORY = Path(__file__).resolve().parents[1]
PEER_SCRIPTS = Path("sql/duckdb/core")
IDENTIFIER_TYPES = {"email": "EMAIL", "phone": "PHONE", "card": "LOYALTY_ID"}


@dataclass(frozen=True)
class Run:
    """What a process took: wall and CPU seconds, memory at its peak in bytes, and what it printed."""

    wall: float
    cpu: float
    memory: int
    printed: str

    def line(self, name: str, words: str) -> str:
        return f"{name:34} {self.wall:8.1f} s {self.cpu:8.1f} CPU s {self.memory / 1e9:6.2f} GB   {words}"


def main(arguments: list[str]) -> int:
    """Print the table; 1 when the peer's partition is another or the peer is less than ten times slower."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity_scale", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--profiles", type=int, default=1_000_000, help="how many records (1 000 000)")
    parser.add_argument("--peer", type=Path, help="a copy of the peer; without it only ours is measured")
    parser.add_argument("--folder", type=Path, help="where the databases may lie for a while (the system's folder for such)")
    parser.add_argument("--cores", default=",".join(map(str, sorted(os.sched_getaffinity(0)))), help="which cores, as 0,1 (all)")
    asked = parser.parse_args(arguments)
    cores = {int(core) for core in asked.cores.split(",")}
    os.sched_setaffinity(0, cores)
    with tempfile.TemporaryDirectory(prefix="omnimart-identity-", dir=asked.folder) as folder:
        return _measure(Path(folder), asked.profiles, asked.peer, len(cores))


def _measure(folder: Path, profiles: int, peer: Path | None, cores: int) -> int:
    database, tonight = folder / "records.duckdb", folder / "night.duckdb"
    with duckdb.connect(str(database)) as connection:
        records(connection, profiles)
    print(f"{profiles:,} records on {cores} core(s), load before {os.getloadavg()[0]:.1f}", flush=True)
    ours = _ours("golden", database, folder / "answer.duckdb")
    _tell("ours: to the golden record", ours)
    with duckdb.connect(str(tonight)) as connection:
        records(connection, profiles)
        added = news(connection, 0.01)
        likeness_features(connection)
    print(f"a night with {added:,} new records:")
    _tell("ours: to the golden record, anew", _ours("golden", tonight, folder / "tonight.duckdb"))
    _tell("ours: likeness of the news", _ours("likeness", tonight))
    tonight.unlink()
    return int(peer is not None and not _beside(folder, database, peer, ours))


def _beside(folder: Path, database: Path, peer: Path, ours: Run) -> bool:
    theirs = _peer(database, peer)
    with duckdb.connect(str(folder / "answer.duckdb"), read_only=True) as connection:
        connection.execute(f"attach '{database}' as peer (read_only)")
        passes, edges = connection.execute("select lp_iterations, edges_created from peer.idr_out.run_history").fetchone()
        clusters, same = connection.execute("""
            select
                (select count(*) from peer.idr_out.identity_clusters_current),
                (select count(*) from (
                    select distinct mine.cluster_no, theirs.resolved_id
                    from membership as mine
                    inner join peer.idr_out.identity_resolved_membership_current as theirs on mine.profile_id = theirs.entity_key))
        """).fetchone()
    answer = json.loads(ours.printed)
    alike = same == clusters == answer["clusters"]
    print(theirs.line("peer: to the golden record", f"{edges:,} links, {clusters:,} clusters, {passes} passes"))
    print(f"the peer takes {theirs.wall / ours.wall:.1f} times as long, {theirs.cpu / ours.cpu:.1f} times the CPU, "
          f"{theirs.memory / ours.memory:.1f} times the memory; the partition is {'the same' if alike else 'ANOTHER'}", flush=True)
    return alike and theirs.wall >= 10 * ours.wall


def _ours(step: str, *paths: Path) -> Run:
    return run_alone([sys.executable, "-m", "benchmarks.identity_chain", step, *map(str, paths)], REPOSITORY)


def _tell(name: str, run: Run) -> None:
    answer = json.loads(run.printed)
    seconds = answer.pop("seconds")
    print(run.line(name, ", ".join(f"{count:,} {what}" for what, count in answer.items())))
    print(" " * 4 + ", ".join(f"{step} {taken:.1f}" for step, taken in seconds.items()), flush=True)


def _peer(database: Path, peer: Path) -> Run:
    tables = {source.name: (source.table, source.key, {what: column for column, (what, _) in source.columns.items()
                                                       if what in IDENTIFIER_TYPES}) for source in SOURCES}
    return run_peer(database, peer, tables, IDENTIFIER_TYPES)


def run_peer(database: Path, peer: Path, tables: dict[str, tuple[str, str, dict[str, str]]], types: dict[str, str]) -> Run:
    """Tell the peer of the tables as its own scale test does, and run it. `tables`: name -> (table, key, {what: column}); `types`:
    what -> its name for the peer."""
    with duckdb.connect(str(database)) as connection:
        connection.execute((peer / PEER_SCRIPTS / "00_ddl_all.sql").read_text(encoding="utf-8"))
        for place, (name, (table, key, columns)) in enumerate(tables.items(), 1):
            connection.execute("insert into idr_meta.source_table values (?, ?, 'PERSON', ?, 'ts', 0, true)", [name, table, key])
            connection.execute("insert into idr_meta.source values (?, ?, ?, true)", [name, name, place])
            for what, column in columns.items():
                connection.execute("insert into idr_meta.identifier_mapping values (?, ?, ?, false)", [name, types[what], column])
        for place, kind in enumerate(types.values(), 1):
            connection.execute("insert into idr_meta.rule values (?, ?, true, ?, ?, ?, true, true, 10000)",
                               [kind, kind, place, kind, "LOWERCASE" if kind == "EMAIL" else "NONE"])
    return run_alone([sys.executable, str(peer / PEER_SCRIPTS / "idr_run.py"), f"--db={database}", "--run-mode=FULL", "--max-iters=50"],
                     peer)


def run_alone(command: list[str], folder: Path) -> Run:
    """Run a command in a process of its own, in `folder`. Raises SystemExit when it fails."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, text=True)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {printed[-2_000:]}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, printed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
