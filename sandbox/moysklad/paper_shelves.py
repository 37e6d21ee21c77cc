"""The shelves of papers: which receipts, orders, returns exist at a moment, when they last changed, and which lie in the bin.

    World, the shop's recycle bin, a moment  ->  `Shelf` of one kind of document

About one receipt in three hundred was rung up twice by mistake: the second one stands for ten minutes and then lies in the bin. Of one
return in thirty there is a draft besides, which nobody posted: the retailer's own books know nothing of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.moysklad import papers
from sandbox.moysklad.papers import MISTAKE_EVERY, has_draft
from sandbox.moysklad.shelf import Shelf, binned, columns
from sandbox.moysklad.wire import lag, made_id

if TYPE_CHECKING:
    from sandbox.moysklad.shop import Shop

MISTAKE_STANDS = timedelta(minutes=10)
ORDER_MILESTONES = ("confirmed_at", "shipped_at", "received_at", "cancelled_at", "paid_at")


def retaildemand(shop: Shop, now: datetime) -> Shelf:
    """Receipts of the tills, the mistaken second ones included."""
    orders = [order for order in shop.world.rows("orders") if shop.rung_here(order) and order["created_at"] <= now]
    rung = []
    for order in orders:
        made = order["created_at"] + lag(order["order_id"])
        rung.append((order, order["uuid"], order["number"], made, shop.binned_at("retaildemand", order["uuid"], now)))
        if order["order_id"] % MISTAKE_EVERY == 7:
            until = made + MISTAKE_STANDS
            rung.append((order, made_id("mistake", order["uuid"]), f"{order['number']}-2", made, until if until <= now else None))
    rung = [paper for paper in rung if paper[3] <= now]
    changed = [deleted or shop.put_back_at("retaildemand", key, now) or made for _, key, _, made, deleted in rung]

    def record(row: int) -> dict[str, Any]:
        order, key, name, made, deleted = rung[row]
        store = shop.stores[order["store_id"]]
        return papers.receipt(
            order,
            key=key,
            name=name,
            created=made,
            updated=changed[row],
            deleted=deleted,
            lines=len(shop.lines_of(order)),
            agent=shop.agent_of(order),
            store=store["uuid"],
            retail_store=store["retail_store_uuid"],
            cashier=shop.employees.get(order["employee_id"]),
        )

    return Shelf(
        columns(
            id=[p[1] for p in rung],
            name=[p[2] for p in rung],
            moment=[p[0]["created_at"] for p in rung],
            created=[p[3] for p in rung],
            updated=changed,
            deleted=[p[4] for p in rung],
            sum=[p[0]["net_kop"] for p in rung],
            agent=[shop.agent_of(p[0]) for p in rung],
            retailStore=[shop.stores[p[0]["store_id"]]["retail_store_uuid"] for p in rung],
            store=[shop.stores[p[0]["store_id"]]["uuid"] for p in rung],
            externalCode=[p[1].replace("-", "")[:22] for p in rung],
        ),
        record,
    )


def customerorder(shop: Shop, now: datetime) -> Shelf:
    """Mirrors of the online orders."""
    rows = []
    for order in shop.world.rows("orders"):
        if order["kind"] == "online" and (made := order["created_at"] + lag(order["order_id"])) <= now:
            reached = max([made, *(order[column] for column in ORDER_MILESTONES if order[column] and order[column] <= now)])
            put_back = shop.put_back_at("customerorder", order["uuid"], now)
            rows.append((order, made, max(reached, put_back or made), shop.binned_at("customerorder", order["uuid"], now)))

    def record(row: int) -> dict[str, Any]:
        order, made, updated, deleted = rows[row]
        paper = papers.customer_order(
            order,
            created=made,
            updated=deleted or updated,
            now=now,
            lines=len(shop.lines_of(order)),
            agent=shop.agent_of(order),
            store=shop.store_of(order),
            operator=shop.employees.get(order["employee_id"]),
        )
        return binned(paper, deleted)

    return Shelf(
        columns(
            id=[r[0]["uuid"] for r in rows],
            name=[r[0]["number"] for r in rows],
            moment=[r[0]["created_at"] for r in rows],
            created=[r[1] for r in rows],
            updated=[r[3] or r[2] for r in rows],
            deleted=[r[3] for r in rows],
            sum=[r[0]["net_kop"] for r in rows],
            agent=[shop.agent_of(r[0]) for r in rows],
            store=[shop.store_of(r[0]) for r in rows],
            externalCode=[r[0]["external_id"] or r[0]["number"] for r in rows],
        ),
        record,
    )


def demand(shop: Shop, now: datetime) -> Shelf:
    """Shipments of the online orders."""
    online = [order for order in shop.world.rows("orders") if order["kind"] == "online"]
    rows = [order for order in online if order["shipped_at"] and order["shipped_at"] <= now]
    keys = [made_id("demand", order["uuid"]) for order in rows]
    deleted = [shop.binned_at("demand", key, now) for key in keys]

    def record(row: int) -> dict[str, Any]:
        return binned(shop.shipment(rows[row]), deleted[row])

    return Shelf(
        columns(
            id=keys,
            name=[order["number"] for order in rows],
            moment=[order["shipped_at"] for order in rows],
            created=[order["shipped_at"] for order in rows],
            updated=[gone or order["shipped_at"] for order, gone in zip(rows, deleted, strict=True)],
            deleted=deleted,
            sum=[order["net_kop"] for order in rows],
            agent=[shop.agent_of(order) for order in rows],
            store=[shop.store_of(order) for order in rows],
            externalCode=[key[:22] for key in keys],
        ),
        record,
    )


def retailsalesreturn(shop: Shop, now: datetime) -> Shelf:
    """Returns at a till."""
    return _returns_shelf(shop, "retailsalesreturn", "receipt", now)


def salesreturn(shop: Shop, now: datetime) -> Shelf:
    """Returns of online orders."""
    return _returns_shelf(shop, "salesreturn", "online", now)


def _returns_shelf(shop: Shop, kind: str, order_kind: str, now: datetime) -> Shelf:
    rows = []
    for row in shop.world.rows("returns"):
        order = shop.orders[row["order_id"]]
        is_here = order["kind"] == order_kind and (order_kind != "receipt" or shop.rung_here(order))
        if is_here and (made := row["returned_at"] + lag(row["return_id"])) <= now:
            keys = [row["uuid"], *([made_id("draft", row["uuid"])] if has_draft(row["return_id"]) else [])]
            rows += [(row, order, key, made, shop.binned_at(kind, key, now)) for key in keys]

    def record(number: int) -> dict[str, Any]:
        row, order, key, made, deleted = rows[number]
        store = shop.stores.get(row["store_id"], shop.warehouse)
        paper = papers.sales_return(
            kind,
            row,
            order,
            key=key,
            created=made,
            lines=len(shop.world.grouped("return_lines", "return_id").get(row["return_id"], [])),
            agent=shop.agent_of(order),
            store=store["uuid"],
            retail_store=store.get("retail_store_uuid"),
            cashier=shop.employees.get(row["employee_id"]),
            has_basis=kind == "salesreturn" or row["return_id"] % 20 != 0,
            is_posted=key == row["uuid"],
        )
        return binned(paper, deleted)

    return Shelf(
        columns(
            id=[r[2] for r in rows],
            name=[f"{r[0]['return_id']:05d}" for r in rows],
            moment=[r[0]["returned_at"] for r in rows],
            created=[r[3] for r in rows],
            updated=[r[4] or r[3] for r in rows],
            deleted=[r[4] for r in rows],
            sum=[r[0]["amount_kop"] for r in rows],
            agent=[shop.agent_of(r[1]) for r in rows],
            externalCode=[r[2].replace("-", "")[:22] for r in rows],
        ),
        record,
    )
