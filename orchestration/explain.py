"""Why two records are one customer, or why they are not: the chain of links between them, as a table and as a picture.

    warehouse.duckdb  ──►  dbt_project/queries/identity_path.sql, identity_obstacles.sql  ──►  table, identity/explain/<a>--<b>.png

    make explain A=<system>:<record> B=<system>:<account>:<record>
    python -m orchestration.explain <the one> <the other>

A record is named `system:account:record`, or `system:record` of the account `main`. It tells what the last build of the warehouse made
of them. Both queries run by hand as well (docs/identity.md). Values are masked; the picture lies under $OMNIMART_DATA.
Exit code 0 when there is an answer, 1 when there is none: no warehouse, one that is being built, or an unknown record.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd

from ingestion.accounts import read_env_file
from ingestion.lake import data_root
from ingestion.redaction import printable
from orchestration import exports

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

QUERIES = Path(__file__).resolve().parent.parent / "dbt_project" / "queries"
SHOWN = 8  # pieces of evidence under a picture; the table tells all
HELD, REFUSED, AGAINST = "#1b6e3c", "#b3261e", ("forbidden", "two people")


class NoAnswer(Exception):
    """The records cannot be explained; the text is a sentence."""


@dataclass(frozen=True)
class Step:
    """A link of the chain. `weight`: how alike the two records are in bits, None where they were not compared, or told nothing in
    common."""

    profile_id: str
    other_profile_id: str
    link_type: str
    reason: str
    weight: float | None
    is_in_force: bool


@dataclass(frozen=True)
class Evidence:
    """What else speaks for or against; `weight` as in Step. `facts`: the names, dates or sexes that differ, as they are written; for the
    terminal alone, since people are known by them."""

    kind: str
    profile_id: str
    other_profile_id: str
    reason: str
    facts: str | None
    weight: float | None


@dataclass(frozen=True)
class Explanation:
    """Two records, the customer of each (None: nobody's), the chain between them, and the rest of the evidence."""

    profile_a: str
    profile_b: str
    customer_a: str | None
    customer_b: str | None
    path: tuple[Step, ...]
    evidence: tuple[Evidence, ...]

    @property
    def are_one(self) -> bool:
        return self.customer_a is not None and self.customer_a == self.customer_b

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        if self.profile_a == self.profile_b:
            return f"It is one and the same record, of customer {self.customer_a}."
        if self.are_one:
            return f"One customer, {self.customer_a}, by {len(self.path)} link{'' if len(self.path) == 1 else 's'}."
        who = " and ".join(customer or "nobody" for customer in (self.customer_a, self.customer_b))
        refused = sum(not step.is_in_force for step in self.path)
        if len(self.path) == 1:
            return f"Two customers, {who}: the link between them is refused."
        if refused:
            return f"Two customers, {who}: of the {len(self.path)} links between them {refused} {'is' if refused == 1 else 'are'} refused."
        return f"Two customers, {who}: no chain of links ties them."


def explain(profile_a: str, profile_b: str) -> Explanation:
    """The explanation of two records of the warehouse as it was built last. Raises NoAnswer."""
    try:
        with exports.reading() as connection:
            return explained(connection, profile_a, profile_b)
    except duckdb.IOException as error:
        if not exports.warehouse().exists():
            raise NoAnswer(f"There is no warehouse under {data_root()} yet, so there are no links. Run `make refresh`.") from None
        raise NoAnswer(f"The warehouse cannot be read now; a refresh may be building it. Ask again when it has ended. ({error})") from None


def explained(connection: duckdb.DuckDBPyConnection, profile_a: str, profile_b: str) -> Explanation:
    """The same over a connection that sees the warehouse as exports.reading() shows it."""
    connection.execute("use warehouse")
    try:
        a, b = (_found(connection, profile) for profile in (profile_a, profile_b))
        bearers = _table(connection, "int_customer_of_profile", profile_id=(a, b))
        path = tuple(Step(**row) for row in _asked(connection, "identity_path", a, b, drop=("step",))) if a != b else ()
        evidence = tuple(Evidence(**row) for row in _asked(connection, "identity_obstacles", a, b)) if a != b else ()
    except duckdb.CatalogException as error:
        raise NoAnswer(f"The warehouse lacks a table that is asked, so an older version built it. Run `make refresh`. ({error})") from None
    of = dict(zip(bearers["profile_id"], bearers["customer_id"], strict=True))
    return Explanation(a, b, of.get(a), of.get(b), path, evidence)


def lines(told: Explanation) -> list[str]:
    """The explanation for a terminal."""
    said = [f"A  {told.profile_a}", f"B  {told.profile_b}", "", told.sentence]
    if told.path:
        said += ["", *table(
            ("record", "with", "link", "reason", "alike, bits", ""),
            [(step.profile_id, step.other_profile_id, step.link_type, step.reason, bits(step.weight), "" if step.is_in_force else "REFUSED")
             for step in told.path])]
    if told.evidence:
        said += ["", "What else speaks for and against:", *table(
            ("evidence", "record", "with", "what", "bits", "which differ"),
            [(one.kind, one.profile_id, one.other_profile_id, one.reason, bits(one.weight), one.facts or "") for one in told.evidence])]
    return said


def bits(weight: float | None) -> str:
    """A weight as people read it."""
    return "" if weight is None else f"{weight:+.1f}"


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Rows under a header, each column as wide as its widest cell."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(header))]
    drawn = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return [drawn[0], "  ".join("-" * width for width in widths if width), *drawn[1:]]


def draw(told: Explanation) -> Figure:
    """The chain from left to right: a box per record, links that hold in green, refused ones dashed in red, the rest below."""
    from matplotlib.figure import Figure

    stops = [told.profile_a, *(step.other_profile_id for step in told.path)] if told.path else [told.profile_a, told.profile_b]
    rest = Counter(f"{one.kind}{': ' + bits(one.weight) + ' bits' if one.weight is not None else ''}: {one.reason}"
                   for one in sorted(told.evidence, key=lambda one: (one.kind not in AGAINST, one.kind)))
    texts = [f"{text}{f' ({count} pairs of records)' if count > 1 else ''}" for text, count in list(rest.items())[:SHOWN]]
    texts += [f"… and {len(rest) - SHOWN} more"] if len(rest) > SHOWN else []
    figure = Figure(figsize=(max(9.0, 3.4 * len(stops)), 2.8 + 0.24 * len(texts)), dpi=110, layout="constrained")
    chain, below = figure.subplots(2, 1, height_ratios=(2.2, 0.3 + 0.24 * len(texts)))
    chain.set(xlim=(-0.5, len(stops) - 0.5), ylim=(-0.7, 0.7))
    for axes in (chain, below):
        axes.axis("off")
    for at, step in enumerate(told.path):
        _link(chain, at, step)
    for at, profile in enumerate(stops):
        system, _, record = profile.partition(":")
        name = record.removeprefix("main:")
        chain.text(at, 0, f"{system}\n{name if len(name) <= 16 else name[:15] + '…'}", ha="center", va="center", fontsize=9,
                   bbox={"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": "#444444"})
    below.text(0.01, 1, "\n".join(texts), ha="left", va="top", fontsize=8, transform=below.transAxes)
    figure.suptitle(told.sentence.replace(": ", ":\n", 1), fontsize=11)
    return figure


def _link(axes: Axes, at: int, step: Step) -> None:
    colour = HELD if step.is_in_force else REFUSED
    axes.annotate("", (at + 1, 0), (at, 0), arrowprops={"arrowstyle": "-", "color": colour, "lw": 2,
                                                        "linestyle": "-" if step.is_in_force else "--"})
    words = step.reason.split(", ")
    reason = "\n".join(", ".join(words[n:n + 2]) for n in range(0, len(words), 2))
    axes.text(at + 0.5, 0.12, f"{step.link_type.replace('_', ' ')}\n{reason}", ha="center", va="bottom", fontsize=8, color=colour)
    told = [*([f"alike: {bits(step.weight)} bits"] if step.weight is not None else []), *([] if step.is_in_force else ["refused"])]
    axes.text(at + 0.5, -0.12, "\n".join(told), ha="center", va="top", fontsize=8, color=colour)


def picture(told: Explanation) -> Path:
    """Draw it into a file of its owner's alone; gives the file."""
    name = "--".join(re.sub(r"[^\w.-]+", "_", profile) for profile in (told.profile_a, told.profile_b))
    path = data_root() / "identity" / "explain" / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draw(told).savefig(path)
    return path


def _found(connection: duckdb.DuckDBPyConnection, profile: str) -> str:
    """The record's full id."""
    system, _, record = profile.partition(":")
    wanted = (profile, f"{system}:main:{record}")
    known = set(_table(connection, "int_identity_clusters", profile_id=wanted)["profile_id"])
    for one in wanted:
        if one in known:
            return one
    gone = _table(connection, "identity_registry", profile_id=wanted)
    for one, customer in zip(gone["profile_id"], gone["customer_id"], strict=True):
        raise NoAnswer(f"{system} shows no record {one} any more (or calls it a test now), so no link leads to it. It was of customer "
                       f"{customer}, whose it is again when it is shown again.")
    raise NoAnswer(f"No record {profile} takes part in identity. A record is named system:account:record, as in int_profiles; tests and "
                   "placeholders belong to nobody.")


def _table(connection: duckdb.DuckDBPyConnection, name: str, **values: Sequence[str]) -> pd.DataFrame:
    """Rows of an intermediate table whose columns hold one of the values."""
    rows = connection.table(f"warehouse.intermediate.{name}")
    for column, wanted in values.items():
        rows = rows.filter(duckdb.ColumnExpression(column).isin(*map(duckdb.ConstantExpression, wanted)))
    return rows.df()


def _asked(connection: duckdb.DuckDBPyConnection, query: str, a: str, b: str, *, drop: Sequence[str] = ()) -> list[dict[str, Any]]:
    connection.execute("set variable profile_a = ?", [a])
    connection.execute("set variable profile_b = ?", [b])
    found = connection.execute((QUERIES / f"{query}.sql").read_text(encoding="utf-8"))
    names = [column for column, *_ in found.description]
    return [{name: value for name, value in zip(names, row, strict=True) if name not in drop} for row in found.fetchall()]


def main(arguments: list[str]) -> int:
    """The command line; gives the exit code."""
    if len(arguments) != 2 or not all(arguments):
        print(__doc__)
        return 1
    read_env_file()
    try:
        told = explain(*arguments)
    except NoAnswer as why:
        print(why, file=sys.stderr)
        return 1
    print("\n".join(map(printable, lines(told))))
    if told.profile_a != told.profile_b:
        print(f"\nAs a picture: {picture(told)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
