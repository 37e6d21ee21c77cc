"""MetricFlow over the published copy: every KPI as a metric, sliced by the dimensions that it has (semantics.py says which).

    semantic/ (generated models)  ──►  $OMNIMART_DATA/metrics (dbt's root)  ──►  mf  ──►  published/omnimart.duckdb, read only

    make metrics ARGS="query --metrics open_rate --group-by metric_time__month,messaging__channel"
    python -m orchestration.metrics list metrics --search churn
    python -m orchestration.metrics list metrics churn_rate

Takes what `mf` takes; the KPIs are listed, and a question without an answer is refused, in the register's words (questions.py). `mf`
wants its manifest in the folder of the dbt project, so the project is given a root under OMNIMART_DATA, where plain `mf` may be run as
well once this was.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import duckdb

from ingestion import rooms
from ingestion.accounts import read_env_file
from ingestion.lake import data_root
from orchestration import register, spreadsheets, versions
from orchestration.questions import Questions
from orchestration.register import PROJECT

if TYPE_CHECKING:
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration

SEMANTIC = PROJECT / "semantic"
FILES = ("dbt_project.yml", "profiles.yml", "models")
RELATIONS = "relations.duckdb"
HERE = "{{ config(database='relations') }}"  # the first line of a model that is a view of ours


class MetricsError(Exception):
    """The metrics cannot be asked; the text is a sentence."""


def prepare() -> Path:
    """dbt's root for the metrics, parsed as the files stand now. Raises MetricsError when dbt refuses them."""
    from dbt.cli.main import dbtRunner

    root = data_root().resolve() / "metrics"
    root.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        link = root / name
        if not link.is_symlink() or link.readlink() != SEMANTIC / name:
            link.unlink(missing_ok=True)
            link.symlink_to(SEMANTIC / name)
    with _inside(root):
        answer = dbtRunner().invoke(["--quiet", "parse"])
        if not answer.success:  # dbt loses its way when metrics of a file it knows are gone
            answer = dbtRunner().invoke(["--quiet", "--no-partial-parse", "parse"])
    if not answer.success:
        raise MetricsError(
            f"dbt could not read the metrics in {SEMANTIC}: {answer.exception}. They are generated: mend the register or the contract of "
            "the mart, and run `.venv/bin/python -m orchestration.register`."
        )
    _relate(root)
    return root


def _relate(root: Path) -> None:
    """Beside the root: views over the published tables for metrics that have fewer dimensions than their mart, or need its missing rows.
    MetricFlow asks relations, so what is no published table has to be one here. Raises MetricsError when an older release published."""
    new = root / f"{RELATIONS}.new"
    new.unlink(missing_ok=True)
    published = root / os.environ.get("OMNIMART_PUBLISHED", "../published") / "omnimart.duckdb"
    with duckdb.connect(str(new)) as connection:
        connection.execute(f"attach {rooms.quoted(published)} as omnimart (read_only)")
        connection.execute("create schema marts")
        for file in sorted((SEMANTIC / "models").glob("*.sql")):
            config, _, query = file.read_text(encoding="utf-8").partition("\n")
            if config == HERE:
                try:
                    connection.execute(f"create view marts.{file.stem} as {query}")
                except (duckdb.BinderException, duckdb.CatalogException) as error:
                    raise MetricsError(
                        f"What is published lacks a table or a column that the metrics in {file.name} need: an older release published "
                        f"it. Run `make refresh`, then ask again. DuckDB says: {str(error).splitlines()[0]}"
                    ) from None
    new.replace(root / RELATIONS)


@contextmanager
def engine(*, keep_log: bool = False) -> Iterator[CLIConfiguration]:
    """MetricFlow set up on what is published now, inside its root; its `mf` answers. With `keep_log`, all of Python's logging goes to
    logs/metricflow.log there. Raises MetricsError before the first publication."""
    if versions.current() is None:
        raise MetricsError(f"Nothing has been published under {versions.published()} yet, so there is nothing to ask. Run `make refresh`.")
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration

    from orchestration.dbt import close_handles

    with _inside(prepare()):
        configuration = CLIConfiguration()
        configuration.setup(configure_file_logging=keep_log)
        try:
            yield configuration
        finally:
            close_handles()


@contextmanager
def _inside(root: Path) -> Iterator[None]:
    """dbt and mf read the folder they stand in; what they write stays there."""
    here, before = Path.cwd(), os.environ.get("DO_NOT_TRACK")
    os.environ["DO_NOT_TRACK"] = "1"
    os.chdir(root)
    try:
        yield
    finally:
        os.chdir(here)
        os.environ.pop("DO_NOT_TRACK") if before is None else os.environ.update(DO_NOT_TRACK=before)


def _list(arguments: list[str]) -> int:
    """The KPIs, or what the named ones say."""
    questions = Questions(register.marts())
    read = argparse.ArgumentParser(prog="list metrics", add_help=False)
    read.add_argument("kpis", nargs="*")
    read.add_argument("--search")
    asked = read.parse_args(arguments)
    print("\n\n".join(questions.description(name) for name in asked.kpis) if asked.kpis else questions.listing(asked.search))
    return 1 if any(name not in questions.kpis for name in asked.kpis) else 0


def refused(configuration: CLIConfiguration, command: click.Command, arguments: list[str]) -> str | None:
    """Why a question of mf has no answer, in the register's words; None where it has one, or where mf has to say why."""
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    if isinstance(command, click.Group):
        named, arguments = arguments[:1], arguments[1:]
        command = command.commands.get(named[0]) if named else None
    if command is None:
        return None
    asked = command.make_context("mf", list(arguments), resilient_parsing=True).params
    metrics, groups, where = (list(asked.get(one) or ()) for one in ("metrics", "group_by", "where"))
    questions = Questions(register.marts())
    told = questions.refusal(metrics, groups, where, helpers=lambda: {metric.name for metric in configuration.semantic_manifest.metrics})
    if told and all(name in questions.kpis for name in metrics):
        try:  # what MetricFlow can plan is never refused
            request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=groups, where_constraints=where or None)
            configuration.mf.explain(request)
        except Exception:  # its own, of many kinds; the register says why
            return told
        return None
    return told


def _kept(configuration: CLIConfiguration) -> list[Any]:
    """The answers that the engine of this configuration gives from now on."""
    answers, query = [], configuration.mf.query

    def asked(*args: Any, **named: Any) -> Any:
        answers.append(query(*args, **named))
        return answers[-1]

    configuration.mf.query = asked
    return answers


def defuse_answer(command: click.Command, arguments: list[str]) -> None:
    """Make the file of `--csv`, if one was asked for, safe to be opened in a spreadsheet: names of campaigns are a vendor's."""
    written = command.make_context("mf", list(arguments), resilient_parsing=True).params.get("csv")
    if written and Path(written).is_file():
        spreadsheets.defuse(Path(written))


def why_empty(command: click.Command, arguments: list[str], answers: list[Any]) -> list[str]:
    """Of the KPIs that an answer leaves empty somewhere: over what they do not add up, in the register's words and both languages."""
    told = []
    for table in (answer.result_df for answer in answers if answer.result_df is not None):
        asked = command.make_context("mf", list(arguments), resilient_parsing=True).params
        questions = Questions(register.marts())
        for place, name in enumerate(table.column_names):
            if any(row[place] is None for row in table.rows):
                told += questions.why_empty(name, list(asked.get("group_by") or ()), list(asked.get("where") or ()))
    return told


def main(arguments: list[str]) -> int:
    """Run one command of mf; gives its exit code."""
    read_env_file()
    if not arguments:
        print(__doc__)
        return 2
    if arguments[:2] == ["list", "metrics"] and "--show-all-dimensions" not in arguments and "--help" not in arguments:
        return _list(arguments[2:])
    if arguments[0] == "list" and {name for kpi in register.kpis() for name in (kpi.kpi_id, kpi.asked_as)} & set(arguments[1:2]):
        return _list(arguments[1:])
    try:
        with engine(keep_log=True) as configuration:
            from dbt_metricflow.cli.main import cli

            # Not the whole program: before each command it asks PyPI whether there is a newer one.
            command, rest = cli.commands.get(arguments[0]), arguments[1:]
            if command is None:
                print(f"mf has no command {arguments[0]}; it has {', '.join(sorted(cli.commands))}.", file=sys.stderr)
                return 2
            if told := refused(configuration, command, rest):
                print(told, file=sys.stderr)
                return 1
            answers = _kept(configuration)
            ended = command.main(args=rest, prog_name=f"mf {arguments[0]}", obj=configuration, standalone_mode=False) or 0
            defuse_answer(command, rest)
            print("".join(f"{line}\n" for line in why_empty(command, rest, answers)), file=sys.stderr, end="")
            return ended
    except (MetricsError, versions.PublishError) as error:
        print(error, file=sys.stderr)
        return 1
    except SystemExit as ended:
        return int(ended.code or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
