"""The published tables as DataFrames, read when they are first asked for, and facts that are not published.

    tables = Tables("omnimart.duckdb")
    tables.orders, tables["orders"]        one row per order
    tables.facts("seeds.holidays")         what a KPI rests on and only the warehouse holds: facts as vendors tell them, never a
                                           flag or a duration made of them
    tables.rules["attribution.window_days"], tables.as_of_on, tables.business_date(tables.tickets.created_at)

Money (every decimal column) is whole kopecks, so that sums are exact and a ratio of money per order wants `/ 100`. Whole numbers and
flags are nullable (Int64, boolean), timestamps are UTC, days are timestamps at midnight.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import yaml

KOPECKS = "DECIMAL(18,2)"
NULLABLE = {"int16": "Int64", "int32": "Int64", "int64": "Int64", "bool": "boolean"}


class Tables:
    """A published file, or the warehouse it is published from; facts come from the `warehouse.duckdb` of the same data folder."""

    def __init__(self, file: Path | str) -> None:
        self._file = Path(file).resolve()
        self._connection = duckdb.connect(str(self._file), read_only=True)
        self._read: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        """The table, for the caller not to change: everybody gets the same one."""
        if name not in self._read:
            self._read[name] = _frame(self._connection, f"marts.{name}", self.types(name))
        return self._read[name]

    def facts(self, name: str) -> pd.DataFrame:
        """A table of the warehouse, `schema.table`, for the caller not to change."""
        if name not in self._read:
            query = "select column_name, data_type from information_schema.columns where table_schema = ? and table_name = ?"
            types = dict(self._warehouse.execute(query, name.split(".")).fetchall())
            self._read[name] = _frame(self._warehouse, name, types)
        return self._read[name]

    @cached_property
    def _warehouse(self) -> duckdb.DuckDBPyConnection:
        found = (folder / "warehouse.duckdb" for folder in self._file.parents)
        return duckdb.connect(str(next(file for file in found if file.exists())), read_only=True)

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def types(self, name: str) -> dict[str, str]:
        """Column -> its type in the file, in the table's own order. Raises KeyError where there is no such table."""
        query = """
            select column_name, data_type from information_schema.columns
            where table_schema = 'marts' and table_name = ? order by ordinal_position
        """
        if found := dict(self._connection.execute(query, [name]).fetchall()):
            return found
        raise KeyError(f"No table marts.{name} in this file.")

    @cached_property
    def rules(self) -> dict[str, Any]:
        """The rules in force, by their dotted names."""
        written = self.parameters[["name", "value"]].itertuples(index=False)
        return {name: yaml.safe_load(value) if value else value for name, value in written}

    @cached_property
    def as_of(self) -> pd.Timestamp:
        """The moment of the refresh, UTC."""
        return self.load_reconciliation.refreshed_at.max()

    @property
    def as_of_on(self) -> pd.Timestamp:
        """The business day of the refresh."""
        return self.business_date(pd.Series([self.as_of])).iloc[0]

    def business_date(self, moments: pd.Series) -> pd.Series:
        """The business day of each moment."""
        local = moments.dt.tz_localize("UTC").dt.tz_convert(self.rules["business.timezone"])
        return local.dt.tz_localize(None).dt.normalize()


def _frame(connection: duckdb.DuckDBPyConnection, name: str, types: dict[str, str]) -> pd.DataFrame:
    columns = []
    for column, data_type in types.items():
        read = {KOPECKS: f'cast("{column}" * 100 as bigint)', "DATE": f'cast("{column}" as timestamp)'}.get(data_type, f'"{column}"')
        columns.append(f'{read} as "{column}"')
    arrow = connection.execute(f"select {', '.join(columns)} from {name}").to_arrow_table()
    nullable = {str(field.type): NULLABLE[str(field.type)] for field in arrow.schema if str(field.type) in NULLABLE}
    return arrow.to_pandas(types_mapper=lambda of: pd.api.types.pandas_dtype(nullable[str(of)]) if str(of) in nullable else None)


def ratio(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """Their quotient, empty where there is nothing to divide by."""
    above, below = numerator.astype("Float64"), denominator.astype("Float64")
    return (above / below.mask(below == 0)).astype("Float64")


def month_of(days: pd.Series) -> pd.Series:
    """The first day of each day's month."""
    return days.dt.to_period("M").dt.to_timestamp()
