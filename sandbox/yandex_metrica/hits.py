"""The fields of hits: {name: records -> a text per hit}.

A step to a purchase is a hit of its own with the site's e-commerce object in `ecommerce`; a login is one whose params hold the user id.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sandbox.yandex_metrica import tsv
from sandbox.yandex_metrica.gate import COUNTER_ID
from sandbox.yandex_metrica.visits import MOSCOW

if TYPE_CHECKING:
    from sandbox.yandex_metrica.records import Records

PAGES = frozenset({"page_view", "product_view", "checkout", "purchase"})
ACTIONS = {"product_view": "detail", "cart_add": "add", "cart_remove": "remove"}


def _text(name: str) -> Callable[[Records], list[str]]:
    return lambda records: tsv.texts(records.hits[name].tolist())


def _is(events: frozenset[str], yes: str = "1", no: str = "0") -> Callable[[Records], list[str]]:
    return lambda records: [yes if event in events else no for event in records.hits["event"].tolist()]


def _goals(records: Records) -> list[str]:
    return ["[]" if goal is None else f"[{goal}]" for goal in records.of_hits("goal_id")]


def _params(records: Records) -> list[str]:
    users = records.visits["logged_in_as"].tolist()
    texts = []
    for event, visit in zip(records.hits["event"].tolist(), records.hits["visit"].tolist(), strict=True):
        user = users[visit] if event == "login" and visit >= 0 else None
        texts.append(tsv.text(json.dumps({"__ym": {"user_id": user}}, separators=(",", ":"))) if isinstance(user, str) else "")
    return texts


def _ecommerce(records: Records) -> list[str]:
    pieces = {product: json.dumps({"id": article, "name": name}, ensure_ascii=False, separators=(",", ":"))[:-1]
              for product, (article, name) in records.products.items()}
    texts = []
    for event, product, quantity, price, order in zip(*(records.of_hits(name) for name in (
            "event", "product_id", "quantity", "price_kop", "order_id")), strict=True):
        told = ""
        if event in ACTIONS and product is not None:
            many = "" if quantity is None else f',"quantity":{quantity}'
            cost = "" if price is None else f',"price":{price / 100:g}'
            told = f'[{{"currencyCode":"RUB","{ACTIONS[event]}":{{"products":[{pieces[product]}{cost}{many}}}]}}}}]'
        elif event == "checkout":
            told = '[{"checkout":{"actionField":{"step":1}}}]'
        elif event == "purchase" and order is not None and order in records.orders:
            told = json.dumps([_purchase(records, int(order))], ensure_ascii=False, separators=(",", ":"))
        texts.append(tsv.text(told) if "\\" in told or "'" in told else told)
    return texts


def _purchase(records: Records, order: int) -> dict[str, Any]:
    products = [{"id": records.products[product][0], "name": records.products[product][1], "price": price / 100, "quantity": quantity}
                for product, quantity, price in records.lines.get(order, ())]
    told = records.orders[order]
    field = {"id": told["number"], "revenue": told["kopecks"] / 100}
    return {"currencyCode": "RUB", "purchase": {"actionField": field, "products": products}}


HIT_FIELDS: dict[str, Callable[[Records], list[str]]] = {
    "ym:pv:watchID": _text("watch_id"),
    "ym:pv:counterID": lambda records: [str(COUNTER_ID)] * len(records.hits),
    "ym:pv:clientID": _text("client_id"),
    "ym:pv:date": lambda records: [text[:10] for text in records.column("hits", "ym:pv:dateTime")],
    "ym:pv:dateTime": lambda records: records.stamps(records.hits["happened_at"]),
    "moscow time": lambda records: records.stamps(records.hits["happened_at"], MOSCOW),
    "ym:pv:title": _text("title"),
    "ym:pv:URL": _text("url"),
    "ym:pv:referer": _text("referer"),
    "ym:pv:goalsID": _goals,
    "ym:pv:isPageView": _is(PAGES),
    "ym:pv:artificial": _is(PAGES, yes="0", no="1"),
    "ym:pv:notBounce": lambda records: ["0"] * len(records.hits),
    "ym:pv:ecommerce": _ecommerce,
    "ym:pv:params": _params,
}
