"""Lends Python's functions to DuckDB; dbt-duckdb loads `Plugin` from here (profiles.yml).

Each function gets whole Arrow arrays and computes every distinct value once. To read, outside dbt, a view that uses one:
`register(connection)`.
"""

from __future__ import annotations

import os

import pyarrow as pa
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection
from duckdb.sqltypes import BIGINT, DOUBLE, VARCHAR

from dbt_project.plugins.attribution import removal_effects_arrow
from dbt_project.plugins.components import parted_components_arrow
from dbt_project.plugins.functions import e164, each_distinct, keyed_hash
from dbt_project.plugins.identity_model import FEATURES, PAIR, WEIGHED_PAIR, model_profiles, model_version, pair_weights_arrow
from dbt_project.plugins.survival import survival_quantile_arrow
from dbt_project.plugins.value_columns import FITTED_RECORD, FORECASTS, fitted_customer_value_arrow

MEMORY_LIMIT = "OMNIMART_MEMORY_LIMIT"  # such as 8GB; DuckDB's own is four fifths of the machine's


class Plugin(BasePlugin):
    """Registers the functions in every DuckDB connection that dbt opens, and sets its time zone and how much memory it may take."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        conn.execute("set global TimeZone = 'UTC'")
        if limit := os.environ.get(MEMORY_LIMIT):
            conn.execute("set global memory_limit = ?", [limit])
        register(conn)


def register(connection: DuckDBPyConnection) -> None:
    """Register the functions in a DuckDB connection of one's own."""
    numbers = connection.list_type(BIGINT)
    # `special`: a text that is no phone number gives NULL, which DuckDB otherwise forbids a function to do.
    for name, function in (("normalize_phone", e164), ("keyed_hash", keyed_hash)):
        connection.create_function(name, each_distinct(function), [VARCHAR], VARCHAR, type="arrow", null_handling="special")
    connection.create_function("parted_components", parted_components_arrow, [*[numbers] * 6, BIGINT], numbers, type="arrow")
    connection.create_function("survival_quantile", survival_quantile_arrow, [numbers, numbers, numbers, DOUBLE, BIGINT], DOUBLE,
                               type="arrow", null_handling="special")
    doubles, texts = connection.list_type(DOUBLE), connection.list_type(VARCHAR)
    connection.create_function("removal_effects", removal_effects_arrow, [texts, texts, doubles], doubles, type="arrow")
    records, asked = (connection.list_type(connection.struct_type(fields)) for fields in (FEATURES, PAIR))
    words = {pa.float64(): DOUBLE, pa.int64(): BIGINT, pa.string(): VARCHAR}
    weighed = connection.list_type(connection.struct_type({field.name: words[field.type] for field in WEIGHED_PAIR}))
    connection.create_function("pair_weights", pair_weights_arrow, [records, asked], weighed, type="arrow")
    connection.create_function("identity_model_version", model_version, [], VARCHAR)
    connection.create_function("identity_model_profiles", model_profiles, [], BIGINT)
    fitted = connection.struct_type({field.name: words[field.type] for field in FITTED_RECORD})
    connection.create_function("fitted_customer_value", fitted_customer_value_arrow, [*[doubles] * 5, DOUBLE], fitted, type="arrow")
    for name, (forecast, columns) in FORECASTS.items():  # `special`: a NULL beside numbers must not hide the numbers
        connection.create_function(name, forecast, [DOUBLE] * columns, DOUBLE, type="arrow", null_handling="special")
