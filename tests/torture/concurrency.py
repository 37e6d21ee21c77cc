"""Several at once, as processes of their own: schedulers, a backfill beside the night, Dagster's queue, BI tools beside publications.

    two refreshes at one moment          ──►  one runs, the other says so and does nothing
    a backfill and a load in the night   ──►  they wait; a refresh that begins meanwhile waits for them; no night is lost
    runs launched in Dagster's UI        ──►  queued, one at a time
    five readers, twenty publications    ──►  whole versions, no failure, also of a version that is removed under them

Real `make refresh`, `make backfill`, `make dev` and `python -m ingestion.<vendor>`, on a small world that answers over HTTP. One data
folder goes through all of it.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from unittest import mock

import dagster as dg
import duckdb
from dagster_graphql import DagsterGraphQLClient, DagsterGraphQLClientError

from ingestion.accounts import REPOSITORY
from orchestration import backfill_asset, publish, schedules
from tests.torture.crash import FIRST, WORLD, turn
from tests.torture.machine import Machine, world
from tests.torture.readers import reading
from tests.torture.verdict import leftovers, processes

VENDOR, DAYS = "telphin", ("2026-10-20", "2026-10-26")
REFRESH, BACKFILL = "orchestration.refresh", "orchestration.backfill"
STAMPED = dict.fromkeys(("orders", "order_records", "messages", "tickets", "calls"), "source_system")
PUBLICATIONS, ROLL_BACK_AFTER = 20, (7, 14)
PATIENCE_SECONDS = 1800
POLL_SECONDS = 0.5
CODE_SERVER_SECONDS = 90  # it ends when it has heard nothing for 45


@dataclass
class Command:
    """A command that is running on a machine, and what it has said so far."""

    machine: Machine
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        """Everything so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def says(self, words: str) -> None:
        """Wait until it does. Raises TimeoutError."""
        until = time.monotonic() + PATIENCE_SECONDS
        while words not in self.said:
            if self.process.poll() is not None or time.monotonic() > until:
                raise TimeoutError(f"It never said {words!r}: {self.said[-2000:]}")
            time.sleep(POLL_SECONDS)

    def end(self) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(timeout=PATIENCE_SECONDS)


def begin(machine: Machine, *command: str) -> Command:
    """Start a command of the project on a machine."""
    log = machine.data.with_name(f"{machine.data.name}-{command[0].rpartition('.')[2]}-{time.monotonic_ns()}.log")
    with log.open("wb") as said:
        return Command(machine, subprocess.Popen([sys.executable, "-m", *command], cwd=REPOSITORY, env=machine.environment(),
                                                 stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT), log)


def two_schedulers(machine: Machine) -> tuple[str, list[str]]:
    """Two refreshes at one moment."""
    both = [begin(machine, REFRESH) for _ in range(2)]
    codes = [one.end() for one in both]
    refused = [one.said for one in both if "A refresh is already running" in one.said]
    wrong = [] if sorted(codes) == [0, 1] and len(refused) == 1 else [f"exit codes {codes}: {[one.said[-500:] for one in both]}"]
    wrong += ["the one that did nothing left a traceback"] if refused and "Traceback" in refused[0] else []
    runs = run_states(machine)
    wrong += [] if [state for _, state in runs] == ["SUCCESS"] else [f"runs: {runs}"]
    return f"exit codes {sorted(codes)}, {len(runs)} run", wrong


def beside_the_night(machine: Machine) -> tuple[str, list[str]]:
    """A backfill and a load of one vendor, begun in the night; and a refresh begun during that backfill."""
    before = states(machine)
    night = begin(machine, REFRESH)
    night.says("dbt: building staging")
    waiting = [begin(machine, BACKFILL, VENDOR, *DAYS), begin(machine, f"ingestion.{VENDOR}")]
    for one in waiting:
        one.says("A refresh is running on")
    codes = [night.end()]
    after_the_night = states(machine)
    waiting[0].says(f"Reading {VENDOR}")
    next_night = begin(machine, REFRESH)
    next_night.says("this one waits for its end")
    codes += [one.end() for one in (*waiting, next_night)]
    wrong = [] if codes == [0] * 4 else [f"exit codes {codes}: {[one.said[-1500:] for one in (night, *waiting, next_night)]}"]
    runs = spans(machine)
    wrong += [f"{a} and {b} overlap" for a, b in pairwise(runs) if a[1] > b[0]]
    wrong += [] if before != after_the_night else ["the night did not move its place"]
    again = begin(machine, BACKFILL, VENDOR, *DAYS)
    place = states(machine)
    wrong += [] if again.end() == 0 and "Nothing changed; published as before" in again.said else [again.said[-1500:]]
    wrong += [] if states(machine) == place else ["the backfill moved the night's place"]
    return f"{len(codes)} commands waited for one another, all ended with 0; the same backfill again published nothing", wrong


def queued(machine: Machine) -> tuple[str, list[str]]:
    """Two refreshes and a backfill, launched at once through the web server's GraphQL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    known = {run for run, _ in run_states(machine)}
    web = begin(machine, "orchestration.dev", "--port", str(port))
    try:
        client = DagsterGraphQLClient("127.0.0.1", port_number=port)
        config = {"vendor": VENDOR, "first_day": DAYS[0], "last_day": DAYS[1]}
        asked = [(schedules.JOB, {}), (schedules.JOB, {}), (schedules.BACKFILL, {"ops": {backfill_asset.STEP: {"config": config}}})]
        until_up(lambda: client.submit_job_execution(*asked[0][:1], run_config=asked[0][1]), web)
        for job, told in asked[1:]:
            client.submit_job_execution(job, run_config=told)
        most, waited, until = 0, 0, time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            now = [state for run, state in run_states(machine) if run not in known]
            most, waited = max(most, sum(state in ("STARTING", "STARTED") for state in now)), max(waited, now.count("QUEUED"))
            if len(now) == len(asked) and all(state in ("SUCCESS", "FAILURE", "CANCELED") for state in now):
                break
            time.sleep(POLL_SECONDS)
    finally:
        web.process.terminate()
        web.end()
        gone = time.monotonic() + CODE_SERVER_SECONDS
        while processes(machine.data) and time.monotonic() < gone:
            time.sleep(POLL_SECONDS)
    measured = f"{len(asked)} runs, at most {most} at once, {waited} queued"
    return measured, [] if now == ["SUCCESS"] * len(asked) and most == 1 and waited else [f"{now}: {web.said[-2000:]}"]


def readers(machine: Machine) -> tuple[str, list[str]]:
    """Five readers while versions are published and taken back; every record's system in a version is its number."""
    stamp(machine, 0)
    wrong = published(machine)
    with reading(machine.data / "published", STAMPED) as five:
        for number in range(1, PUBLICATIONS + 1):
            stamp(machine, number)
            wrong += published(machine)
            five.let_each_look()
            if number in ROLL_BACK_AFTER:
                wrong += published(machine, "rollback")
                five.let_each_look()
    kept = [path.name for path in (machine.data / "published" / "versions").iterdir()]
    wrong += five.wrong[:3] + ([] if len(five.stamps) == PUBLICATIONS + 1 else [f"versions seen: {sorted(five.stamps)}"])
    wrong += [] if five.outlived else ["no version was removed under a reader"]
    return (f"{PUBLICATIONS} publications, {len(ROLL_BACK_AFTER)} rollbacks, {sum(five.looks)} looks of {len(five.looks)} processes, "
            f"{len(five.wrong)} failed or mixed, {five.outlived} versions removed under a reader, {len(kept)} kept"), wrong


def stamp(machine: Machine, number: int) -> None:
    """Let every table of STAMPED bear a number in every row."""
    with duckdb.connect(str(machine.data / "warehouse.duckdb")) as connection:
        for table, column in STAMPED.items():
            connection.execute(f"update marts.{table} set {column} = ?", [f"{number:03}"])


def published(machine: Machine, *arguments: str) -> list[str]:
    """Publish, or take back, by the function of the command line, which has imported everything already; what is wrong if it refused."""
    with mock.patch.dict(os.environ, machine.environment(), clear=True):
        return [f"publish {arguments} refused"] if publish.main(list(arguments)) else []


def run_to_end(machine: Machine, *command: str) -> list[str]:
    """Run a command that must end with 0; what it said otherwise."""
    one = begin(machine, *command)
    return [] if one.end() == 0 else [one.said[-1000:]]


def run_states(machine: Machine) -> list[tuple[str, str]]:
    """(run, state) of all that Dagster knows, the oldest first."""
    with instance_of(machine) as instance:
        return [(run.run_id, run.status.value) for run in reversed(instance.get_runs())]


def spans(machine: Machine) -> list[tuple[float, float, str]]:
    """(begun, ended, job) of all runs, by when they got the lock."""
    with instance_of(machine) as instance:
        records = instance.get_run_records()
    return sorted((one.start_time, one.end_time or float("inf"), one.dagster_run.job_name) for one in records if one.start_time)


def instance_of(machine: Machine) -> dg.DagsterInstance:
    """The machine's Dagster."""
    return dg.DagsterInstance.from_config(str(machine.data / "dagster"))


def states(machine: Machine) -> dict[str, bytes]:
    """Every file that says where the vendor's next contact reads on."""
    folder = machine.data / "lake" / f"raw_{VENDOR}" / "_dlt_pipeline_state"
    return {path.name: path.read_bytes() for path in folder.glob("*")}


def until_up(ask: Callable[[], object], web: Command) -> None:
    """Ask until the web server and its code location answer."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            ask()
            return
        except (DagsterGraphQLClientError, OSError):
            if time.monotonic() > until or web.process.poll() is not None:
                raise
            time.sleep(POLL_SECONDS)


PARTS = {"two schedulers": two_schedulers, "backfill beside the night": beside_the_night, "Dagster's queue": queued, "readers": readers}


def main(arguments: list[str]) -> int:
    """Run the parts and print what was measured; 1 when anything was not as promised."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture concurrency", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="parts whose name contains one of these words, e.g. 'readers,queue'")
    parser.add_argument("--folder", type=Path, help="work here and leave it")
    options = parser.parse_args(arguments)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="omnimart-concurrency-"))
    failed = 0
    with world(folder / "world", WORLD) as settings:
        turn(settings, FIRST)
        machine = Machine(folder / "data", settings | {"OMNIMART_ALERT_WEBHOOK": ""})
        chosen = {name: part for name, part in PARTS.items() if any(word in name for word in options.only.split(","))}
        if "two schedulers" not in chosen and not (machine.data / "published" / "current").exists():
            run_to_end(machine, REFRESH)
            turn(settings, FIRST + timedelta(days=1))
        print("| what | measured | s | not as promised |\n|---|---|---|---|", flush=True)
        for number, (name, part) in enumerate(chosen.items(), start=1):
            began = time.monotonic()
            measured, wrong = part(machine)
            wrong += [line for line in leftovers(machine.data) if "was never published" not in line]
            failed += bool(wrong)
            print(f"| {name} | {measured} | {time.monotonic() - began:.0f} | {'; '.join(wrong) or 'none'} |", flush=True)
            turn(settings, FIRST + timedelta(days=number + 1))
    if not options.folder:
        shutil.rmtree(folder)
    print(f"{failed} not as promised; load {os.getloadavg()[0]:.0f}.", flush=True)
    return int(failed > 0)
