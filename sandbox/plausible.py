"""Are the simulated retailer's KPIs those of a retailer? Headline KPIs of a published file beside the ranges that hold in the trade.

    plausible.toml (query over the published marts, low, high, source, wrong formulas), omnimart.duckdb -> Headlines -> a table

A range says what a reader would believe, not what this seed happens to give, so that a formula which is wrong falls outside.
Run alone: `python -m sandbox plausible data/published/omnimart.duckdb`
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

RANGES = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Headline:
    """A KPI, the range it should lie in and where that range is from; `wrong` maps a mistake to the query that makes it.

    A file of fewer than `from_customers` known customers is not judged by it.
    """

    family: str
    name: str
    query: str
    low: float
    high: float
    source: str
    from_customers: int = 0
    wrong: dict[str, str] = field(default_factory=dict, compare=False)

    def holds(self, value: float | None) -> bool:
        """Whether a number is believable; none at all is not."""
        return value is not None and self.low <= value <= self.high

    @property
    def range(self) -> str:
        """As the tables show it."""
        return f"{self.low:g} … {self.high:g}" + (f" (from {self.from_customers} customers)" if self.from_customers else "")


def headlines() -> tuple[Headline, ...]:
    """As plausible.toml lists them."""
    told = tomllib.loads(RANGES.read_text(encoding="utf-8"))["kpi"]
    return tuple(Headline(**one | {"wrong": {error["mistake"]: error["query"] for error in one.get("wrong", ())}}) for one in told)


def measured(published: Path) -> dict[Headline, float | None]:
    """The value of each headline that a published file is judged by."""
    with _opened(published) as marts:
        return {headline: _number(marts, headline.query) for headline in _judged(marts)}


def mistaken(published: Path) -> dict[tuple[Headline, str], float | None]:
    """What each wrong formula gives, by KPI and mistake."""
    with _opened(published) as marts:
        return {(one, mistake): _number(marts, query) for one in _judged(marts) for mistake, query in one.wrong.items()}


def printed(values: dict[Headline, float | None]) -> str:
    """A table in Markdown: family, KPI, range, value and whether it holds, source."""
    lines = ["| family | KPI | plausible | here | source of the range |", "|---|---|---|---|---|"]
    for one, value in values.items():
        here = "none" if value is None else f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}".replace(",", " ")
        lines.append(f"| {one.family} | {one.name} | {one.range} | {here}{'' if one.holds(value) else ' **outside**'} | {one.source} |")
    return "\n".join(lines)


def _opened(published: Path) -> duckdb.DuckDBPyConnection:
    if not published.exists():
        raise ValueError(f"There is no published file {published}; `make refresh` makes one.")
    marts = duckdb.connect(str(published), read_only=True)
    marts.execute("set schema = 'marts'")
    return marts


def _judged(marts: duckdb.DuckDBPyConnection) -> list[Headline]:
    known = _number(marts, "select count(*) from customer_360")
    return [headline for headline in headlines() if known >= headline.from_customers]


def _number(marts: duckdb.DuckDBPyConnection, query: str) -> float | None:
    row = marts.execute(query).fetchone()
    return None if row is None or row[0] is None else float(row[0])
