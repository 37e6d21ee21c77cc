"""What became of points: every account walked through from scratch for every month's end, the oldest points going first."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tests.recomputed.tables import Tables, month_of, ratio

WENT = {"redeemed": "redeemed", "expired": "expired", "adjusted": "removed"}  # kind of operation -> what became of its points
FATES = ("cancelled", *WENT.values())


def kpi_loyalty_cohorts(tables: Tables) -> pd.DataFrame:
    """Points by the month in which they became valid, and what had become of them at the end of every month since that is over."""
    rows = cohorts(tables)
    told = [column for column in rows if column.startswith("points_") and column != "points_credited"]
    rows[told] = rows[told].where(rows.month + pd.offsets.MonthBegin() <= tables.as_of_on)
    return rows.assign(
        redeemed_share=ratio(rows.points_redeemed, rows.points_issued),
        expired_share=ratio(rows.points_expired, rows.points_issued),
        remaining_share=ratio(rows.points_remaining, rows.points_issued),
    )


def cohorts(tables: Tables) -> pd.DataFrame:
    """The same, in the running month as it stands."""
    operations = told(tables).sort_values(["effective_on", "occurred_at", "operation_id"])
    named = operations[["order_id", "cancels_type"]].astype("string").fillna("")
    operations = operations.assign(month=month_of(operations.effective_on), **named)
    months = pd.date_range(operations.month.min(), tables.as_of_on, freq="MS")
    last_days = (months + pd.offsets.MonthEnd(0)).where(months != months[-1], tables.as_of_on)
    totals: dict[tuple[pd.Timestamp, pd.Timestamp], dict[str, float]] = defaultdict(lambda: dict.fromkeys(("credited", *FATES), 0.0))
    for _, account in operations.groupby("loyalty_account_id"):
        movements = _movements(list(account.itertuples()))
        since = months.get_loc(account.month.iloc[0]) if account.month.iloc[0] in months else len(months)
        for month, last_day in zip(months[since:], last_days[since:], strict=True):
            for issue_month, points in _as_of(last_day, movements):
                counted = totals[issue_month, month]
                for what, count in points.items():
                    counted[what] += count
    rows = pd.DataFrame([{"issue_month": issue, "month": month} | counted for (issue, month), counted in sorted(totals.items())])
    rows = rows.rename(columns={name: f"points_{name}" for name in ("credited", *FATES)})
    rows["age_months"] = (rows.month.dt.year - rows.issue_month.dt.year) * 12 + rows.month.dt.month - rows.issue_month.dt.month
    rows["points_issued"] = rows.points_credited - rows.points_cancelled
    rows["points_remaining"] = rows.points_issued - rows.points_redeemed - rows.points_expired - rows.points_removed
    if not knows_expiry(tables):
        rows["points_expired"] = float("nan")
    return rows


def told(tables: Tables) -> pd.DataFrame:
    """The operations of the ledgers that count as those date them: one row each, a cancellation of its own day."""
    return tables.facts("intermediate.int_loyalty_operations__dated")


def settled(tables: Tables) -> pd.DataFrame:
    """The same, what is cancelled of points that wait put to the day from which those are valid: a cancellation that takes more than
    wait, or points of several days, has a row for each of its parts."""
    operations = told(tables)
    kind = operations.cancels_type.fillna(operations.operation_type)
    of_orders = operations[(kind == "earned") & operations.order_id.notna()]
    cancelled = of_orders[of_orders.points < 0]
    keys = ["loyalty_account_id", "order_id"]
    parts = []
    for _, group in of_orders.merge(cancelled[keys].drop_duplicates(), on=keys).groupby(keys):
        left: dict[str, float] = {}
        rows = group.sort_values(["occurred_at", "operation_id"]).set_index("operation_id")
        for row in rows.itertuples():
            if row.points > 0:
                left[row.Index] = row.points
                continue
            rest = -row.points
            for accrual in sorted(left, key=lambda one: rows.effective_on[one], reverse=True):
                taken = min(left[accrual], rest)
                left[accrual] -= taken
                rest -= taken
                day = max(rows.effective_on[accrual], row.effective_on)
                parts.append((row.Index, -taken, day, day > tables.as_of_on))
            parts.append((row.Index, -rest, row.effective_on, row.effective_on > tables.as_of_on))
    found = pd.DataFrame(parts, columns=["operation_id", "points", "effective_on", "is_pending"])
    found = found[found.points < 0].astype({"is_pending": "boolean"})
    split = operations.operation_id.isin(found.operation_id)
    divided = operations[split].drop(columns=["points", "effective_on", "is_pending"]).merge(found, on="operation_id")
    return pd.concat([operations[~split], divided], ignore_index=True)


def knows_expiry(tables: Tables) -> bool:
    """Whether the ledger has ever told of points that expired."""
    return bool((tables.loyalty_operations.operation_type == "expired").any())


def gifts(tables: Tables) -> set[str]:
    """Points that came without a purchase: neither the ledger nor one that mirrors it names any, in a ledger that names some."""
    told = tables.facts("intermediate.int_loyalty_operations__united").set_index("operation_key")
    purchase = told.order_key.fillna(told.order_number)
    mirrors = tables.facts("intermediate.int_loyalty_operations__matched")
    lent = mirrors.assign(purchase=mirrors.operation_key.map(purchase)).groupby("original_key").purchase.first()
    earned = tables.loyalty_operations[tables.loyalty_operations.operation_type == "earned"]
    for_purchase = earned.operation_id.map(purchase).fillna(earned.operation_id.map(lent)).notna()
    names_some = for_purchase.groupby([earned.source_system, earned.source_account]).transform("any")
    return set(earned.operation_id[~for_purchase & names_some])


@dataclass
class _Movement:
    """Points that came in (of no month when somebody added them by hand) or went out, and what of them was taken back later."""

    on: pd.Timestamp
    operation: Any
    kind: str
    points: float
    taken_back: list[tuple[pd.Timestamp, float]] = field(default_factory=list)

    @property
    def comes_in(self) -> bool:
        return self.kind in ("earned", "added")

    def taken_back_by(self, day: pd.Timestamp) -> float:
        return sum(points for on, points in self.taken_back if on <= day)


def _movements(operations: list[Any]) -> list[_Movement]:
    """An account's movements in their order. A cancellation is none where it finds what it cancels: the issue for the order it names,
    the redemption for its order or, where it names none, one that names none either. What finds nothing takes the oldest points, or
    gives new ones."""
    movements = []
    for operation in operations:
        kind = WENT.get(operation.operation_type, operation.operation_type)
        if kind == "cancelled" and not operation.cancels_type:
            kind = "removed"
        if kind == "removed" and operation.points > 0:
            kind = "added"
        if kind != "cancelled":
            movements.append(_Movement(operation.effective_on, operation, kind, abs(operation.points)))
    for cancellation in operations:
        if cancellation.operation_type == "cancelled" and cancellation.cancels_type:
            kind, rest = WENT.get(cancellation.cancels_type, cancellation.cancels_type), abs(cancellation.points)
            those = sorted(movements, key=lambda one: one.on, reverse=True) if kind == "earned" else movements
            for movement in those if cancellation.order_id or kind != "earned" else []:
                if (movement.kind, movement.operation.order_id) == (kind, cancellation.order_id):
                    taken = min(rest, movement.points - sum(points for _, points in movement.taken_back))
                    movement.taken_back.append((max(cancellation.effective_on, movement.on), taken))
                    rest -= taken
            if rest > 0:
                movements.append(_Movement(cancellation.effective_on, cancellation, "cancelled" if kind == "earned" else "added", rest))
    return sorted(movements, key=lambda one: (one.on, one.operation.occurred_at, one.operation.operation_id))


def _as_of(day: pd.Timestamp, movements: list[_Movement]) -> list[tuple[pd.Timestamp, dict[str, float]]]:
    """Each issue with its month and what had become of it by the day: what went out took the oldest that was left."""
    known = [movement for movement in movements if movement.on <= day]
    issues = [
        (movement, {"credited": movement.points, "cancelled": movement.taken_back_by(day)}) for movement in known if movement.comes_in
    ]
    left = [points["credited"] - points["cancelled"] for _, points in issues]
    oldest = 0
    for movement in known:
        if not movement.comes_in:
            wanted = movement.points - movement.taken_back_by(day)
            while wanted > 0 and oldest < len(issues):
                taken = min(wanted, left[oldest])
                points = issues[oldest][1]
                points[movement.kind] = points.get(movement.kind, 0.0) + taken
                left[oldest] -= taken
                wanted -= taken
                oldest += left[oldest] <= 0
    return [(movement.operation.month, points) for movement, points in issues if movement.kind == "earned"]


MARTS = {"kpi_loyalty_cohorts": kpi_loyalty_cohorts}
