"""The shelves of people and things: counterparties, products, stores, employees, the bonus ledger, as they stand at a moment.

World, a moment  ->  `Shelf` of one kind of entity
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sandbox.moysklad import entities, ledger, places
from sandbox.moysklad.shelf import Shelf, columns, listed
from sandbox.moysklad.wire import MOSCOW, lag, made_id
from sandbox.world import plain

if TYPE_CHECKING:
    from sandbox.moysklad.shop import Shop

DISCONTINUED_EVERY, DISCONTINUED_AFTER = 61, timedelta(days=300)


def counterparty(shop: Shop, now: datetime) -> Shelf:
    """Buyers as they stood, changes of later days undone. That points move does not change a buyer's `updated`: not documented, chosen."""
    stood = plain(shop.world.profiles_at("moysklad", now), dates=["birth_date"])
    changes = shop.world.profile_changes
    changes = changes[(changes["system"] == "moysklad") & (changes["changed_at"] <= np.datetime64(now, "us"))]
    changed = {key: moment.to_pydatetime() for key, moment in changes.groupby("record_id")["changed_at"].max().items()}
    updated = [max(row["created_at"], changed.get(row["record_id"], row["created_at"])) for row in stood]
    companies = {row["company_id"]: row for row in shop.world.rows("companies")}
    sales: dict[str, int] = {}
    for order in shop.world.rows("orders"):
        if shop.rung_here(order) and order["created_at"] <= now:
            sales[order["ms_record_id"]] = sales.get(order["ms_record_id"], 0) + order["net_kop"]
    points = _balances(shop, now)

    def record(row: int) -> dict[str, Any]:
        profile, key = stood[row], stood[row]["record_id"]
        return entities.counterparty(
            profile,
            updated=updated[row],
            company=companies.get(profile["company_id"]),
            sales_kop=sales.get(key, 0),
            points=points.get(key, 0),
        )

    return Shelf(
        columns(
            id=[row["record_id"] for row in stood],
            name=[row["last_name"] or "" for row in stood],
            phone=[row["phone"] for row in stood],
            email=[row["email"] for row in stood],
            discountCardNumber=[row["card_number"] for row in stood],
            created=[row["created_at"] for row in stood],
            updated=updated,
            archived=[False] * len(stood),
        ),
        record,
    )


def _balances(shop: Shop, now: datetime) -> dict[str, int]:
    """counterparty -> what may be spent by the operations that are here. It is below zero where points were spent that are not here: of
    welcome or of online orders. A few accounts are astray by as much as in the CRM, where their first operation stands."""
    sums: dict[str, int] = {}
    holders: dict[int, str] = {}
    for row in shop.world.rows("loyalty_operations"):
        if row["in_moysklad"] and row["created_at"] + lag(row["operation_id"]) <= now:
            agent = shop.agent_of(shop.orders[row["order_id"]])
            holders.setdefault(row["account_id"], agent)
            waits = row["pending_until"] is not None and midnight(row["pending_until"]) > now
            sums[agent] = sums.get(agent, 0) + (0 if waits else row["points"])
    for row in shop.world.rows("loyalty_accounts"):
        if row["astray_points"] and row["account_id"] in holders:
            sums[holders[row["account_id"]]] += row["astray_points"]
    return sums


def product(shop: Shop, now: datetime) -> Shelf:
    """Products; some are archived after a while."""
    rows = [row for row in shop.world.rows("products") if row["created_at"] <= now]
    ends = [row["created_at"] + DISCONTINUED_AFTER if row["product_id"] % DISCONTINUED_EVERY == 5 else None for row in rows]
    archived = [bool(end and end <= now) for end in ends]
    updated = [end if gone else row["created_at"] for row, end, gone in zip(rows, ends, archived, strict=True)]
    return Shelf(
        columns(
            id=[row["uuid"] for row in rows],
            name=[row["name"] for row in rows],
            article=[row["article"] for row in rows],
            externalCode=[row["external_code"] for row in rows],
            updated=updated,
            archived=archived,
        ),
        lambda number: entities.product(rows[number], updated=updated[number], archived=archived[number]),
    )


def productfolder(shop: Shop, now: datetime) -> Shelf:
    """Groups of products, two levels."""
    pairs = sorted({(row["category"], row["subcategory"]) for row in shop.world.rows("products")})
    folders: list[tuple[str, str | None]] = [*((name, None) for name in dict.fromkeys(pair[0] for pair in pairs)), *pairs]
    records = [entities.product_folder(*folder, updated=shop.world.begins_at) for folder in folders]
    return listed(records, updated=[shop.world.begins_at] * len(records))


def retailstore(shop: Shop, now: datetime) -> Shelf:
    """Points of sale that have opened."""
    rows = [row for row in shop.world.rows("stores") if row["opened_on"] <= now.date()]
    closed = [bool(row["closed_on"] and row["closed_on"] <= now.date()) for row in rows]
    updated = [midnight(row["closed_on"] if gone else row["opened_on"]) for row, gone in zip(rows, closed, strict=True)]
    cashiers = [sum(row["store_id"] == store["store_id"] for row in shop.world.rows("employees")) for store in rows]
    return listed(
        [
            places.retail_store(row, updated=moment, is_open=not gone, cashiers=count)
            for row, moment, gone, count in zip(rows, updated, closed, cashiers, strict=True)
        ],
        updated=updated,
    )


def store(shop: Shop, now: datetime) -> Shelf:
    """Stock places: one for each point of sale, and the warehouses."""
    shops = [row for row in shop.world.rows("stores") if row["opened_on"] <= now.date()]
    rows = [*shops, *shop.world.rows("warehouses")]
    updated = [midnight(row["opened_on"]) if row in shops else shop.world.begins_at for row in rows]
    told = [{**row, "closed_on": None} if row.get("closed_on") and row["closed_on"] > now.date() else row for row in rows]
    return listed(
        [
            places.store(row, updated=moment, group="Магазины" if "format" in row else "Склады")
            for row, moment in zip(told, updated, strict=True)
        ],
        updated=updated,
    )


def employee(shop: Shop, now: datetime) -> Shelf:
    """Staff hired by now; those who left are archived."""
    rows = [row for row in shop.world.rows("employees") if row["hired_at"] <= now]
    gone = [bool(row["dismissed_at"] and row["dismissed_at"] <= now) for row in rows]
    updated = [row["dismissed_at"] if left else row["hired_at"] for row, left in zip(rows, gone, strict=True)]
    tills = {row["store_id"]: row["retail_store_uuid"] for row in shop.world.rows("stores")}
    return listed(
        [
            places.employee(row, updated=moment, is_dismissed=left, retail_store=tills.get(row["store_id"]))
            for row, moment, left in zip(rows, updated, gone, strict=True)
        ],
        updated=updated,
    )


def saleschannel(shop: Shop, now: datetime) -> Shelf:
    """Where online orders come from."""
    return listed(
        [entities.sales_channel(*channel) for channel in entities.CHANNELS.values()], updated=[entities.BEGINNING] * len(entities.CHANNELS)
    )


def bonusprogram(shop: Shop, now: datetime) -> Shelf:
    """The loyalty programme, when there is one."""
    return listed([entities.bonus_program(shop.world.programme_name)] if len(shop.world.loyalty_accounts) else [], updated=None)


def currency(shop: Shop, now: datetime) -> Shelf:
    """The account's own currency, and one in which nothing is sold unless a test says so."""
    return listed(list(entities.CURRENCIES), updated=None)


def bonustransaction(shop: Shop, now: datetime) -> Shelf:
    """The operations of store receipts; one that waits changes again on its day. Of a few there is a draft besides, which nobody posted."""
    rows = []
    for row in shop.world.rows("loyalty_operations"):
        if row["in_moysklad"] and row["created_at"] <= now:
            order = shop.orders[row["order_id"]]
            active = midnight(row["activates_on"]) if row["activates_on"] and row["points"] > 0 else row["created_at"]
            waits = active > now
            moment = row["created_at"] + lag(row["operation_id"])
            keys = [row["uuid"]] if row["operation_id"] % ledger.DRAFT_EVERY else [row["uuid"], made_id("draft", row["uuid"])]
            rows += [(row, order, max(moment, active) if not waits else moment, waits, key) for key in keys]
    rows = [row for row in rows if row[2] <= now]

    def record(number: int) -> dict[str, Any]:
        row, order, updated, waits, key = rows[number]
        parent = ("retaildemand", order["uuid"])
        if row["return_id"] is not None:
            parent = ("retailsalesreturn", shop.returns[row["return_id"]]["uuid"])
        return ledger.bonus_operation(
            row, key=key, agent=shop.agent_of(order), updated=updated, waits=waits, parent=parent, is_posted=key == row["uuid"]
        )

    return Shelf(
        columns(
            id=[r[4] for r in rows],
            name=[f"{r[0]['operation_id']:06d}" for r in rows],
            moment=[r[0]["created_at"] for r in rows],
            created=[r[0]["created_at"] for r in rows],
            updated=[r[2] for r in rows],
            agent=[shop.agent_of(r[1]) for r in rows],
            bonusValue=[abs(r[0]["points"]) for r in rows],
            transactionType=["EARNING" if r[0]["points"] > 0 else "SPENDING" for r in rows],
        ),
        record,
    )


def midnight(day: date) -> datetime:
    """The beginning of a Moscow day, naive UTC."""
    return pd.Timestamp(day).tz_localize(MOSCOW).tz_convert("UTC").tz_localize(None).to_pydatetime()
