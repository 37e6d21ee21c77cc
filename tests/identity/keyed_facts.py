"""A fact and a KPI beside IdentityProject, so that a night restates what changed hands.

    (record, day it bought on)  ->  marts.orders, marts.kpi_buyers_daily  ->  a published version, the restatements of the next
"""
from __future__ import annotations

from collections.abc import Iterable

import duckdb
from identity_project import FIRST_NIGHT, IdentityProject

from orchestration import exports, restatements, versions


def marts(project: IdentityProject, bought: Iterable[tuple[str, int]]) -> None:
    """A fact whose rows name records, re-keyed by join as the real ones are, and a KPI over it; `bought`: (record, day of October)."""
    orders = ", ".join(f"('o{n}', '{record.replace(':', ':main:', 1)}', date '2026-10-{day}')" for n, (record, day) in enumerate(bought))
    with duckdb.connect(str(project.data / "warehouse.duckdb")) as build:
        for statement in (
            "orders as select order_id, ordered_on, customer_id from intermediate.int_customer_of_profile "
            f"inner join (values {orders}) as told (order_id, profile_id, ordered_on) using (profile_id)",
            "kpi_buyers_daily as select ordered_on as day, count(distinct customer_id) as buyers from marts.orders group by 1",
            "kpi_register as select 'kpi_buyers_daily' as mart, 'buyers' as mart_column, 'buyers' as kpi_id, '' as numerator_column, "
            "'' as denominator_column, 'yes' as additive",
            "restatements as select '' as kpi_id",
        ):
            build.execute(f"create or replace table marts.{statement}")


def version_of(project: IdentityProject) -> versions.Version:
    """What marts() made, as a published version and as the current one."""
    for folder in (versions.folder("v1") / "marts", project.data / "published" / "current" / "marts"):
        folder.mkdir(parents=True)
        with exports.reading() as connection:
            for name in ("orders", "kpi_buyers_daily", "kpi_register"):
                connection.execute(f"copy warehouse.marts.{name} to '{folder / name}.parquet' (format parquet)")
    return versions.Version("v1", FIRST_NIGHT.isoformat(), "r", None, 1, 1, 1, "", {}, LINEAGE.definitions(), FIRST_NIGHT.isoformat())


def restated(before: versions.Version) -> list[tuple[str, str, float, float, str]]:
    with exports.reading() as connection:
        restatements.find(connection, LINEAGE, before, ["marts.orders", "marts.kpi_buyers_daily"], "v2")
        return connection.execute("select kpi_id, period::varchar, old_value, new_value, cause from restated order by all").fetchall()


def node(name: str, above: list[str], **meta: object) -> dict[str, object]:
    return {"unique_id": name, "name": name, "resource_type": "model", "schema": "marts", "config": {"meta": meta}, "raw_code": "",
            "depends_on": {"nodes": above, "macros": []}, "checksum": {"checksum": "1"}}


LINEAGE = restatements.Lineage({"macros": {}, "nodes": {
    "orders": node("orders", [], fact={"key": ["order_id"], "dated_by": "ordered_on"}),
    "kpi_buyers_daily": node("kpi_buyers_daily", ["orders"], grain=["day"])}})
