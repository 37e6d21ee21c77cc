"""The loyalty ledger, which balances to the point.

    accounts, orders, returned shares -> operations; points redeemed and earned per order; points undone per return

Rules: 5 % of what was paid for goods, credited when the order is received and active 14 days later; a point pays a rouble,
and since the terms were changed 90 kopecks, up to 30 % of the goods; welcome and birthday points are active at once; every
lot expires 365 days after it became active and is spent oldest first; a return takes back the points it earned, while they wait
from those that wait and later as far as active ones are there, and gives back those that paid for it; leaving the programme
burns what is active, and what waits on its day. So opening + earned - redeemed - expired + adjusted = closing, and neither what may
be spent nor what waits is ever negative.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from sandbox.dice import Dice
from sandbox.world import plain, table

EARNS_PERCENT, PAYS_PERCENT, WAITS_DAYS, LASTS_DAYS = 5, 30, 14, 365
POINT_KOP, CHEAPER_POINT_KOP = 100, 90
WELCOME_POINTS, BIRTHDAY_POINTS = 100, 150
REDEEMS, LEAST_REDEEMED = 0.50, 50
GOODWILL_POINTS, CORRECTION, CORRECTION_POINTS = 200, 0.2, 50  # corrections: of the credits by hand


@dataclass
class _Lot:
    active_at: datetime
    expires_at: datetime
    points: int
    order_id: int | None


@dataclass
class _Account:
    """One account's lots, walked through in time; the only state in this file."""

    account_id: int
    lots: list[_Lot] = field(default_factory=list)
    operations: list[dict[str, Any]] = field(default_factory=list)

    def write(self, kind: str, points: int, at: datetime, **more: Any) -> None:
        if points:
            self.operations.append({"account_id": self.account_id, "type": kind, "points": points, "created_at": at, **more})

    def credit(self, kind: str, points: int, at: datetime, *, waits_days: int = 0, **more: Any) -> None:
        active = at + timedelta(days=waits_days)
        if points > 0:
            self.lots.append(_Lot(active, active + timedelta(days=LASTS_DAYS), points, more.get("order_id")))
            self.lots.sort(key=lambda lot: lot.expires_at)
            self.write(kind, points, at, activates_on=_day(active), pending_until=_day(active), **more)

    def expire(self, at: datetime) -> None:
        for lot in self.lots:
            if lot.expires_at <= at and lot.points:
                self.write("burn", -lot.points, lot.expires_at)
                lot.points = 0
        self.lots = [lot for lot in self.lots if lot.points]

    def active(self, at: datetime) -> int:
        return sum(lot.points for lot in self.lots if lot.active_at <= at)

    def take(self, points: int, at: datetime, *, order_id: int | None = None) -> int:
        """Take up to `points` of active lots, the order's own first when it is given, then the oldest; returns what was there."""
        left = points
        for lot in sorted(self.lots, key=lambda lot: order_id is None or lot.order_id != order_id):
            if lot.active_at <= at:
                part = min(lot.points, left)
                lot.points -= part
                left -= part
        return points - left

    def take_back(self, points: int, at: datetime, *, order_id: int) -> int:
        """Cancel up to `points` that the order earned, of its lot while that waits, else of what is active; returns what was there."""
        waiting = next((lot for lot in self.lots if lot.order_id == order_id and lot.active_at > at), None)
        if waiting is None:
            taken = self.take(points, at, order_id=order_id)
            self.write("cancel_of_credit", -taken, at, order_id=order_id)
        else:
            taken = min(points, waiting.points)
            waiting.points -= taken
            self.write("cancel_of_credit", -taken, at, order_id=order_id, pending_until=_day(waiting.active_at))
        return taken


def walk(
    dice: Dice, accounts: pd.DataFrame, birth_dates: np.ndarray, orders: pd.DataFrame, returned_share: pd.DataFrame, *,
    cheaper_since: np.datetime64, goodwill: float, ends: datetime,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """-> loyalty_operations, (order_id, points_redeemed, points_earned, points_kop), (order_id, points_returned, points_cancelled).

    `orders` needs order_id, account_id, kind, base_kop (net before points), created_at, received_at, cancelled_at;
    `returned_share`: order_id, returned_at, value (share of the order that comes back); `birth_dates` by row number of the person;
    points pay less for orders placed from `cheaper_since` on; `goodwill`: the share of accounts that once get points by hand.
    """
    shown = orders[orders["account_id"].notna()]
    back = returned_share.groupby("order_id").agg(returned_at=("returned_at", "first"), value=("value", "sum"))
    shown = shown.join(back, on="order_id")
    shown = shown.assign(
        pays=dice.uniform("redeems", shown["who"].to_numpy(), shown["nth"].to_numpy()),
        point_kop=np.where(shown["created_at"] < cheaper_since, POINT_KOP, CHEAPER_POINT_KOP),
    )
    by_account: dict[int, list[dict[str, Any]]] = {}
    told = ["order_id", "account_id", "kind", "base_kop", "created_at", "received_at", "cancelled_at", "returned_at", "value", "pays"]
    for row in plain(shown[[*told, "point_kop"]]):
        by_account.setdefault(row["account_id"], []).append(row)
    operations: list[dict[str, Any]] = []
    paid: list[tuple[int, int, int, int]] = []
    undone: list[tuple[int, int, int]] = []
    keys = accounts["account_key"].to_numpy()
    luck = {name: dice.uniform(name, keys).tolist() for name in ("goodwill", "goodwill when", "correction")}
    for at, row in enumerate(plain(accounts)):
        if row["activated_at"] is None:
            continue
        account = _Account(row["account_id"])
        until = min(ends, row["closed_at"] or ends)
        events = _events(
            row, birth_dates[row["account_key"]].astype("datetime64[us]").item(), by_account.get(row["account_id"], ()), until=until
        )
        if luck["goodwill"][at] < goodwill:
            events.append((row["activated_at"] + timedelta(days=10 + int(300 * luck["goodwill when"][at])), 5, "goodwill", {}))
            if luck["correction"][at] < CORRECTION:
                events.append((row["activated_at"] + timedelta(days=11 + int(300 * luck["goodwill when"][at])), 5, "correction", {}))
        _live(account, sorted(events, key=lambda e: (e[0], e[1], e[3].get("order_id", 0))), paid, undone, until=until, ends=ends)
        operations += account.operations
    told = ["account_id", "type", "points", "created_at", "activates_on", "pending_until", "order_id", "event"]
    made = pd.DataFrame(operations, columns=told)
    return (
        made,
        pd.DataFrame(paid, columns=["order_id", "points_redeemed", "points_earned", "points_kop"]),
        pd.DataFrame(undone, columns=["order_id", "points_returned", "points_cancelled"]),
    )


def _events(row: dict[str, Any], born: datetime, orders: Any, *, until: datetime) -> list[tuple[datetime, int, str, dict[str, Any]]]:
    start = row["activated_at"]
    events: list[tuple[datetime, int, str, dict[str, Any]]] = [(start, 0, "welcome", {})]
    for year in range(start.year, until.year + 1):
        day = start.replace(
            year=year, month=born.month, day=min(born.day, 28), hour=6, minute=0, second=0, microsecond=0
        )  # 09:00 in Moscow
        if day > start:
            events.append((day, 0, "birthday", {}))
    for order in orders:
        events.append((order["created_at"], 1, "bought", order))
        for name, rank in (("cancelled", 2), ("received", 3), ("returned", 4)):
            if order[f"{name}_at"] is not None:
                events.append((order[f"{name}_at"], rank, name, order))
    return events


def _live(
    account: _Account, events: list[tuple[datetime, int, str, dict[str, Any]]], paid: list, undone: list, *, until: datetime, ends: datetime
) -> None:
    redeemed: dict[int, int] = {}
    earned: dict[int, int] = {}
    for at, _, name, order in events:
        if at > until:
            break
        account.expire(at)
        order_id = order.get("order_id")
        if name == "welcome" or name == "birthday":
            account.credit("credit_for_event", WELCOME_POINTS if name == "welcome" else BIRTHDAY_POINTS, at, event=name)
        elif name == "goodwill":
            account.credit("credit_manual", GOODWILL_POINTS, at)
        elif name == "correction":
            account.write("charge_manual", -account.take(CORRECTION_POINTS, at), at)
        elif name == "bought":
            most = min(account.active(at), order["base_kop"] * PAYS_PERCENT // (100 * order["point_kop"]))
            if most >= LEAST_REDEEMED and order["pays"] < REDEEMS:
                redeemed[order_id] = account.take(most, at)
                account.write("charge_for_order", -redeemed[order_id], at, order_id=order_id)
        elif name == "cancelled" and redeemed.get(order_id):
            account.credit("cancel_of_charge", redeemed[order_id], at, order_id=order_id)
        elif name == "received":
            earned[order_id] = (order["base_kop"] - order["point_kop"] * redeemed.get(order_id, 0)) * EARNS_PERCENT // 10_000
            account.credit("credit_for_order", earned[order_id], at, waits_days=WAITS_DAYS, order_id=order_id)
        elif name == "returned":
            given = round(redeemed.get(order_id, 0) * order["value"])
            taken = account.take_back(round(earned.get(order_id, 0) * order["value"]), at, order_id=order_id)
            account.credit("cancel_of_charge", given, at, order_id=order_id)
            undone.append((order_id, given, taken))
    account.expire(until)
    if until < ends:
        account.write("burn", -account.take(10**9, until), until)
        for lot in account.lots:
            if lot.active_at <= ends:
                account.write("burn", -lot.points, lot.active_at)
    worth = {order["order_id"]: order["point_kop"] for _, _, name, order in events if name == "bought"}
    for order_id in sorted(worth):
        used = redeemed.get(order_id, 0)
        paid.append((order_id, used, earned.get(order_id, 0), used * worth[order_id]))


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def operations(dice: Dice, made: pd.DataFrame, orders: pd.DataFrame, returns: pd.DataFrame) -> pd.DataFrame:
    """The ledger in order of time, with ids, the order's return, and which operations moysklad shows as well."""
    made = made.sort_values(["created_at", "account_id"], kind="stable").reset_index(drop=True)
    receipt = set(orders.loc[orders["kind"] == "receipt", "order_id"])
    came_back = dict(zip(returns["order_id"], returns["return_id"], strict=True))
    moments = dict(zip(returns["order_id"], returns["returned_at"], strict=True))
    at_return = [
        o if o in came_back and t == moments[o] and k.startswith("cancel") else None
        for o, t, k in zip(made["order_id"], made["created_at"], made["type"], strict=True)
    ]
    key = np.arange(1, len(made) + 1)
    return table(
        "loyalty_operations",
        {
            **{name: made[name] for name in ("account_id", "type", "points", "created_at", "activates_on", "pending_until", "event")},
            "operation_id": key,
            "order_id": pd.array(made["order_id"].to_numpy(dtype=object), dtype="Int64"),
            "return_id": pd.array([came_back.get(o) for o in at_return], dtype="Int64"),
            "in_moysklad": [o in receipt for o in made["order_id"]],
            "uuid": dice.uuids("operation", key),
        },
    )
