"""The methods of the seller API: orders, sales, stock, settlement reports, ping.

    World, the clock  ->  `Methods.routes`  ->  the rows that the vendor tells by now
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.wildberries import wire
from sandbox.wildberries.gate import Gate, answer, no_content

if TYPE_CHECKING:
    from sandbox.server import Sandbox

VENDOR = "wildberries"
_MOSCOW = timezone(wire.MOSCOW)
ROW_CAP, MOST_STOCK, MOST_ROWS, MOST_REPORTS = "80000", 250_000, 100_000, 1000
COMES_BACK = timedelta(days=3)
SUMS = {"retailAmountSum": "retail_amount_kop", "forPaySum": "for_pay_kop", "deliveryServiceSum": "delivery_kop",
        "paidStorageSum": "storage_kop", "deductionSum": "deduction_kop", "penaltySum": "penalty_kop",
        "paidAcceptanceSum": "acceptance_kop", "additionalPaymentSum": "correction_kop", "cashbackAmountSum": "points_kop",
        "cashbackCommissionChangeSum": "loyalty_kop", "paymentSchedule": "schedule_kop"}
LIST_BEGINS, ROWS_BEGIN = "2025-01-01", date(2024, 1, 29)


class Methods:
    """The marketplace as one seller sees it."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox, self._world, self._gate = sandbox, sandbox.world, Gate(sandbox)

    def routes(self) -> list[Route]:
        """Every address."""
        return [
            Route("/ping", self._ping),
            Route("/api/v1/supplier/orders", self._asked("orders", "statistics", lambda request, _: self._statistics(request, "orders"))),
            Route("/api/v1/supplier/sales", self._asked("sales", "statistics", lambda request, _: self._statistics(request, "sales"))),
            self._post("/api/analytics/v1/stocks-report/wb-warehouses", "stock", "analytics", self._stock, per_minute=3.0),
            self._post("/api/finance/v1/sales-reports/list", "reports", "finance", self._reports),
            self._post("/api/finance/v1/sales-reports/detailed", "settlements", "finance", self._settlements),
        ]

    def _post(self, path: str, method: str, category: str, reply: Callable[[Request, Any], Response], *, per_minute: float = 1.0) -> Route:
        return Route(path, self._asked(method, category, reply, per_minute=per_minute), methods=["POST"])

    def _asked(self, method: str, category: str, reply: Callable[[Request, Any], Response], *, per_minute: float = 1.0) -> Callable:
        async def admitted(request: Request) -> Response:
            if refused := self._gate.refusal(request, method, category, per_minute=per_minute):
                return refused
            body = None
            if request.method == "POST":
                try:
                    body = msgspec.json.decode(await request.body(), type=dict[str, Any])
                except msgspec.DecodeError:
                    return self._gate.admitted(request, _bad_request("can't decode body"))
            return self._gate.admitted(request, reply(request, body))

        return admitted

    @property
    def _now(self) -> datetime:
        return self._sandbox.now().replace(tzinfo=None)

    def _ping(self, request: Request) -> Response:
        refused = self._gate.refusal(request, "ping", "statistics", per_minute=60.0)
        return refused or answer({"TS": f"{self._now + wire.MOSCOW:%Y-%m-%dT%H:%M:%S}+03:00", "Status": "OK"})

    def _statistics(self, request: Request, resource: str) -> Response:
        given = request.query_params
        if not given.get("dateFrom"):
            return answer({"errors": "dateFrom is required"}, 400)
        try:
            since, flag = datetime.fromisoformat(given["dateFrom"]), int(given.get("flag", "0"))
        except ValueError:
            return answer({"errors": [f"dateFrom: can't parse {given['dateFrom']}"]}, 400)
        since = since.astimezone(_MOSCOW).replace(tzinfo=None) if since.tzinfo else since
        rows = self._orders() if resource == "orders" else self._sales()
        if flag == 1:
            found = [row for row in rows if row["date"][:10] == since.date().isoformat()]
        else:
            changed = [row for row in rows if datetime.fromisoformat(row["lastChangeDate"]) >= since]
            cap = int(self._sandbox.options.get(f"{VENDOR}.row_cap", ROW_CAP))
            found = sorted(changed, key=lambda row: (row["lastChangeDate"], row["srid"]))[:cap]
        return self._rows(resource, "srid" if resource == "orders" else "saleID", found)

    def _rows(self, resource: str, key: str, found: Iterable[dict[str, Any]]) -> Response:
        body = b",".join(self._sandbox.tampering.apply(VENDOR, resource, row[key], row) for row in found)
        return Response(b"[" + body + b"]", media_type="application/json")

    def _orders(self) -> list[dict[str, Any]]:
        now = self._now
        return [wire.order(unit, basket, product, now) for unit, basket, product in self._kept(now)]

    def _sales(self) -> list[dict[str, Any]]:
        now, found = self._now, []
        for unit, basket, product in self._kept(now):
            for moment, is_return in ((unit["sold_at"], False), (unit["returned_at"], True)):
                if moment and wire.told_at(moment) <= now:
                    found.append(wire.sale(unit, basket, product, now, is_return=is_return))
        return found

    def _kept(self, now: datetime) -> list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
        """Units ordered in the last 90 days, with their basket and product."""
        return [(unit, basket, self._products[unit["product_id"]]) for unit in self._world.rows("market_units")
                if now - wire.KEPT <= (basket := self._baskets[unit["market_order_id"]])["ordered_at"]
                and wire.told_at(basket["ordered_at"]) <= now]

    def _stock(self, request: Request, body: dict[str, Any]) -> Response:
        limit, offset = body.get("limit", MOST_STOCK), body.get("offset", 0)
        if not isinstance(limit, int) or not isinstance(offset, int) or not 0 < limit <= MOST_STOCK or offset < 0:
            return _bad_request("limit or offset is out of range")
        now, there, back = self._now, Counter(), Counter()
        for unit in self._world.rows("market_units"):
            if self._baskets[unit["market_order_id"]]["ordered_at"] > now:
                continue
            gone = min((moment for moment in (unit["cancelled_at"], unit["sold_at"]) if moment), default=None)
            there[unit["nm_id"]] += gone is None or gone > now
            turned = unit["cancelled_at"] or unit["returned_at"]
            back[unit["nm_id"]] += turned is not None and turned <= now < turned + COMES_BACK
        listed = sorted(row["nm_id"] for row in self._products.values() if row["nm_id"])
        asked, today = set(body.get("nmIds") or listed), (now + wire.MOSCOW).date()
        items = [wire.stock(nm_id, today, there[nm_id], back[nm_id]) for nm_id in listed if nm_id in asked]
        rows = b",".join(self._sandbox.tampering.apply(VENDOR, "stock", row["nmId"], row) for row in items[offset : offset + limit])
        return Response(b'{"data":{"items":[' + rows + b"]}}", media_type="application/json")

    def _reports(self, request: Request, body: dict[str, Any]) -> Response:
        found = self._published(body)
        if found is None:
            return _bad_request("dateFrom, dateTo or period is missing or unreadable")
        is_daily, totals = body.get("period") == "daily", {}
        touched = {wire.report(row, is_daily=is_daily)["reportId"] for row in found}
        for row in self._published({**body, "dateFrom": wire.NO_DAY, "dateTo": "9999-12-31"}):
            about = wire.report(row, is_daily=is_daily)
            if about["reportId"] not in touched:
                continue
            sums = totals.setdefault(about["reportId"], (about, Counter()))[1]
            for name, column in SUMS.items():
                sums[name] += row[column]
        listed = [
            {"sellerFinanceName": "ООО Омни", **about, **{name: wire.money(sums[name]) for name in SUMS}, "avgSalePercent": 0,
             "cashbackDiscountSum": "0", "bankPaymentSum": wire.money(sums["forPaySum"] - sum(sums[name] for name in list(SUMS)[2:]))}
            for about, sums in totals.values() if about["dateFrom"] >= self._sandbox.options.get(f"{VENDOR}.list_begins", LIST_BEGINS)
        ]
        shown = listed[body.get("offset", 0) :][: min(MOST_REPORTS, body.get("limit", MOST_REPORTS))]
        return self._rows("reports", "reportId", shown) if shown else no_content()

    def _settlements(self, request: Request, body: dict[str, Any]) -> Response:
        found = self._published(body)
        if found is None:
            return _bad_request("dateFrom, dateTo or period is missing or unreadable")
        limit = body.get("limit", MOST_ROWS)
        if not isinstance(limit, int) or not 0 < limit <= MOST_ROWS:
            return _bad_request("limit is out of range")
        shown = [row for row in found if row["row_id"] > body.get("rrdId", 0)][:limit]
        if not shown:
            return no_content()
        records = []
        for row in shown:
            unit = self._units.get(row["srid"])
            basket = unit and self._baskets[unit["market_order_id"]]
            product = self._products.get(row["product_id"]) or (unit and self._products[unit["product_id"]])
            records.append(wire.settlement(row, unit, basket, product, is_daily=body.get("period") == "daily"))
        fields = body.get("fields")
        if fields:
            records = [{name: value for name, value in record.items() if name in fields} for record in records]
        keyed = zip(shown, records, strict=True)
        rows = b",".join(self._sandbox.tampering.apply(VENDOR, "settlements", row["row_id"], record) for row, record in keyed)
        return Response(b"[" + rows + b"]", media_type="application/json")

    def _published(self, body: dict[str, Any]) -> list[dict[str, Any]] | None:
        """The rows of the days asked for whose report is out; None for a question that cannot be read."""
        try:
            since, until = (datetime.fromisoformat(body[name]).date() for name in ("dateFrom", "dateTo"))
        except (KeyError, TypeError, ValueError):
            return None
        is_daily, now = body.get("period", "weekly") == "daily", self._now
        if body.get("period", "weekly") not in ("weekly", "daily"):
            return None
        since = max(since, ROWS_BEGIN)
        return [row for row in self._rows_by_id if since <= row["row_on"] <= until and wire.published_at(row, is_daily=is_daily) <= now]

    @cached_property
    def _rows_by_id(self) -> list[dict[str, Any]]:
        return sorted(self._world.rows("market_settlements"), key=lambda row: row["row_id"])

    @cached_property
    def _baskets(self) -> dict[int, dict[str, Any]]:
        return {row["market_order_id"]: row for row in self._world.rows("market_orders")}

    @cached_property
    def _units(self) -> dict[str, dict[str, Any]]:
        return {row["srid"]: row for row in self._world.rows("market_units")}

    @cached_property
    def _products(self) -> dict[int, dict[str, Any]]:
        return {row["product_id"]: row for row in self._world.rows("products")}


def _bad_request(detail: str) -> Response:
    return answer({"title": "Invalid request body", "detail": detail, "requestId": "fb25c9e9-cae8-52db-b68e-736c1466a3f5",
                   "origin": "open-api"}, 400)
