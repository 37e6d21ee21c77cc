"""Lends Python's functions to DuckDB; dbt-duckdb loads `Plugin` from here (profiles.yml).

Each function gets whole Arrow arrays and computes every distinct value once. To read, outside dbt, a view that uses one:
`register(connection)`.
"""

from __future__ import annotations

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection
from duckdb.sqltypes import BIGINT, VARCHAR

from dbt_project.plugins.components import parted_components_arrow
from dbt_project.plugins.functions import e164, each_distinct, keyed_hash


class Plugin(BasePlugin):
    """Registers the functions in every DuckDB connection that dbt opens."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        register(conn)


def register(connection: DuckDBPyConnection) -> None:
    """Register the functions in a DuckDB connection of one's own."""
    numbers = connection.list_type(BIGINT)
    # `special`: a text that is no phone number gives NULL, which DuckDB otherwise forbids a function to do.
    for name, function in (("normalize_phone", e164), ("keyed_hash", keyed_hash)):
        connection.create_function(name, each_distinct(function), [VARCHAR], VARCHAR, type="arrow", null_handling="special")
    connection.create_function("parted_components", parted_components_arrow, [numbers] * 6, numbers, type="arrow")
