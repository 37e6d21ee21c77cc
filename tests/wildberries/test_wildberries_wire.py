"""The stand-in answers as the seller API does, field by field; where a shape comes from stands in sandbox/wildberries/__init__.py."""

import marketplace
import pytest

from sandbox.wildberries.gate import TOKEN

ORDERS, SALES = "/api/v1/supplier/orders", "/api/v1/supplier/sales"
STOCK = "/api/analytics/v1/stocks-report/wb-warehouses"
REPORTS, DETAILED = "/api/finance/v1/sales-reports/list", "/api/finance/v1/sales-reports/detailed"
ENVELOPE = {"title", "detail", "code", "requestId", "origin", "status", "statusText", "timestamp"}


def test_the_token_goes_as_it_is(market, ask):
    assert ask(market, "/ping").json() == {"TS": "2026-10-31T15:00:00+03:00", "Status": "OK"}
    for token in ("", f"Bearer {TOKEN}", "another"):
        refused = ask(market, ORDERS, token=token, dateFrom="2026-10-01")
        assert (refused.status_code, set(refused.json()), refused.json()["statusText"]) == (401, ENVELOPE, "Unauthorized")


def test_a_token_without_the_category_is_forbidden(serve, ask):
    running = serve(**{"wildberries.categories": "statistics"})
    refused = ask(running, DETAILED, body={"dateFrom": "2026-10-01", "dateTo": "2026-10-31"})
    assert (refused.status_code, set(refused.json()), refused.json()["status"]) == (403, ENVELOPE, 403)
    assert ask(running, ORDERS, dateFrom="2026-10-31").status_code == 200


def test_each_method_has_a_minute_of_its_own(serve, ask):
    running = serve(**{"wildberries.requests_per_minute": "0.01"})  # times the rate of the tests, 100: one a minute
    assert ask(running, ORDERS, dateFrom="2026-10-31").headers["X-Ratelimit-Remaining"] == "0"
    refused = ask(running, ORDERS, dateFrom="2026-10-31")
    assert (refused.status_code, set(refused.json())) == (429, ENVELOPE)
    assert 50 < int(refused.headers["X-Ratelimit-Retry"]) <= 60
    assert refused.headers["X-Ratelimit-Limit"] == "1"
    assert ask(running, SALES, dateFrom="2026-10-31").status_code == 200
    assert [ask(running, STOCK, body={}).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_a_bad_question_is_refused_in_two_shapes(market, ask):
    missing, unreadable = ask(market, ORDERS), ask(market, SALES, dateFrom="yesterday")
    assert (missing.status_code, missing.json()) == (400, {"errors": "dateFrom is required"})
    assert (unreadable.status_code, unreadable.json()) == (400, {"errors": ["dateFrom: can't parse yesterday"]})
    finance = ask(market, DETAILED, body={"dateFrom": "2026-10-01"})
    assert (finance.status_code, set(finance.json())) == (400, {"title", "detail", "requestId", "origin"})


def test_an_order_is_a_unit_with_its_prices_as_numbers(market, ask):
    rows = {row["srid"]: row for row in ask(market, ORDERS, dateFrom="2026-10-28").json()}
    assert rows[f"{156:024d}.0.0"] == {
        "date": "2026-10-30T15:00:00", "lastChangeDate": "2026-10-30T15:00:00", "warehouseName": "Коледино", "warehouseType": "Склад WB",
        "countryName": "Россия", "oblastOkrugName": "Центральный федеральный округ", "regionName": "Москва", "supplierArticle": "OM-3",
        "nmId": 150000303, "barcode": "4600000000039", "category": "Дом", "subject": "Посуда", "brand": "Омни", "techSize": "0",
        "incomeID": 0, "isSupply": False, "isRealization": True, "totalPrice": 1530, "discountPercent": 25, "spp": 10,
        "finishedPrice": 1032.75, "priceWithDisc": 1147.5, "isCancel": False, "cancelDate": "0001-01-01T00:00:00", "sticker": "",
        "gNumber": "770000000156", "srid": f"{156:024d}.0.0",
    }
    cancelled = rows[f"{153:024d}.1.0"]
    assert [cancelled[name] for name in ("date", "isCancel", "cancelDate", "lastChangeDate")] == [
        "2026-10-28T09:00:00", True, "2026-10-28T17:00:00", "2026-10-28T17:00:00"]


def test_what_changed_at_one_half_hour_bears_one_time_and_the_cursor_includes_it(serve, ask):
    running = serve(**{"wildberries.row_cap": "5"})
    first = ask(running, ORDERS, dateFrom="2026-10-20").json()
    times = [row["lastChangeDate"] for row in first]
    assert (len(first), times) == (5, sorted(times))
    again = ask(running, ORDERS, dateFrom=times[-1], flag=0).json()
    assert [row["srid"] for row in again if row["lastChangeDate"] == times[-1]] >= [row["srid"] for row in first if
                                                                                     row["lastChangeDate"] == times[-1]]
    day = ask(running, ORDERS, dateFrom="2026-10-31T12:00:00", flag=1).json()
    assert {row["date"] for row in day} == {"2026-10-31T00:00:00", "2026-10-31T09:00:00"}  # the day's own, in Moscow
    assert ask(running, ORDERS, dateFrom="2026-12-01").json() == []


def test_a_sale_has_no_price_for_half_a_day_and_a_return_bears_a_minus(market, market_world, ask):
    (unit,) = (row for row in market_world.rows("market_units") if row["unit_id"] == 228)  # sold at 15:00 in Moscow on the 30th
    market.sandbox.advance(hours=-16)

    def told():
        (found,) = (row for row in ask(market, SALES, dateFrom="2026-10-29").json() if row["saleID"] == f"S{unit['sale_number']:010d}")
        return found["priceWithDisc"], found["forPay"], found["lastChangeDate"]

    before = told()
    market.sandbox.advance(hours=14)
    after = told()
    assert (before[:2], after[0]) == ((0, 0), unit["price_kop"] / 100)
    assert after[2] > before[2]
    back = [row for row in ask(market, SALES, dateFrom="2026-08-01").json() if row["saleID"].startswith("R") and row["priceWithDisc"]]
    assert back
    assert max(row["priceWithDisc"] for row in back) < 0


def test_orders_older_than_ninety_days_are_gone(market, ask):
    dates = [row["date"] for row in ask(market, ORDERS, dateFrom="2020-01-01").json()]
    assert "2026-08-02T15:00:00" <= min(dates) < "2026-08-03T15:00:00"


def test_stock_lies_in_one_pooled_warehouse(market, ask):
    page = ask(market, STOCK, body={"limit": 3, "offset": 0}).json()
    items = page["data"]["items"]
    assert [(one["warehouseId"], one["warehouseName"]) for one in items] == [(-999999, "Склад WB")] * 3
    rest = ask(market, STOCK, body={"limit": 3, "offset": 3}).json()["data"]["items"]
    assert [one["nmId"] for one in [*items, *rest]] == sorted(card[2] for card in marketplace.CARDS.values())
    assert ask(market, STOCK, body={"limit": 300_000}).status_code == 400


def test_a_report_is_there_on_monday_and_ends_with_nothing(market, market_world, ask):
    week = {"dateFrom": "2026-10-19", "dateTo": "2026-10-25"}
    expected = [row for row in market_world.rows("market_settlements") if str(row["report_id"]) == "320261019"]
    rows = ask(market, DETAILED, body=week).json()
    assert [row["rrdId"] for row in rows] == [row["row_id"] for row in expected]
    assert rows[0]["docTypeName"] in ("Продажа", "")
    assert {type(row["forPay"]) for row in rows} == {str}
    last = ask(market, DETAILED, body={**week, "rrdId": rows[-1]["rrdId"]})
    assert (last.status_code, last.content) == (204, b"")
    assert ask(market, DETAILED, body={"dateFrom": "2026-10-26", "dateTo": "2026-10-31"}).status_code == 204
    market.sandbox.advance(days=2)
    assert ask(market, DETAILED, body={"dateFrom": "2026-10-26", "dateTo": "2026-10-31"}).status_code == 200
    assert ask(market, DETAILED, body={**week, "limit": 2, "fields": ["rrdId", "srid"]}).json()[0].keys() == {"rrdId", "srid"}


@pytest.mark.parametrize("period", ["weekly", "daily"])
def test_the_list_of_reports_tells_their_totals(market, market_world, ask, period):
    asked = {"dateFrom": "2026-10-19", "dateTo": "2026-10-25", "period": period}
    listed = ask(market, REPORTS, body=asked).json()
    rows = [row for row in market_world.rows("market_settlements") if "2026-10-19" <= row["row_on"].isoformat() <= "2026-10-25"]
    paid = sum(map(marketplace.payout_kop, rows))
    assert (len(listed), sum(round(float(one["bankPaymentSum"]) * 100) for one in listed)) == ({"weekly": 1, "daily": 6}[period], paid)
    numbers = {row["reportId"] for row in ask(market, DETAILED, body=asked).json()}
    assert numbers == {one["reportId"] for one in listed}
