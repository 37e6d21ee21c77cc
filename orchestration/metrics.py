"""MetricFlow over the published copy: every KPI as a metric, sliced by the dimensions that it has (semantics.py says which).

    semantic/ (generated models)  ──►  $OMNIMART_DATA/metrics (dbt's root)  ──►  mf  ──►  published/omnimart.duckdb, read only

    make metrics ARGS="query --metrics open_rate --group-by metric_time__month,messaging__channel"
    python -m orchestration.metrics list metrics --search churn

Takes what `mf` takes. `mf` wants its manifest in the folder of the dbt project, so the project is given a root under OMNIMART_DATA,
where plain `mf` may be run as well once this was.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ingestion.accounts import read_env_file
from ingestion.lake import data_root
from orchestration import versions
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
    MetricFlow asks relations, so what is no published table has to be one here."""
    new = root / f"{RELATIONS}.new"
    new.unlink(missing_ok=True)
    published = root / os.environ.get("OMNIMART_PUBLISHED", "../published") / "omnimart.duckdb"
    with duckdb.connect(str(new)) as connection:
        connection.execute(f"attach '{published}' as omnimart (read_only)")
        connection.execute("create schema marts")
        for file in sorted((SEMANTIC / "models").glob("*.sql")):
            config, _, query = file.read_text(encoding="utf-8").partition("\n")
            if config == HERE:
                connection.execute(f"create view marts.{file.stem} as {query}")
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


def main(arguments: list[str]) -> int:
    """Run one command of mf; gives its exit code."""
    read_env_file()
    if not arguments:
        print(__doc__)
        return 2
    try:
        with engine(keep_log=True) as configuration:
            from dbt_metricflow.cli.main import cli

            # Not the whole program: before each command it asks PyPI whether there is a newer one.
            command, rest = cli.commands.get(arguments[0]), arguments[1:]
            if command is None:
                print(f"mf has no command {arguments[0]}; it has {', '.join(sorted(cli.commands))}.", file=sys.stderr)
                return 2
            return command.main(args=rest, prog_name=f"mf {arguments[0]}", obj=configuration, standalone_mode=False) or 0
    except (MetricsError, versions.PublishError) as error:
        print(error, file=sys.stderr)
        return 1
    except SystemExit as ended:
        return int(ended.code or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
