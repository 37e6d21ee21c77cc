"""A dry run of identity: which customers would merge, split and move, before a night makes them.

    warehouse.duckdb (a copy), published registry  ──►  dbt in a scratch folder  ──►  merges, splits, moves, facts, published numbers

    make identity-diff                        after a steward's decision, another threshold, a mended mapping
    make identity-diff ARGS="--model <version>"   as that model would (`make identity-model ARGS=--list`; `shipped` is the project's own)
    make identity-diff ARGS="--kpis"          builds all marts as well and tells which published numbers would be restated

It builds identity over the records of the last build (with --kpis: over all that is landed) and compares with what is published. Only
the copy is written to. Seeds (decisions of stewards, names, junk) are held to their tests first: what the night refuses, the dry run
refuses in the same words. Exit code 0: no published customer would change; 1: some would; 2: it could not be found out (`make` gives 2).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from ingestion import lock
from ingestion.accounts import read_env_file
from ingestion.lake import data_root
from ingestion.redaction import printable
from orchestration import exports, restatements, versions
from orchestration.dbt import PROJECT, run_dbt, target_dir
from orchestration.explain import QUERIES, Explanation, NoAnswer, bits, explained, table

IDENTITY = ("path:seeds", "path:models/intermediate/customers", "path:models/intermediate/identity", "identity_events", "identity_review")
SHARED = ("lake", "published", "secrets", "dlt")  # read as they are
SCRATCH = ".diff-"
EXPLAINED = 20  # changes told with their reason, of each kind; all of them are counted
# The tests of seeds alone: those of models and numbers are the night's.
SEEDS_TESTED = ("--exclude-resource-type", "unit_test", "--exclude", "resource_type:test,path:models", "resource_type:test,path:tests")
IDLE = jinja2.Template((PROJECT / "tests" / "identity" / "decisions_come_into_force.sql").read_text(encoding="utf-8")).render(
    config=lambda **_: "", ref={"steward_decisions": "seeds.steward_decisions", "identity_registry": "intermediate.identity_registry"}.get)
KINDS = {"merges": "merge into another", "splits": "split: some of their records would get a new id", "moves": "lose records to another"}


class DryRunError(Exception):
    """The dry run could not be made; the text is a sentence. Nothing was changed."""


@dataclass(frozen=True)
class Change:
    """Records of one published customer that would bear another id. `reason` is NULL beyond the first EXPLAINED of a kind."""

    kind: str
    old_customer_id: str
    customer_id: str
    records: int
    profile_id: str
    other_profile_id: str | None
    reason: str = ""


@dataclass(frozen=True)
class Diff:
    """`facts`: table -> (rows of customers that merge, rows of customers that split or lose records: some of these go);
    `events`: decisions that come into force or change nothing; `restated`: KPI -> (published numbers that would move, of these with a
    fact of another customer); None when the marts were not built."""

    customers_before: int
    customers_after: int
    changes: tuple[Change, ...]
    facts: Mapping[str, tuple[int, int]]
    events: tuple[str, ...] = ()
    restated: Mapping[str, tuple[int, int]] | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        return not self.changes

    def lines(self) -> list[str]:
        """The dry run for a terminal."""
        counts = Counter(change.kind for change in self.changes)
        said = [f"Customers: {self.customers_before} published, {self.customers_after} after this build.",
                *(f"{counts[kind]:>7} would {words}" for kind, words in KINDS.items()), *self.notes, *self.events]
        for kind in KINDS:
            some = [change for change in self.changes if change.kind == kind]
            if some:
                rows = [(one.old_customer_id, one.customer_id, one.records, one.profile_id, one.reason) for one in some[:EXPLAINED]]
                said += ["", f"{kind.capitalize()}:", *table(("customer", "becomes" if kind == "merges" else "gives to", "records",
                                                               "for one", "because"), rows)]
                said += [f"… and {len(some) - EXPLAINED} more"] if len(some) > EXPLAINED else []
        if self.facts:
            said += ["", "Published facts of these customers:", *table(
                ("fact", "rows that get another customer", "rows of which some do"), [(name, *rows) for name, rows in self.facts.items()])]
        if self.restated is not None:
            said += ["", "Published numbers that would be restated:", *table(
                ("KPI", "numbers", "with a fact of another customer"), [(kpi, *rows) for kpi, rows in self.restated.items()])]
        return said


def compare(*, model: str | None = None, kpis: bool = False, project: Path = PROJECT, facts: Collection[str] | None = None,
            extra_vars: dict[str, Any] | None = None) -> Diff:
    """Build identity in a scratch folder and compare it with the last publication. Raises DryRunError.

    model: score with this version of the likeness model, or with `shipped`. facts: published tables whose rows are counted; all of the
    project's unless named. extra_vars: as of run_dbt.
    """
    if not exports.warehouse().exists():
        raise DryRunError(f"There is no warehouse under {data_root()} yet, so there is nothing to compare. Run `make refresh`.")
    before, lineage = versions.current(), None
    if facts is None or kpis:
        from orchestration.manifest import manifest

        lineage = restatements.Lineage(manifest())
        facts = lineage.facts if facts is None else facts
    with _scratch(model):
        chosen = [] if kpis else ["--select", *IDENTITY]
        outcome = run_dbt(["build", *chosen, *SEEDS_TESTED], project=project, extra_vars=extra_vars)
        if not outcome.success:
            broken = "; ".join(f"{node.unique_id}: {node.message}" for node in outcome.failed) or outcome.error
            raise DryRunError(f"The build in the scratch folder failed, so nothing can be told; nothing was changed. {broken}")
        with exports.reading() as connection:
            diff = _read(connection, facts)
            return _with_numbers(connection, diff, before, lineage) if kpis and lineage else diff


@contextmanager
def _scratch(model: str | None) -> Iterator[Path]:
    """A data folder with a copy of the warehouse, in force until it is left; everything else in it is the real one's, to be read."""
    real = data_root()
    size, free = exports.warehouse().stat().st_size, shutil.disk_usage(real).free
    if free < 2 * size:
        raise DryRunError(f"A dry run works on a copy of the warehouse ({size >> 20} MB) and there are {free >> 20} MB left beside it.")
    (real / "identity").mkdir(exist_ok=True)
    _sweep(real / "identity")
    with tempfile.TemporaryDirectory(dir=real / "identity", prefix=f"{SCRATCH}{os.getpid()}-") as name:
        scratch = Path(name)
        for shared in SHARED:
            if (real / shared).exists():
                (scratch / shared).symlink_to(real / shared, target_is_directory=True)
        _choose(model, real / "identity" / "model", scratch / "identity" / "model")
        try:
            with lock.refresh_lock(wait_seconds=5, holder="identity-diff, copying the warehouse"):
                for file in real.glob("warehouse.duckdb*"):
                    if file.is_file():  # not the folder into which a build spills
                        shutil.copy(file, scratch)
        except lock.RefreshRunning as running:
            raise DryRunError(str(running)) from None
        parsed = target_dir() / "partial_parse.msgpack"
        if parsed.exists():
            (scratch / "dbt" / "target").mkdir(parents=True)
            shutil.copy(parsed, scratch / "dbt" / "target")
        told = os.environ.get("OMNIMART_DATA")
        os.environ["OMNIMART_DATA"] = str(scratch)
        try:
            yield scratch
        finally:
            os.environ.pop("OMNIMART_DATA") if told is None else os.environ.update(OMNIMART_DATA=told)


def _sweep(folder: Path) -> None:
    """Remove the copies of dry runs that were killed: they know people by name."""
    for left in folder.glob(f"{SCRATCH}*"):
        try:
            os.kill(int(left.name.split("-")[1]), 0)
        except ProcessLookupError:
            shutil.rmtree(left, ignore_errors=True)
        except PermissionError:  # somebody else's, and alive
            continue


def _choose(model: str | None, real: Path, scratch: Path) -> None:
    """The installation's models in the scratch folder, with the asked one in force."""
    scratch.mkdir(parents=True)
    for folder in real.glob("[!.]*/"):
        (scratch / folder.name).symlink_to(folder, target_is_directory=True)
    if model is None and (real / "current").exists():
        shutil.copy(real / "current", scratch)
    elif model not in (None, "shipped"):
        if not (scratch / model).exists():
            known = ", ".join(["shipped", *sorted(folder.name for folder in scratch.iterdir())])
            raise DryRunError(f"There is no model {model} under {real}. There are: {known}.")
        (scratch / "current").write_text(model + "\n", encoding="utf-8")


def _read(connection: duckdb.DuckDBPyConnection, facts: Collection[str]) -> Diff:
    """What the scratch warehouse makes of the published customers."""
    built = connection.table("warehouse.intermediate.identity_registry")
    published = versions.published() / "current"
    registry = published / "history" / "identity_registry.parquet"
    if not registry.exists():
        after = _people(built)
        return Diff(0, after, (), {}, notes=(f"Nothing has been published yet: all {after} customers would be new.",))
    known = connection.read_parquet(str(registry))
    known.create_view("published_registry")  # in memory: the warehouse is read only here too
    connection.execute("use warehouse")
    rows = connection.execute((QUERIES / "identity_moves.sql").read_text(encoding="utf-8")).fetchall()
    changes = [Change(*row) for row in rows]
    told = Counter()
    for number, change in enumerate(changes):
        told[change.kind] += 1
        if told[change.kind] <= EXPLAINED and change.other_profile_id:
            changes[number] = Change(*rows[number], reason=_reason(connection, change))
    events = connection.table("warehouse.marts.identity_events").filter("event_type in ('forced', 'forbidden')").project(
        "event_type, reason")
    past = published / "history" / "identity_events.parquet"
    if past.exists():
        events = events.except_(connection.read_parquet(str(past)).project("event_type, reason"))
    words = tuple(f"Comes into force: {kind}, {reason}" for kind, reason in sorted(events.fetchall()))
    words += tuple(f"Changes nothing: decision {one}, {problem}" for one, _, _, problem in sorted(connection.execute(IDLE).fetchall()))
    return Diff(_people(known), _people(built), tuple(changes), _facts(connection, published / "marts", changes, facts), words)


def _people(registry: duckdb.DuckDBPyRelation) -> int:
    (count,) = registry.filter("is_present").aggregate("count(distinct customer_id)").fetchone() or (0,)
    return count


def _reason(connection: duckdb.DuckDBPyConnection, change: Change) -> str:
    """Why: the weakest link of the chain that ties them now, or what parts them."""
    try:
        told: Explanation = explained(connection, change.profile_id, change.other_profile_id or "")
    except NoAnswer as why:
        return str(why)
    if told.are_one:
        last = max(told.path, key=lambda step: (step.link_type == "probabilistic", -(step.weight or 0)), default=None)
        if last is None:
            return ""
        alike = f", {bits(last.weight)} bits" if last.link_type == "probabilistic" else ""
        with_whom = f" ({last.profile_id} with {last.other_profile_id})" if len(told.path) > 1 else f" as {change.other_profile_id}"
        return f"{last.link_type.replace('_', ' ')}: {last.reason}{alike}{with_whom}"
    against = next((one for kind in ("forbidden", "two people") for one in told.evidence if one.kind == kind), None)
    if against:
        return f"{against.kind}: {against.reason} ({against.profile_id}, {against.other_profile_id})"
    return f"no link ties it to {change.other_profile_id} any more"


def _facts(connection: duckdb.DuckDBPyConnection, marts: Path, changes: list[Change], facts: Collection[str]
           ) -> dict[str, tuple[int, int]]:
    """Rows of published facts of customers that merge away, and of those that lose some of their records."""
    merged = {change.old_customer_id for change in changes if change.kind == "merges"}
    lessened = {change.old_customer_id for change in changes} - merged
    found = {}
    for name in sorted(facts):
        if not (marts / f"{name}.parquet").exists():
            continue
        rows = connection.read_parquet(str(marts / f"{name}.parquet"))
        if "customer_id" in rows.columns:
            counts = tuple(_count(rows, customers) for customers in (merged, lessened))
            if any(counts):
                found[name] = counts
    return found


def _count(rows: duckdb.DuckDBPyRelation, customers: set[str]) -> int:
    if not customers:
        return 0
    wanted = duckdb.ColumnExpression("customer_id").isin(*map(duckdb.ConstantExpression, sorted(customers)))
    (count,) = rows.filter(wanted).aggregate("count(*)").fetchone() or (0,)
    return count


def _with_numbers(connection: duckdb.DuckDBPyConnection, diff: Diff, before: versions.Version | None,
                  lineage: restatements.Lineage) -> Diff:
    """The same with the published numbers that a publication of the scratch warehouse would restate."""
    prints = exports.fingerprints(connection)
    changed = [name for name in prints if not before or prints[name] != before.fingerprints.get(name)]
    connection.execute("use memory")
    restatements.find(connection, lineage, before, changed, "dry run")
    found = connection.table("restated").df()
    rekeyed = found["cause"].str.contains(restatements.MOVES["rekeyed"])
    counts = {kpi: (len(rows), int(rekeyed[rows.index].sum())) for kpi, rows in found.groupby("kpi_id")}
    note = (f"{len(found)} published numbers would be restated, {int(rekeyed.sum())} of them with a fact of another customer; the others "
            "by what was landed since, or by another rule or definition.")
    return Diff(diff.customers_before, diff.customers_after, diff.changes, diff.facts, diff.events, counts, (*diff.notes, note))


def main(arguments: list[str]) -> int:
    """The command line; gives the exit code."""
    asked = argparse.ArgumentParser(prog="make identity-diff", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--model", help="score with this version of the likeness model, or with `shipped`")
    asked.add_argument("--kpis", action="store_true", help="build all marts too, and tell which published numbers would be restated")
    wanted = asked.parse_args(arguments)
    read_env_file()
    try:
        diff = compare(model=wanted.model, kpis=wanted.kpis)
    except (DryRunError, versions.PublishError, duckdb.Error) as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(map(printable, diff.lines())))
    return 0 if diff.is_empty else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
