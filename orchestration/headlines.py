"""A dozen figures that a retailer asks for first, read from the published file as any reader would.

published/omnimart.duckdb  ──►  dbt_project/headlines.sql  ──►  lines for the terminal and the run

python -m orchestration.headlines
"""

from __future__ import annotations

import duckdb

from ingestion.accounts import REPOSITORY
from orchestration import versions

FORMATS = {
    "count": lambda value: f"{value:,.0f}".replace(",", " "),
    "money": lambda value: f"{value:,.2f}".replace(",", " "),
    "number": lambda value: f"{value:.2f}",
    "share": lambda value: f"{value:.1%}",
    "small share": lambda value: f"{value:.2%}",
}


def headlines() -> list[tuple[str, float | None, str]]:
    """(name, value, format) of every figure; a value is None when its vendors are absent.

    Raises FileNotFoundError before the first publication.
    """
    published = (versions.published() / "omnimart.duckdb").resolve(strict=True)
    query = (REPOSITORY / "dbt_project" / "headlines.sql").read_text(encoding="utf-8")
    with duckdb.connect(str(published), read_only=True) as connection:
        return [
            (name, None if value is None else float(value), kind) for name, value, kind in connection.execute(query).fetchall()
        ]


def lines() -> list[str]:
    """The figures as aligned lines."""
    found = headlines()
    width = max((len(name) for name, _, _ in found), default=0)
    return [f"{name:<{width}}  {'no data' if value is None else FORMATS[kind](value)}" for name, value, kind in found]


if __name__ == "__main__":
    print("\n".join(lines()))
