"""What a published client (PyPI wildberries-sdk 0.1.177, generated from the vendor's specification) reads from the stand-in: every member
that the specification promises, of the type it promises, or pydantic refuses the answer."""

from decimal import Decimal

import pytest
from wildberries_sdk import analytics, finances, reports

from sandbox.wildberries.gate import TOKEN

WEEK = {"date_from": "2026-10-19", "date_to": "2026-10-25"}


@pytest.fixture
def client(market):
    """client(analytics) -> the API of a part of the client, pointed at the stand-in."""

    def made(part):
        configuration = part.Configuration(host=f"{market.url}/wildberries", ignore_operation_servers=True)
        configuration.api_key["HeaderApiKey"] = TOKEN
        return part.DefaultApi(part.ApiClient(configuration))

    return made


def test_it_reads_orders_and_sales(client, market_world):
    api = client(reports)
    orders = api.get_v1_supplier_orders(date_from="2026-08-01", flag=0)
    units = {row["srid"]: row for row in market_world.rows("market_units")}
    assert {one.srid: (one.price_with_disc, one.total_price) for one in orders} == {
        one.srid: (units[one.srid]["price_kop"] / 100, units[one.srid]["total_price_kop"] / 100) for one in orders}
    sales = api.get_v1_supplier_sales(date_from="2026-08-01")
    numbers = {f"S{row['sale_number']:010d}" for row in units.values() if row["sale_number"]}
    assert {one.sale_id for one in sales if one.sale_id.startswith("S")} <= numbers
    assert {one.sale_id[0] for one in sales} == {"S", "R"}
    assert len(orders) > 100


def test_it_reads_a_settlement_report_to_its_end(client, market_world):
    api = client(finances)
    asked = finances.SalesReportsDetailedReq(**WEEK, limit=3)
    rows = []
    while page := api.post_v1_sales_reports_detailed(asked):
        rows += page
        asked.rrd_id = page[-1].rrd_id
    expected = [row for row in market_world.rows("market_settlements") if str(row["report_id"]) == "320261019"]
    assert [row.rrd_id for row in rows] == [row["row_id"] for row in expected]
    sign = {"Возврат": -1}
    assert sum(sign.get(row.doc_type_name, 1) * Decimal(row.for_pay) for row in rows) * 100 == sum(row["for_pay_kop"] for row in expected)
    (listed,) = api.post_v1_sales_reports_list(finances.SalesReportListReq(**WEEK))
    assert Decimal(listed.for_pay_sum) * 100 == sum(row["for_pay_kop"] for row in expected)


def test_it_reads_the_stock(client):
    told = client(analytics).post_v1_stocks_report_wb_warehouses(analytics.InventoryRequest(limit=10, offset=0))
    assert {(one.warehouse_id, one.warehouse_name) for one in told.data.items} == {(-999999, "Склад WB")}
    assert len(told.data.items) == 4


def test_it_understands_the_refusals(client, market):
    api = client(reports)
    with pytest.raises(reports.ApiException) as bad:
        api.get_v1_supplier_orders(date_from="yesterday")
    assert (bad.value.status, bad.value.data.actual_instance.errors) == (400, ["dateFrom: can't parse yesterday"])
    api.api_client.configuration.api_key["HeaderApiKey"] = "a dead one"
    with pytest.raises(reports.ApiException) as refused:
        api.get_v1_supplier_sales(date_from="2026-10-01")
    assert (refused.value.status, refused.value.data.origin) == (401, "s2s-api-auth-catalog")
