"""Edits that the back office makes in its own documents alone, as the option `one_c.changes` lists them.

    JSON list of {order_id, at, net_kop?, quantity?, posted?, deletion_mark?, employee_id?}  ->  `Edits.of(order, lines, moment)`

net_kop is the new sum of the document: its first line takes the difference as an automatic discount, or as a higher price where there is
no discount left to take back. quantity is that of the first line, which keeps what it was paid for a piece unless net_kop is told too.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Edited:
    """A sale as 1C holds it at a moment: the order's row, its lines, and the two marks of a document."""

    order: dict[str, Any]
    lines: tuple[dict[str, Any], ...]
    is_posted: bool = True
    is_marked: bool = False


class Edits:
    """The option, read."""

    def __init__(self, text: str) -> None:
        self._by_order: dict[int, list[tuple[datetime, dict[str, Any]]]] = {}
        for one in json.loads(text or "[]"):
            moment = datetime.fromisoformat(one["at"])
            moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
            self._by_order.setdefault(int(one["order_id"]), []).append((moment, one))
        for edits in self._by_order.values():
            edits.sort(key=lambda edit: edit[0])

    def of(self, order: dict[str, Any], lines: list[dict[str, Any]], moment: datetime) -> Edited:
        """The sale with the edits made by `moment` (naive UTC)."""
        sale = Edited(order, tuple(lines))
        for at, edit in self._by_order.get(order["order_id"], ()):
            if at <= moment:
                sale = _with(sale, edit)
        return sale


def _with(sale: Edited, edit: dict[str, Any]) -> Edited:
    order, lines = sale.order, sale.lines
    first = next((number for number, line in enumerate(lines) if not line["is_cancelled"]), None)
    if first is not None and ("quantity" in edit or "net_kop" in edit):
        line = dict(lines[first])
        if "quantity" in edit:
            line = _scaled(line, int(edit["quantity"]))
        if "net_kop" in edit:
            others = sum(one["net_kop"] for number, one in enumerate(lines) if number != first)
            line = _priced(line, int(edit["net_kop"]) - others)
        lines = (*lines[:first], line, *lines[first + 1 :])
        order = {**order, "net_kop": sum(one["net_kop"] for one in lines)}
    if "employee_id" in edit:
        order = {**order, "employee_id": edit["employee_id"]}
    return replace(
        sale,
        order=order,
        lines=lines,
        is_posted=bool(edit.get("posted", sale.is_posted)),
        is_marked=bool(edit.get("deletion_mark", sale.is_marked)),
    )


def _scaled(line: dict[str, Any], quantity: int) -> dict[str, Any]:
    amounts = ("mass_discount_kop", "personal_discount_kop", "promo_discount_kop", "points_discount_kop", "cost_kop")
    scaled = {name: line[name] * quantity // line["quantity"] for name in amounts}
    net = quantity * line["unit_price_kop"] - sum(scaled[name] for name in amounts[:-1])
    return {**line, **scaled, "quantity": quantity, "net_kop": net}


def _priced(line: dict[str, Any], net: int) -> dict[str, Any]:
    named = line["personal_discount_kop"] + line["promo_discount_kop"] + line["points_discount_kop"]
    mass = line["quantity"] * line["unit_price_kop"] - named - net
    if mass >= 0:
        return {**line, "mass_discount_kop": mass, "net_kop": net}
    return {**line, "mass_discount_kop": 0, "unit_price_kop": (net + named) / line["quantity"], "net_kop": net}
