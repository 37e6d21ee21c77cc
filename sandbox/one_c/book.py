"""The back office's books: what every set of objects needs to know of the world, indexed once, and its shelves by moment.

    World, options  ->  `Book.shelf(resource, now)`; sales as they stand after edits, their shifts, partners and cards
"""

import threading
from bisect import bisect_right
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sandbox.one_c import office_papers, registers, things, till_papers
from sandbox.one_c.changes import Edited, Edits
from sandbox.one_c.shelf import Shelf
from sandbox.one_c.wire import NIL, Clock, made_key

if TYPE_CHECKING:
    from sandbox.one_c.configuration import Configuration
    from sandbox.server import Sandbox

SYSTEM, KEPT_DAYS, REPORT = "one_c", "365", "Document_ОтчетОРозничныхПродажах"
ROOMS = (things, till_papers, office_papers, registers)
MOMENTS_KEPT = 2  # the present, and what an exchange plan compares it with


class Book:
    """The books of one sandbox."""

    def __init__(self, sandbox: "Sandbox", configuration: "Configuration") -> None:
        options = sandbox.options
        self.world = sandbox.world
        names = {one.resource: one.name for one in configuration.sets.values()}
        self.report_name, self.places_name = names.get("shift_reports", REPORT), names.get("stores", "Catalog_Склады")
        self.has_flat_costs = options.get("one_c.flat_costs") == "1"
        self.clock = Clock(ZoneInfo(options.get("one_c.time_zone", "Europe/Moscow")))
        self.kept = timedelta(days=float(options.get("one_c.receipts_kept_days", KEPT_DAYS)))
        self._edits = Edits(options.get("one_c.changes", ""))
        self._shelves: dict[datetime, dict[str, Shelf]] = {}
        self._lock = threading.Lock()

    def shelf(self, resource: str, now: datetime) -> Shelf:
        """The set behind our name for it, as it stands at `now` (naive UTC)."""
        with self._lock:
            if now not in self._shelves:
                for old in list(self._shelves)[: 1 - MOMENTS_KEPT]:
                    del self._shelves[old]
                self._shelves[now] = {}
            kept = self._shelves[now]
            if resource not in kept:
                room = next(room for room in ROOMS if hasattr(room, resource))
                kept[resource] = getattr(room, resource)(self, now)
            return kept[resource]

    # --- sales

    def sale(self, order: dict[str, Any], moment: datetime) -> Edited:
        """An order or receipt with the edits made by then; lines struck off for want of stock stay in it, at nothing."""
        return self._edits.of(order, self.world.grouped("order_lines", "order_id").get(order["order_id"], []), moment)

    @cached_property
    def receipts(self) -> list[dict[str, Any]]:
        return [row for row in self.world.rows("orders") if row["kind"] == "receipt"]

    @cached_property
    def online(self) -> list[dict[str, Any]]:
        return [row for row in self.world.rows("orders") if row["kind"] == "online"]

    @cached_property
    def orders(self) -> dict[int, dict[str, Any]]:
        return {row["order_id"]: row for row in self.world.rows("orders")}

    @cached_property
    def products(self) -> dict[int, str]:
        """product_id -> Ref_Key."""
        return {row["product_id"]: made_key("item", row["uuid"]) for row in self.world.rows("products")}

    @cached_property
    def sold_at(self) -> list[tuple[int, str, datetime]]:
        """(product_id, Ref_Key of a place, since when) of what was ever sold."""
        lines = self.world.order_lines[["order_id", "product_id"]].merge(self.world.orders[["order_id", "store_id", "created_at"]])
        first = lines.groupby(["product_id", "store_id"], dropna=False)["created_at"].min().reset_index()
        first = first.astype(object).where(first.notna(), None)
        columns = (first[name].tolist() for name in ("product_id", "store_id", "created_at"))
        found: dict[tuple[int, str], datetime] = {}
        for product_id, store_id, since in zip(*columns, strict=True):
            pair = product_id, self.place(store_id)
            found[pair] = min(found.get(pair, since), since)
        return [(*pair, since) for pair, since in found.items()]

    # --- shifts

    def shift_at(self, store_id: int | None, moment: datetime) -> dict[str, Any] | None:
        """The shift of a store's till at a moment."""
        at = bisect_right(self._openings.get(store_id, []), moment) - 1
        shift = self.world.grouped("shifts", "store_id")[store_id][at] if at >= 0 else None
        return shift if shift and moment <= shift["closed_at"] else None

    @cached_property
    def _openings(self) -> dict[int, list[datetime]]:
        return {store: [shift["opened_at"] for shift in shifts] for store, shifts in self.world.grouped("shifts", "store_id").items()}

    @cached_property
    def shift_of(self) -> dict[int, tuple[dict[str, Any], int]]:
        """order_id of a receipt -> its shift and the receipt's number in it. A receipt without a shift is in none."""
        found, rung = {}, {}
        for order in self.receipts:
            if shift := self.shift_at(order["store_id"], order["created_at"]):
                rung[shift["shift_id"]] = rung.get(shift["shift_id"], 0) + 1
                found[order["order_id"]] = (shift, rung[shift["shift_id"]])
        return found

    @cached_property
    def receipts_of(self) -> dict[int, list[dict[str, Any]]]:
        """shift_id -> its receipts."""
        found: dict[int, list[dict[str, Any]]] = {}
        for order_id, (shift, _) in self.shift_of.items():
            found.setdefault(shift["shift_id"], []).append(self.orders[order_id])
        return found

    # --- who and where

    def place(self, store_id: int | None) -> str:
        """Ref_Key of a store, or of the warehouse that the web shop ships from."""
        known = self._places.get(store_id)
        return known or next((key for number, key in self._places.items() if number >= 1000), NIL)

    def till(self, store_id: int | None) -> str:
        """Ref_Key of a store's till."""
        return made_key("till", store_id) if store_id in self._places else NIL

    def user(self, employee_id: int | None) -> str:
        """Ref_Key of an employee."""
        return self._users.get(employee_id, NIL)

    def partner(self, order: dict[str, Any]) -> str:
        """Ref_Key of the buyer as 1C knows them at the moment of the sale: a firm, or at a till somebody who showed a card."""
        if order["kind"] == "receipt" and order["account_id"] is None and not order["is_b2b"]:
            return NIL
        known = self._companies.get(order["contact_email"]) if order["is_b2b"] else self._partners.get(order["person_id"])
        return known["record_id"] if known and known["created_at"] <= order["created_at"] else NIL

    def card(self, order: dict[str, Any]) -> str:
        """Ref_Key of the card that was shown at the till."""
        key = self.partner(order)
        if key == NIL or order["is_b2b"]:
            return NIL
        number = self._partners[order["person_id"]]["card_number"]
        for change in sorted(self.card_changes.get(key, ()), key=lambda one: one["changed_at"], reverse=True):
            number = change["old_value"] if change["changed_at"] > order["created_at"] else number
        return made_key("card", key, number) if number else NIL

    @cached_property
    def card_changes(self) -> dict[str, list[dict[str, Any]]]:
        """record_id -> the changes of its card's number."""
        found: dict[str, list[dict[str, Any]]] = {}
        for change in self.world.rows("profile_changes"):
            if change["system"] == SYSTEM and change["field"] == "card_number":
                found.setdefault(change["record_id"], []).append(change)
        return found

    @cached_property
    def _places(self) -> dict[int, str]:
        return {row["store_id"]: made_key("place", row["uuid"]) for name in ("stores", "warehouses") for row in self.world.rows(name)}

    @cached_property
    def _users(self) -> dict[int | None, str]:
        return {row["employee_id"]: made_key("user", row["uuid"]) for row in self.world.rows("employees")}

    @cached_property
    def _profiles(self) -> list[dict[str, Any]]:
        return [row for row in self.world.rows("profiles") if row["system"] == SYSTEM]

    @cached_property
    def _partners(self) -> dict[str | None, dict[str, Any]]:
        return {row["person_id"]: row for row in reversed(self._profiles) if row["person_id"]}

    @cached_property
    def _companies(self) -> dict[str | None, dict[str, Any]]:
        mailboxes = {row["company_id"]: row["email"] for row in self.world.rows("companies")}
        return {mailboxes[row["company_id"]]: row for row in self._profiles if row["company_id"] in mailboxes}
