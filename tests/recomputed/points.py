"""What became of points: every account walked through from scratch for every month's end, the oldest points going first."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from tests.recomputed.tables import Tables, month_of, ratio

WENT = {"redeemed": "redeemed", "expired": "expired", "adjusted": "removed"}  # kind of operation -> what became of its points
FATES = ("cancelled", *WENT.values())
NEVER = pd.Timestamp("2200-01-01")


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
    taken: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for pair in undone(operations).itertuples():
        taken[pair.operation_id].append((pair.cancels_operation_id, pair.points))
    cancels_type = operations.cancels_type.astype("string").fillna("")
    operations = operations.assign(month=month_of(operations.effective_on), cancels_type=cancels_type)
    months = pd.date_range(operations.month.min(), tables.as_of_on, freq="MS")
    last_days = (months + pd.offsets.MonthEnd(0)).where(months != months[-1], tables.as_of_on)
    totals: dict[tuple[pd.Timestamp, pd.Timestamp], dict[str, float]] = defaultdict(lambda: dict.fromkeys(("credited", *FATES), 0.0))
    for _, account in operations.groupby("loyalty_account_id"):
        movements = _movements(list(account.itertuples()), taken)
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
    """The operations of the ledgers that count as those date them: one row each, a cancellation of its own day, and points that wait
    until nobody knows when of a day that never comes."""
    operations = tables.facts("intermediate.int_loyalty_operations__dated")
    return operations.assign(effective_on=operations.effective_on.fillna(NEVER))


def undone(operations: pd.DataFrame) -> pd.DataFrame:
    """What each cancellation takes of what occurred before it: one row per pair, `operation_id`, `cancels_operation_id` and points.
    Purchase by purchase in the order of time, in one second by number or, where ids are none, what is credited after what is cancelled
    unless it is the first: of accruals those go first that become valid last, of redemptions the earliest."""
    kind = operations.cancels_type.astype("string").fillna(operations.operation_type)
    sign = kind.map({"earned": 1, "redeemed": -1, "expired": -1})
    purchase = operations.purchase.astype("string").fillna("")
    rows = operations.assign(kind=kind, signed=operations.points * sign.astype(float), purchase=purchase)
    another = (rows.kind == "earned") & ((rows.purchase == "") | (rows.cancels_type.notna() & (rows.points > 0)))
    rows = rows[sign.notna() & ~another].assign(digits=rows.operation_id.str.len())
    numbered = rows.source_record_id.str.lower() == rows.source_record_id.str.upper()
    keys = ["loyalty_account_id", "kind", "purchase"]
    credited = rows.occurred_at.where(rows.signed >= 0).groupby([rows[key] for key in keys]).transform("min")
    is_first = (rows.signed < 0) & ~(credited < rows.occurred_at)
    rows["place"] = (rows.signed >= 0).astype(int).mask(is_first, 2).mask(numbered, 0)
    rows = rows.merge(rows.loc[rows.signed < 0, keys].drop_duplicates(), on=keys)
    pairs = []
    for (_, of, _), group in rows.groupby(keys):
        left: list[list[Any]] = []  # day, id and points of what may still be cancelled, in the order of time
        for row in group.sort_values(["occurred_at", "place", "digits", "operation_id"]).itertuples():
            if row.signed >= 0:
                left.append([row.effective_on, row.operation_id, row.signed])
                continue
            rest = -row.signed
            for one in sorted(left, key=lambda one: one[0], reverse=True) if of == "earned" else left:
                taken = min(one[2], rest)
                one[2] -= taken
                rest -= taken
                if taken > 0:
                    pairs.append((row.operation_id, one[1], taken))
    return pd.DataFrame(pairs, columns=["operation_id", "cancels_operation_id", "points"]).astype({"points": float})


def settled(tables: Tables) -> pd.DataFrame:
    """The same, with `cancels_operation_id`: a cancellation has a row for each operation that it takes points of, one of an accrual put
    to the day from which that is valid, and one for what finds nothing."""
    operations = told(tables)
    alone = operations.set_index("operation_id")
    parts = undone(operations)
    own, theirs = alone.reindex(parts.operation_id).reset_index(), alone.reindex(parts.cancels_operation_id).reset_index()
    later = (own.points < 0) & (theirs.effective_on > own.effective_on)
    parts["effective_on"] = own.effective_on.mask(later, theirs.effective_on)
    parts["points"] *= own.points.gt(0) * 2 - 1
    found = parts.groupby("operation_id").points.sum().reindex(operations.operation_id, fill_value=0.0).to_numpy()
    rest = operations[["operation_id", "effective_on"]].assign(points=operations.points - found)
    parts = pd.concat([parts, rest[(rest.points != 0) | ~rest.operation_id.isin(parts.operation_id)]], ignore_index=True)
    parts["is_pending"] = (parts.effective_on > tables.as_of_on).astype("boolean")
    return operations.drop(columns=["points", "effective_on", "is_pending"]).merge(parts, on="operation_id")


def knows_expiry(tables: Tables) -> bool:
    """Whether the ledger has ever told of points that expired."""
    told = tables.loyalty_operations
    return bool(((told.operation_type == "expired") & (told.occurred_on <= tables.as_of_on)).any())


def standing(tables: Tables) -> pd.DataFrame:
    """Accruals and redemptions of which something stays, with `left`: their signed points less what had been cancelled of them by the
    refresh. What gives points back that wait has given nothing back yet."""
    operations = settled(tables)
    cancelled = operations[operations.cancels_operation_id.notna() & (operations.occurred_on <= tables.as_of_on)]
    given_back = (cancelled.points > 0) & (cancelled.effective_on > tables.as_of_on)
    off = cancelled[~given_back].groupby("cancels_operation_id").points.sum()
    acts = operations[operations.operation_type.isin(["earned", "redeemed"]) & operations.cancels_operation_id.isna()]
    acts = acts.assign(left=(acts.points + acts.operation_id.map(off).fillna(0.0)).round(6))
    return acts[acts.left * acts.operation_type.map({"earned": 1, "redeemed": -1}) > 0]


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


def _movements(operations: list[Any], taken: dict[str, list[tuple[str, float]]]) -> list[_Movement]:
    """An account's movements in their order. A cancellation is none as far as it finds what it cancels (`undone`). What finds nothing
    takes the oldest points, or gives new ones."""
    movements: dict[str, _Movement] = {}
    undoings = []
    for operation in operations:
        of = operation.cancels_type or operation.operation_type
        kind = WENT.get(of, of)
        if kind == "cancelled":
            kind = "removed"
        if operation.cancels_type or operation.points * {"earned": 1, "redeemed": -1, "expired": -1}.get(kind, 0) < 0:
            undoings.append((operation, kind))
            continue
        if kind == "removed" and operation.points > 0:
            kind = "added"
        movements[operation.operation_id] = _Movement(operation.effective_on, operation, kind, abs(operation.points))
    found_nothing = []
    for operation, kind in undoings:
        rest = abs(operation.points)
        for target, points in taken.get(operation.operation_id, []):
            movement = movements[target]
            movement.taken_back.append((max(operation.effective_on, movement.on), points))
            rest -= points
        if rest > 0:
            goes_as = "added" if operation.points > 0 else "cancelled" if kind == "earned" else kind
            found_nothing.append(_Movement(operation.effective_on, operation, goes_as, rest))
    everything = [*movements.values(), *found_nothing]
    return sorted(everything, key=lambda one: (one.on, one.operation.occurred_at, one.operation.operation_id))


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
