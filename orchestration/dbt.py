"""dbt, run in this process, with everything the models are told from outside.

    rules, clock, lake ──► vars and environment ──► dbtRunner ──► $OMNIMART_DATA/warehouse.duckdb

Alone: `python -m orchestration.dbt build --select staging`. In code: `run_dbt(["build"], refresh_id="…")`. When it returns,
no handle to the warehouse is open, so the same process may read the file.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestion import clock, lake, lock
from ingestion.accounts import REPOSITORY, SettingError, read_env_file
from ingestion.vendors import vendors
from orchestration import business_rules, exports, holders
from orchestration.audits import Finding
from orchestration.economy import economy

PROJECT = REPOSITORY / "dbt_project"
FROM_A_MANIFEST = ("build", "run", "test", "seed", "compile", "show", "list", "ls")
READS_THE_FILE = ("test", "compile", "show", "docs", "source")
WITHOUT_THE_FILE = ("parse", "list", "ls", "deps", "clean", "debug")
SOUND = "sound"  # the generic test that holds a table to its promises (dbt_project/tests/generic)
EACH_REFRESH = ("as_of", "as_of_on", "refresh_id", "accounts")
NOWHERE = "data"  # where the project is parsed as lying: dbt parses it again when the warehouse's path differs, and no file is read


@dataclass(frozen=True)
class NodeOutcome:
    """What became of one node: `unique_id`, `status` (success, error, skipped, pass, fail, warn), message, seconds, failures."""

    unique_id: str
    status: str
    message: str
    seconds: float
    failures: int | None


@dataclass(frozen=True)
class DbtOutcome:
    """A finished dbt command. `success` is dbt's own verdict; `failed` names what errs or fails, `warned` what warns."""

    success: bool
    nodes: tuple[NodeOutcome, ...]
    error: str | None

    @property
    def failed(self) -> tuple[NodeOutcome, ...]:
        return tuple(node for node in self.nodes if node.status in ("error", "fail", "runtime error"))

    @property
    def warned(self) -> tuple[NodeOutcome, ...]:
        return tuple(node for node in self.nodes if node.status == "warn")


def run_dbt(
    args: Sequence[str],
    *,
    refresh_id: str | None = None,
    extra_vars: dict[str, Any] | None = None,
    on_event: Callable[[Any], None] | None = None,
    project: Path = PROJECT,
    quiet: bool = True,
    say: Callable[[str], None] = print,
) -> DbtOutcome:
    """Run one dbt command, such as ["build"]. Never raises for what a model or a test did: read the outcome.

    `on_event` receives dbt's log events (EventMsg; from info up when quiet) as they come. The refresh's moment is ingestion.clock's.
    Where another process has the warehouse file open, the command waits for it and tells `say` whom it waits for.
    """
    if args[0] not in WITHOUT_THE_FILE:
        try:
            holders.wait_until_closed(exports.warehouse(), say=say)
        except holders.FileHeld as held:
            return DbtOutcome(success=False, nodes=(), error=str(held))
    from dbt.cli.main import dbtRunner  # 1.5 s of imports that a program which only lands data need not pay

    if project == PROJECT:
        lake.prepare()  # an empty shelf for every declared resource, so that no model meets a folder without files
    callbacks = [on_event] if on_event else []
    told = dbt_vars(refresh_id=refresh_id) | (extra_vars or {})
    with _environment(), economy(quiet=quiet):
        try:
            # dbt parses everything again when a var differs, and the refresh's moment always does: so the project is parsed
            # without it, from what the last parse left, and only then run with it.
            timeless = {name: value for name, value in told.items() if name not in EACH_REFRESH}
            if args[0] not in FROM_A_MANIFEST:
                with _parsing() if args[0] == "parse" else nullcontext():
                    variables = timeless if args[0] == "parse" else told
                    answer = dbtRunner(callbacks=callbacks).invoke(_command(args, project, variables, quiet=quiet))
            else:
                with _parsing():
                    answer = dbtRunner().invoke(_command(["parse", "--no-write-json"], project, timeless, quiet=True))
                if answer.success:
                    answer = dbtRunner(manifest=answer.result, callbacks=callbacks).invoke(_command(args, project, told, quiet=quiet))
        finally:
            close_handles()
    return DbtOutcome(
        success=answer.success,
        nodes=tuple(_outcomes(getattr(answer.result, "results", None) or [])),
        error=str(answer.exception) or type(answer.exception).__name__ if answer.exception else None,
    )


def _command(args: Sequence[str], project: Path, variables: dict[str, Any], *, quiet: bool) -> list[str]:
    where = ["--project-dir", str(project), "--profiles-dir", str(project)]
    takes_vars = args[0] not in ("deps", "clean", "debug")
    told = ["--vars", json.dumps(variables)] if takes_vars else []
    # dbt's file log tells every statement at its default level, which is a sixth of a build's CPU time.
    return [*(["--quiet"] if quiet else []), "--log-level-file", "info", *args, *where, *told]


def dbt_vars(*, refresh_id: str | None = None, now: datetime | None = None) -> dict[str, Any]:
    """What models may ask for: rules, parameters, as_of (UTC), as_of_on (business day), refresh_id, the
    business time zone, and the accounts that are switched on."""
    rules = business_rules.read()
    moment = (now or clock.now()).astimezone(UTC)
    return {
        "rules": rules.as_vars(),
        "parameters": business_rules.parameters(rules),
        "as_of": moment.strftime("%Y-%m-%d %H:%M:%S"),
        "as_of_on": business_rules.business_day(rules, moment).isoformat(),
        "refresh_id": refresh_id or new_refresh_id(moment),
        "business_timezone": rules.business.timezone,
        "accounts": _accounts_switched_on(),
    }


def _accounts_switched_on() -> list[dict[str, Any]]:
    found = []
    for vendor in vendors():
        try:
            accounts = vendor.accounts()
        except SettingError:  # landing says so, in a sentence; the models are built on what there is
            continue
        hours = round(vendor.freshness.total_seconds() / 3600)
        found += [{"source_system": vendor.name, "source_account": one.name, "freshness_hours": hours} for one in accounts]
    return found


def new_refresh_id(moment: datetime) -> str:
    """The refresh's time, to be read, and four random digits, to be unique: '20261031T230000-4f1a'."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:4]}"


def spilled() -> Path:
    """The folder in which DuckDB keeps what does not fit into memory while the warehouse is open; gigabytes where a build died."""
    return exports.warehouse().with_name(f"{exports.warehouse().name}.tmp")


def target_dir() -> Path:
    """dbt's artifacts (manifest.json, run_results.json)."""
    return lake.data_root() / "dbt" / "target"


def close_handles() -> None:
    """Close every handle that dbt-duckdb keeps: it holds one read-write, which would shut the file to other readers."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import FACTORY

    for adapter in list(FACTORY.adapters.values()):
        adapter.cleanup_connections()
    environment = DuckDBConnectionManager._ENV  # the adapter has no public way to let go of the file
    if environment is not None:
        environment.close()
    DuckDBConnectionManager.close_all_connections()


@contextmanager
def _parsing() -> Iterator[None]:
    """What the project is parsed with: the same wherever the data lies, so that what was parsed for one data folder holds for another."""
    before = os.environ["OMNIMART_DATA"]
    os.environ["OMNIMART_DATA"] = NOWHERE
    try:
        yield
    finally:
        os.environ["OMNIMART_DATA"] = before


@contextmanager
def _environment() -> Iterator[None]:
    """The environment that profiles.yml and the macros read; everything dbt writes goes under OMNIMART_DATA."""
    wanted = {
        "OMNIMART_DATA": str(lake.data_root()),
        "OMNIMART_ROOT": str(REPOSITORY),
        "DBT_TARGET_PATH": str(target_dir()),
        "DBT_LOG_PATH": str(lake.data_root() / "dbt" / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    umask = os.umask(0o077)  # the warehouse knows people by name: it is its owner's alone
    try:
        if exports.warehouse().exists():
            exports.warehouse().chmod(0o600)
        yield
    finally:
        os.umask(umask)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _outcomes(results: Iterable[Any]) -> Iterator[NodeOutcome]:
    for result in results:
        node = getattr(result, "node", None)
        unique_id = getattr(node, "unique_id", None)
        if unique_id:
            told = [result.message or "", *_broken_promises(node, str(result.status))]
            yield NodeOutcome(unique_id, str(result.status), ". ".join(told), result.execution_time or 0.0, result.failures)


def _broken_promises(node: Any, status: str) -> list[str]:
    """Which promises of a table do not hold. dbt only counts the rows of a failed test, so the test is asked once more, by itself."""
    if status not in ("fail", "warn") or getattr(getattr(node, "test_metadata", None), "name", "") != SOUND:
        return []
    from dbt_project.plugins.lend_to_duckdb import register

    with exports.reading() as connection:
        register(connection)
        broken = connection.execute(node.compiled_code).fetchall()
    return ["Broken: " + "; ".join(f"{promise} ({rows} {'row' if rows == 1 else 'rows'})" for promise, rows in broken)]


def main(args: list[str]) -> int:
    """Run dbt for a person at a terminal: what dbt says goes to the terminal as usual. `vars` prints what dbt would be told. A command that
    opens the warehouse file holds the refresh lock, and waits for a night that is under way."""
    read_env_file()
    args = args or ["build"]
    try:
        if args == ["vars"]:
            lake.prepare()
            print(json.dumps(dbt_vars()))
            return 0
        with nullcontext() if args[0] in WITHOUT_THE_FILE else _locked(args):
            if args[0] not in (*WITHOUT_THE_FILE, *READS_THE_FILE):
                _void_audits(args[0])
            outcome = run_dbt(args, quiet=False, say=_say)
    except (business_rules.RuleError, SettingError, lock.RefreshRunning) as error:
        print(error, file=sys.stderr)
        return 2
    if outcome.error:
        print(outcome.error, file=sys.stderr)
    for node in (*outcome.failed, *outcome.warned):
        print(f"{node.unique_id}: {node.message}", file=sys.stderr)
    return 0 if outcome.success else 1


def _void_audits(command: str) -> None:
    """What the newest build's audits found is not true of a warehouse that is changed by hand, so that it is not published by them."""
    from orchestration import audits, gate  # Great Expectations, which a build does not need

    if audits.newest_build():
        audits.record([Finding(gate.BUILD, gate.DBT, False, sentence=f"The warehouse was changed by hand (dbt {command}) after it was "
                               "audited. Have it built and audited whole: `make refresh`, or `make rebuild` without asking a vendor.")])


def _locked(args: Sequence[str]) -> AbstractContextManager[None]:
    return lock.refresh_lock(holder=f"{lock.BUILD}, dbt {args[0]}", waits_for=lock.anybody, say=_say)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
