"""The fields of visits: {name: records -> a text per visit}.

Money is scaled as documented: goalsPrice by 1 000, productsPrice by 1 000 000, purchaseRevenue by nothing. dateTimeUTC is UTC+3, as its
description says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sandbox.yandex_metrica import tsv
from sandbox.yandex_metrica.attribution import PLACEHOLDER
from sandbox.yandex_metrica.gate import COUNTER_ID

if TYPE_CHECKING:
    from sandbox.yandex_metrica.records import Records

MOSCOW = ZoneInfo("Europe/Moscow")
DEVICES = {"desktop": "1", "phone": "2", "tablet": "3", "tv": "4"}
LONGEST_LIST = 500
# The tag of so many orders tells no revenue.
UNTOLD_REVENUE = 50

Field = Callable[["Records"], list[str]]


def _text(name: str) -> Field:
    return lambda records: tsv.texts(records.visits[name].tolist())


def _flag(name: str) -> Field:
    return lambda records: ["1" if value else "0" for value in records.visits[name].tolist()]


def _same(value: str) -> Field:
    return lambda records: [value] * len(records.visits)


def _days(records: Records) -> list[str]:
    return [text[:10] for text in records.column("visits", "ym:s:dateTime")]


def _duration(records: Records) -> list[str]:
    spent = (records.visits["ended_at"] - records.visits["started_at"]).dt.total_seconds()
    return spent.astype("int64").astype(str).tolist()


def _watches(records: Records) -> list[str]:
    ids, found = records.of_hits("watch_id"), records.hits_of_visits
    return [tsv.numbers(ids[row] for row in found.get(visit, ())[:LONGEST_LIST]) for visit in range(len(records.visits))]


def _goals(one: Callable[[Records, list[int]], str]) -> Field:
    """A field that lists something of every reached goal."""
    def column(records: Records) -> list[str]:
        found = records.goals_of_visits
        return [one(records, found[visit]) if visit in found else "[]" for visit in range(len(records.visits))]
    return column


def _goal_prices(records: Records, rows: list[int]) -> str:
    orders = [records.orders.get(order) for order in _values(records, "order_id", rows)]
    return tsv.numbers(0 if order is None else order["kopecks"] * 10 for order in orders)


def _goal_orders(records: Records, rows: list[int]) -> str:
    orders = [records.orders.get(order) for order in _values(records, "order_id", rows)]
    return tsv.strings("" if order is None else order["number"] for order in orders)


def _values(records: Records, name: str, rows: list[int]) -> list[int | None]:
    values = records.of_hits(name)
    return [values[row] for row in rows]


def _purchases(one: Callable[[Records, list[int], list[int]], str]) -> Field:
    """A field that lists something of every purchase; `one` gets the hits and the orders that they tell."""
    def column(records: Records) -> list[str]:
        found = records.purchases_of_visits
        return [one(records, found[visit], _values(records, "order_id", found[visit])) if visit in found else "[]"
                for visit in range(len(records.visits))]
    return column


def _of_order(value: Callable[[Records, int], str | None], *, is_number: bool = False) -> Field:
    write = tsv.numbers if is_number else tsv.strings
    return _purchases(lambda records, rows, orders: write(value(records, order) for order in orders))


def _of_line(value: Callable[[Records, int, tuple[int, int, int]], str], *, is_number: bool = False) -> Field:
    write = tsv.numbers if is_number else tsv.strings
    return _purchases(lambda records, rows, orders: write(
        value(records, order, line) for order in orders for line in records.lines.get(order, ())))


def _times(records: Records, rows: Iterable[int]) -> str:
    return tsv.strings(records.column("hits", "moscow time")[row] for row in rows)


def _revenue(records: Records, order: int) -> str | None:
    return None if order % UNTOLD_REVENUE == 0 else f"{records.orders[order]['kopecks'] / 100:g}"


VISIT_FIELDS: dict[str, Field] = {
    "ym:s:visitID": _text("visit_id"),
    "ym:s:counterID": _same(str(COUNTER_ID)),
    "ym:s:watchIDs": _watches,
    "ym:s:date": _days,
    "ym:s:dateTime": lambda records: records.stamps(records.visits["started_at"]),
    "ym:s:dateTimeUTC": lambda records: records.stamps(records.visits["started_at"], MOSCOW),
    "ym:s:isNewUser": _flag("is_new_visitor"),
    "ym:s:startURL": _text("landing_url"),
    "ym:s:endURL": _text("end_url"),
    "ym:s:pageViews": lambda records: records.visits["pageviews"].astype(str).tolist(),
    "ym:s:visitDuration": _duration,
    "ym:s:bounce": _flag("is_bounce"),
    "ym:s:regionCity": _text("city"),
    "ym:s:clientID": _text("client_id"),
    "ym:s:deviceCategory": lambda records: [DEVICES.get(device, "1") for device in records.visits["device"].tolist()],
    "ym:s:referer": _text("referer"),
    f"ym:s:{PLACEHOLDER}TrafficSource": _text("traffic_source"),
    f"ym:s:{PLACEHOLDER}UTMSource": _text("utm_source"),
    f"ym:s:{PLACEHOLDER}UTMMedium": _text("utm_medium"),
    f"ym:s:{PLACEHOLDER}UTMCampaign": _text("utm_campaign"),
    f"ym:s:{PLACEHOLDER}UTMContent": _same(""),
    f"ym:s:{PLACEHOLDER}UTMTerm": _same(""),
    f"ym:s:{PLACEHOLDER}Messenger": lambda records: ["[,,,telegram]" if source == "messenger" else "[]"
                                                     for source in records.visits["traffic_source"].tolist()],
    "ym:s:goalsID": _goals(lambda records, rows: tsv.numbers(_values(records, "goal_id", rows))),
    "ym:s:goalsDateTime": _goals(_times),
    "ym:s:goalsPrice": _goals(_goal_prices),
    "ym:s:goalsOrder": _goals(_goal_orders),
    "ym:s:purchaseID": _of_order(lambda records, order: records.orders[order]["number"]),
    "ym:s:purchaseDateTime": _purchases(lambda records, rows, orders: _times(records, rows)),
    "ym:s:purchaseRevenue": _of_order(_revenue, is_number=True),
    "ym:s:purchaseCurrency": _of_order(lambda records, order: records.world.currency),
    "ym:s:purchaseCoupon": _of_order(lambda records, order: records.orders[order]["coupon"]),
    "ym:s:productsPurchaseID": _of_line(lambda records, order, line: records.orders[order]["number"]),
    "ym:s:productsID": _of_line(lambda records, order, line: records.products[line[0]][0]),
    "ym:s:productsName": _of_line(lambda records, order, line: records.products[line[0]][1]),
    "ym:s:productsPrice": _of_line(lambda records, order, line: str(line[2] * 10_000), is_number=True),
    "ym:s:productsQuantity": _of_line(lambda records, order, line: str(line[1]), is_number=True),
}
