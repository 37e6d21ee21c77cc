"""The account as its API sees it: every kind of record at a moment, single records for expanded references, positions of a paper.

World + recycle bin  ->  `Shop.shelf(kind, now)`, `Shop.found(kind, id, now)`, `Shop.positions(kind, id)`
"""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sandbox.moysklad import entities, paper_shelves, papers, positions, thing_shelves
from sandbox.moysklad.papers import MISTAKE_EVERY, has_draft
from sandbox.moysklad.shelf import Shelf
from sandbox.moysklad.wire import made_id
from sandbox.world import World

NEVER = datetime(9999, 1, 1, tzinfo=UTC).replace(tzinfo=None)
DOCUMENTS = ("retaildemand", "customerorder", "demand", "retailsalesreturn", "salesreturn")
ENTITIES = (
    "counterparty",
    "product",
    "productfolder",
    "retailstore",
    "store",
    "employee",
    "saleschannel",
    "bonusprogram",
    "currency",
    "bonustransaction",
)


@dataclass
class Shop:
    """The account as its API sees it. bin: (kind, id) -> when it was put there through the API; late_tills: stores whose receipts are
    here since the loyalty programme began; laid_aside: (kind, id) -> since and until when somebody had it in the bin."""

    world: World
    late_tills: frozenset[int] = frozenset()
    bin: dict[tuple[str, str], datetime] = field(default_factory=dict)
    laid_aside: dict[tuple[str, str], tuple[datetime, datetime]] = field(default_factory=dict)
    _shelves: dict[tuple[str, datetime, int], Shelf] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def shelf(self, kind: str, now: datetime) -> Shelf | None:
        """The shelf as it stands at `now` (naive UTC); None for a kind that we do not serve."""
        if kind not in DOCUMENTS and kind not in ENTITIES:
            return None
        room = paper_shelves if kind in DOCUMENTS else thing_shelves
        key = (kind, now, len(self.bin))
        with self._lock:
            if key not in self._shelves:
                for old in [old for old in self._shelves if old[0] == kind]:
                    del self._shelves[old]
                self._shelves[key] = getattr(room, kind)(self, now)
            return self._shelves[key]

    def binned_at(self, kind: str, key: str, now: datetime) -> datetime | None:
        """Since when a paper is in the bin; None when it is not."""
        since, until = self.laid_aside.get((kind, key), (NEVER, NEVER))
        return since if since <= now < until else self.bin.get((kind, key))

    def put_back_at(self, kind: str, key: str, now: datetime) -> datetime | None:
        """When a paper was taken out of the bin, which is assumed to change it as going there does."""
        _, until = self.laid_aside.get((kind, key), (NEVER, NEVER))
        return until if until <= now else None

    def found(self, kind: str, key: str, now: datetime) -> dict[str, Any] | None:
        """One record by its id, for references that are asked to be expanded."""
        if kind == "state":
            return next((entities.state(*state) for state in entities.ORDER_STATES.values() if state[0] == key), None)
        if kind == "demand":
            order = self.order_of_shipment.get(key)
            return order and self.shipment(order)
        shelf = self.shelf(kind, now)
        return shelf.record(shelf.row_of[key]) if shelf and key in shelf.row_of else None

    def shipment(self, order: dict[str, Any]) -> dict[str, Any]:
        """The shipment of an online order."""
        return papers.shipment(order, agent=self.agent_of(order), store=self.store_of(order), lines=len(self.lines_of(order)))

    def positions(self, kind: str, key: str, *, with_cost: bool) -> list[dict[str, Any]]:
        """Every position of a document."""
        if kind in ("retailsalesreturn", "salesreturn"):
            row = self.returns_by_uuid[key]
            return positions.returned_positions(
                kind, key, self.world.grouped("return_lines", "return_id").get(row["return_id"], []), self.products
            )
        order = self.order_of_shipment[key] if kind == "demand" else self.orders_by_uuid[key]
        return positions.sold_positions(kind, key, self.lines_of(order), self.products, with_cost=with_cost)

    def lines_of(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        """The lines of an order but for those struck off for want of stock."""
        return [line for line in self.world.grouped("order_lines", "order_id").get(order["order_id"], []) if not line["is_cancelled"]]

    @cached_property
    def orders(self) -> dict[int, dict[str, Any]]:
        return {row["order_id"]: row for row in self.world.rows("orders")}

    @cached_property
    def orders_by_uuid(self) -> dict[str, dict[str, Any]]:
        known = {row["uuid"]: row for row in self.world.rows("orders")}
        return known | {made_id("mistake", key): row for key, row in known.items() if row["order_id"] % MISTAKE_EVERY == 7}

    @cached_property
    def order_of_shipment(self) -> dict[str, dict[str, Any]]:
        return {made_id("demand", row["uuid"]): row for row in self.world.rows("orders") if row["kind"] == "online"}

    @cached_property
    def returns(self) -> dict[int, dict[str, Any]]:
        return {row["return_id"]: row for row in self.world.rows("returns")}

    @cached_property
    def returns_by_uuid(self) -> dict[str, dict[str, Any]]:
        known = {row["uuid"]: row for row in self.world.rows("returns")}
        return known | {made_id("draft", key): row for key, row in known.items() if has_draft(row["return_id"])}

    @cached_property
    def products(self) -> dict[int, dict[str, Any]]:
        return {row["product_id"]: row for row in self.world.rows("products")}

    @cached_property
    def stores(self) -> dict[int | None, dict[str, Any]]:
        return {row["store_id"]: row for row in self.world.rows("stores")}

    @cached_property
    def warehouse(self) -> dict[str, Any]:
        return (self.world.rows("warehouses") or [{"uuid": made_id("store")}])[0]

    @cached_property
    def employees(self) -> dict[int | None, str]:
        return {row["employee_id"]: row["uuid"] for row in self.world.rows("employees")}

    @cached_property
    def placeholder(self) -> str:
        profiles = self.world.profiles
        marked = profiles[(profiles["system"] == "moysklad") & (profiles["kind"] == "placeholder")]["record_id"]
        return marked.iloc[0] if len(marked) else made_id("placeholder")

    def rung_here(self, order: dict[str, Any]) -> bool:
        """Whether it is a receipt of a till that was connected by then."""
        begun = self.world.programme_started_at
        connected = begun and begun.replace(hour=0, minute=0, second=0, microsecond=0)  # no store is open at that hour
        return order["kind"] == "receipt" and not (order["store_id"] in self.late_tills and begun and order["created_at"] < connected)

    def agent_of(self, order: dict[str, Any]) -> str:
        """The counterparty of an order: the buyer's record, or the till's placeholder."""
        return order["ms_record_id"] or self.placeholder

    def store_of(self, order: dict[str, Any]) -> str:
        """The stock place an order is served from."""
        return self.stores.get(order["store_id"], self.warehouse)["uuid"]
