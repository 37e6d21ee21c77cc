"""The CRM's own books: which customers, orders and points it holds.

World -> `Book`, built once -> the endpoints ask it for what exists at a moment.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sandbox.retailcrm import histories
from sandbox.retailcrm.histories import Event, Row
from sandbox.world import World

SYSTEM = "retailcrm"
CANCEL_STATUSES = {"no_product": "no-product", "no_answer": "no-call", "delivery_too_long": "delyivery-did-not-suit"}


@dataclass(frozen=True)
class Book:
    """Indexes over the world, for RetailCRM's part of it."""

    world: World
    deleted_orders: dict[int, datetime] = field(default_factory=dict)
    deleted_customers: dict[int, datetime] = field(default_factory=dict)
    _shown: dict[str, tuple[datetime, list[Row]]] = field(default_factory=dict, repr=False)

    @cached_property
    def profiles(self) -> list[Row]:
        """The system's records, oldest first; ids are whole numbers shared by people and companies."""
        rows = [row for row in self.world.rows("profiles") if row["system"] == SYSTEM]
        return sorted(rows, key=lambda row: (row["created_at"], row["record_id"]))

    @cached_property
    def profile_by_id(self) -> dict[int, Row]:
        return {row["record_id"]: row for row in self.profiles}

    @cached_property
    def changes(self) -> dict[int, list[Row]]:
        """Changes of a record, newest first: the profiles hold the last value, so the later ones are undone."""
        found: dict[int, list[Row]] = defaultdict(list)
        for row in self.world.rows("profile_changes"):
            if row["system"] == SYSTEM:
                found[row["record_id"]].append(row)
        return {key: sorted(rows, key=lambda row: row["changed_at"], reverse=True) for key, rows in found.items()}

    @cached_property
    def orders(self) -> list[Row]:
        """Online orders, oldest first; what the tills sell never reaches the CRM."""
        rows = [row for row in self.world.rows("orders") if row["kind"] == "online"]
        return sorted(rows, key=lambda row: (row["created_at"], row["order_id"]))

    @cached_property
    def order_by_id(self) -> dict[int, Row]:
        return {row["order_id"]: row for row in self.orders}

    @cached_property
    def external_ids(self) -> dict[int, str | None]:
        """The shop's id of each order the CRM holds."""
        return {row["order_id"]: row["external_id"] for row in self.orders}

    @cached_property
    def products(self) -> dict[int, Row]:
        return {row["product_id"]: row for row in self.world.rows("products")}

    @cached_property
    def store_codes(self) -> dict[int, str]:
        return {row["store_id"]: row["code"] for row in [*self.world.rows("stores"), *self.world.rows("warehouses")]}

    @cached_property
    def orders_of(self) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = defaultdict(list)
        for row in self.orders:
            if row["crm_record_id"] is not None:
                found[row["crm_record_id"]].append(row)
        return found

    @cached_property
    def milestones(self) -> dict[int, list[tuple[datetime, str]]]:
        """Statuses of each order with their times, in time; the last one that has come is the order's status."""
        returned: dict[int, list[Row]] = self.world.grouped("returns", "order_id")
        found = {}
        for row in self.orders:
            steps = [
                (row["created_at"], "new"),
                (row["confirmed_at"], "client-confirmed"),
                (row["shipped_at"], "delivering"),
                (row["received_at"], "complete"),
                (row["cancelled_at"], CANCEL_STATUSES.get(row["cancel_reason"], "cancel-other")),
            ]
            given_back = returned.get(row["order_id"], [])
            if given_back and sum(each["amount_kop"] for each in given_back) >= row["net_kop"]:
                steps.append((max(each["returned_at"] for each in given_back), "return"))
            found[row["order_id"]] = sorted(((at, code) for at, code in steps if at is not None), key=lambda step: step[0])
        return found

    def status_at(self, order_id: int, now: datetime) -> tuple[datetime, str]:
        steps = self.milestones[order_id]
        return steps[max(0, bisect_right(steps, now, key=lambda step: step[0]) - 1)]

    def as_of(self, profile: Row, now: datetime) -> Row:
        """The record as it stood: later changes undone."""
        stood = dict(profile)
        for change in self.changes.get(profile["record_id"], []):
            if change["changed_at"] <= now:
                break
            stood[change["field"]] = change["old_value"]
        return stood

    def survivor(self, record_id: int | None, now: datetime) -> int | None:
        """The record that stands for a merged one by now; merges may follow one another."""
        seen = set()
        while record_id is not None and record_id not in seen:
            seen.add(record_id)
            row = self.profile_by_id.get(record_id)
            if row is None or row["merged_at"] is None or row["merged_at"] > now:
                break
            record_id = int(row["merged_into"])
        return record_id

    def customers(self, now: datetime, *, companies: bool) -> list[Row]:
        """Records that exist now, newest first, as the list endpoint orders them [A]."""

        def exists(row: Row) -> bool:
            gone = [at for at in (row["merged_at"], self.deleted_customers.get(row["record_id"])) if at is not None]
            return (row["kind"] == "company") == companies and row["created_at"] <= now and not any(at <= now for at in gone)

        return self._at("companies" if companies else "people", now, lambda: [row for row in reversed(self.profiles) if exists(row)])

    def orders_at(self, now: datetime) -> list[Row]:
        """Orders that exist now, newest first."""
        deleted = {number for number, at in self.deleted_orders.items() if at <= now}
        return self._at(
            "orders", now, lambda: [row for row in reversed(self.orders) if row["created_at"] <= now and row["order_id"] not in deleted]
        )

    @cached_property
    def order_history(self) -> list[Event]:
        return histories.order_history(self)

    @cached_property
    def customer_history(self) -> list[Event]:
        return histories.customer_history(self, companies=False)

    @cached_property
    def corporate_history(self) -> list[Event]:
        return histories.customer_history(self, companies=True)

    @cached_property
    def subscriptions(self) -> list[Row]:
        """The account's catalogue of subscriptions, numbered by channel and code."""
        codes = sorted({(event["channel"], event["subscription"]) for event in self.world.rows("crm_consent_events")})
        return [
            {
                "id": number,
                "channel": channel,
                "name": code,
                "code": code,
                "active": True,
                "autoSubscribe": channel == "email",
                "ordering": number,
            }
            for number, (channel, code) in enumerate(codes, start=1)
        ]

    @cached_property
    def accounts(self) -> list[Row]:
        return sorted(self.world.rows("loyalty_accounts"), key=lambda row: row["account_id"])

    @cached_property
    def operations(self) -> list[Row]:
        """The whole ledger in time; an operation's number in the ledger is its place here."""
        return sorted(self.world.rows("loyalty_operations"), key=lambda row: (row["created_at"], row["operation_id"]))

    @cached_property
    def operations_of(self) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = defaultdict(list)
        for row in self.operations:
            found[row["account_id"]].append(row)
        return found

    def _at(self, what: str, now: datetime, make: Callable[[], list[Row]]) -> list[Row]:
        """A list as of now, kept for the present moment only: the clock rarely moves."""
        shown = self._shown.get(what)
        if shown is None or shown[0] != now:
            shown = self._shown[what] = (now, make())
        return shown[1]
