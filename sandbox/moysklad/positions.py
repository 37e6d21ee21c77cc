"""The positions of papers: what was sold or brought back, at which price, with which discount.

    lines of the world  ->  positions (documented members: md/documents/*)

Documented: one `discount` per position, a percentage of its price, whatever made it; `cost` on the wire is for services only. Chosen: the
percentage is sent with full precision, so that price × quantity × (1 − discount / 100) rounds to the exact kopeck; `stock.cost`, asked for
by `fields=stock`, is the cost of the whole position in kopecks (the report on documents: first in, first out, with regard to quantity).
"""

from typing import Any

from sandbox.moysklad.papers import POSITION_KINDS, VAT
from sandbox.moysklad.wire import ACCOUNT_ID, ORIGIN, made_id, reference


def sold_positions(
    kind: str, key: str, lines: list[dict[str, Any]], products: dict[int, dict[str, Any]], *, with_cost: bool
) -> list[dict[str, Any]]:
    """The positions of a receipt, order or shipment."""
    return [
        _position(
            kind,
            key,
            line,
            products[line["product_id"]],
            price=line["unit_price_kop"],
            net=line["net_kop"],
            cost=line["cost_kop"] if with_cost else None,
        )
        for line in lines
    ]


def returned_positions(kind: str, key: str, lines: list[dict[str, Any]], products: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """The positions of a return: what was paid for one piece, with no discount of its own."""
    return [
        _position(kind, key, line, products[line["product_id"]], price=line["net_kop"] / line["quantity"], net=line["net_kop"], cost=None)
        for line in lines
    ]


def _position(
    kind: str, key: str, line: dict[str, Any], product: dict[str, Any], *, price: float, net: int, cost: int | None
) -> dict[str, Any]:
    number = made_id("position", key, line["line_number"])
    gross = price * line["quantity"]
    own = {"href": f"{ORIGIN}/entity/{kind}/{key}/positions/{number}", "type": POSITION_KINDS[kind], "mediaType": "application/json"}
    position = {
        "meta": own,
        "id": number,
        "accountId": ACCOUNT_ID,
        "quantity": float(line["quantity"]),
        "price": float(price),
        "discount": (gross - net) * 100 / gross if gross else 0.0,
        "vat": VAT,
        "vatEnabled": True,
        "assortment": reference("product", product["uuid"]),
    }
    if kind == "customerorder":
        position |= {"shipped": 0.0, "reserve": 0.0}
    if cost is not None:
        position["stock"] = {"cost": float(cost), "quantity": 100.0, "reserve": 0.0, "intransit": 0.0, "available": 100.0}
    return position
