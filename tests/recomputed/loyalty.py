"""The loyalty programme month by month: flows of its ledger, its people on the last day, and what its points are worth."""

from __future__ import annotations

import pandas as pd

from tests.recomputed.people import by_a_member, known_since, people
from tests.recomputed.points import NEVER, gifts, knows_expiry, settled, standing
from tests.recomputed.points import cohorts as point_cohorts
from tests.recomputed.tables import Tables, month_of, ratio

DAY = pd.Timedelta(days=1)


def kpi_loyalty_monthly(tables: Tables) -> pd.DataFrame:
    """One row per month since the programme began."""
    operations = settled(tables)
    begun = operations.effective_on.mask(operations.effective_on == NEVER, operations.occurred_on)
    first = month_of(pd.Series([begun.min()])).iloc[0]
    months = pd.date_range(first, tables.as_of_on, freq="MS", name="month")
    last_days = pd.Series(months + pd.offsets.MonthEnd(0), index=months).clip(upper=tables.as_of_on)
    orders = _orders(tables)
    rows = _flows(tables, months).join([_sales(orders, months), _people(tables, orders, last_days), _pending(tables, last_days)])
    rows["points_discount_at_cost"] = (rows.redeemed_money * ratio(rows.cost_amount, rows.order_revenue)).round()
    rows["cost_per_point"] = ratio(rows.redeemed_money, rows.priced_points) / 100
    rows["cost_per_point_at_cost"] = ratio(rows.points_discount_at_cost, rows.priced_points) / 100
    rows["point_value"] = rows.cost_per_point.ffill()
    rows["point_value_at_cost"] = rows.cost_per_point_at_cost.ffill()
    rows = _liabilities(tables, rows)
    rows["balance_difference"] = pd.Series({months[-1]: _balance_difference(tables)})
    return _ratios(rows).drop(columns="redeemed_money").reset_index()


def _orders(tables: Tables) -> pd.DataFrame:
    """Counted orders; `itemised` where it can be known whether a member placed them."""
    orders = tables.orders[tables.orders.is_counted]
    nobodys = (orders.order_kind == "shift_report") | (orders.sales_channel == "marketplace")
    itemised = ~nobodys & ~orders.is_employee_purchase & ~orders.is_b2b
    by_member = itemised & by_a_member(tables, orders.customer_id, orders.ordered_on)
    return orders.assign(month=month_of(orders.ordered_on), itemised=itemised, by_member=by_member)


def _flows(tables: Tables, months: pd.DatetimeIndex) -> pd.DataFrame:
    """Points that came and went in a month. What a cancellation cancels is taken off it at once."""
    operations = settled(tables)
    operations = operations[~operations.is_pending]
    operations = operations.assign(month=month_of(operations.effective_on))
    kind = operations.operation_type.where(operations.operation_type != "cancelled", operations.cancels_type.fillna("adjusted"))

    def summed(values: pd.Series, which: pd.Series) -> pd.Series:
        return values[which].groupby(operations.month[which]).sum().reindex(months, fill_value=0)

    rows = pd.DataFrame({
        "points_issued": summed(operations.points, kind == "earned"),
        "points_redeemed": summed(-operations.points, kind == "redeemed"),
        "points_expired": summed(-operations.points, kind == "expired"),
        "points_adjusted": summed(operations.points, kind == "adjusted"),
    })
    rows["closing_points"] = (rows.points_issued - rows.points_redeemed - rows.points_expired + rows.points_adjusted).cumsum()
    rows["opening_points"] = rows.closing_points.shift(fill_value=0)
    rows["points_issued_to_date"] = rows.points_issued.cumsum()
    if not knows_expiry(tables):
        rows["points_expired"] = float("nan")

    for of, sign, columns in (("redeemed", -1, ("points_charged", "redeeming_orders")),
                              ("earned", 1, ("points_earned_on_orders", "earning_orders"))):
        theirs = operations[(kind == of) & (operations.purchase.notna() | (of == "redeemed"))]
        alone = "operation " + theirs.cancels_operation_id.fillna(theirs.operation_id)
        transaction = theirs.purchase.fillna(alone)
        kept = sign * theirs.groupby(transaction).points.sum()
        begun = theirs[theirs.operation_type == of].groupby(transaction).month.min()
        left = kept.reindex(begun.index)[lambda points: points > 0].groupby(begun)
        rows[columns[0]], rows[columns[1]] = left.sum().reindex(months, fill_value=0), left.count().reindex(months, fill_value=0)

    orders = tables.orders.set_index("order_id")
    spent = standing(tables)
    spent = spent[(spent.operation_type == "redeemed") & (spent.effective_on <= tables.as_of_on)]
    points, money = spent.order_id.map(orders.points_redeemed), spent.order_id.map(orders.points_discount_amount)
    spent = spent.assign(month=month_of(spent.effective_on), money=-spent.left * money.astype(float) / points)
    priced = spent[(points > 0) & money.notna()].groupby("month")
    rows["redeemed_money"] = priced.money.sum().reindex(months, fill_value=0)
    rows["redeemed_value"] = rows.redeemed_money.round().astype("Int64")
    rows["priced_points"] = -priced.left.sum().reindex(months, fill_value=0)
    return rows


def _sales(orders: pd.DataFrame, months: pd.DatetimeIndex) -> pd.DataFrame:
    """Orders and revenue of a month: all, those known one by one, and those of members."""
    columns = {}
    for name, which in (("", orders.is_counted), ("itemised_", orders.itemised), ("member_", orders.by_member)):
        columns[f"{name}orders" if name else "orders_count"] = orders.receipts_count.where(which)
        columns[f"{name}revenue" if name else "order_revenue"] = orders.net_revenue.where(which)
    sums = pd.DataFrame(columns | {"cost_amount": orders.cost_amount, "assumed_cost_amount": orders.assumed_cost_amount})
    return sums.groupby(orders.month).sum().astype("Int64").reindex(months, fill_value=0)


def _people(tables: Tables, orders: pd.DataFrame, last_days: pd.Series) -> pd.DataFrame:
    """Who was a member on the last day of a month, since when, how active; and who left in it."""
    accounts = tables.loyalty_accounts
    accounts = accounts[(accounts.is_member | accounts.closed_at.notna()) & accounts.customer_id.isin(people(tables))]
    accounts = accounts.assign(since=tables.business_date(accounts.enrolled_at), until=tables.business_date(accounts.closed_at))
    enrolled_on = accounts.groupby("customer_id").since.min()
    closed = accounts.groupby("customer_id").until.agg(lambda until: until.max() if until.notna().all() else pd.NaT)
    left_on = pd.to_datetime(closed).dropna()
    left_on = left_on[left_on <= tables.as_of_on]
    last = accounts.sort_values(["closed_at", "is_closed_at_assumed"]).groupby("customer_id").tail(1)
    unknown = set(last.customer_id[last.is_closed_at_assumed])
    known = known_since(tables)
    operations = standing(tables)
    operations = operations[~operations.operation_id.isin(gifts(tables))]
    window = tables.rules["loyalty.active_member_days"] * DAY
    rows = {}
    for month, day in last_days.items():
        held = accounts[(accounts.since <= day) & ~(accounts.until <= day)]
        members = set(held.customer_id)
        lately = operations[(operations.occurred_on > day - window) & (operations.occurred_on <= day)]
        bought = orders[(orders.ordered_on > day - window) & (orders.ordered_on <= day)]
        leavers = left_on[month_of(left_on) == month]
        dated = leavers[~leavers.index.isin(unknown)]
        rows[month] = {
            "known_customers": int((known <= day).sum()),
            "members": len(members),
            "tenure_days": int(((day - enrolled_on[sorted(members)]) // DAY).sum()),
            "active_members": len(members & {*lately.customer_id, *bought.customer_id[bought.by_member]}),
            "redeeming_members": len(members & set(lately.customer_id[lately.operation_type == "redeemed"])),
            "active_window_revenue": int(bought.net_revenue[bought.by_member].sum()),
            "leavers": len(leavers),
            "dated_leavers": len(dated),
            "leaver_tenure_days": int(((dated - enrolled_on[dated.index]) // DAY).sum()),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _pending(tables: Tables, last_days: pd.Series) -> pd.DataFrame:
    """Points credited by the last day of a month and not valid on it, less what was cancelled of them by then."""
    operations = settled(tables)
    waiting = [operations.points[(operations.occurred_on <= day) & (operations.effective_on > day)].sum() for day in last_days]
    return pd.DataFrame({"points_pending": waiting}, index=last_days.index)


def _balance_difference(tables: Tables) -> float:
    accounts, operations = tables.loyalty_accounts, settled(tables)
    told_on = tables.business_date(accounts.balance_told_at).fillna(tables.as_of_on)
    operations = operations.merge(accounts.assign(told_on=told_on)[["loyalty_account_id", "told_on"]], on="loyalty_account_id")
    valid = operations[(operations.effective_on <= operations.told_on)].groupby("loyalty_account_id").points.sum()
    told = accounts.set_index("loyalty_account_id").vendor_balance.dropna()
    return float((valid.reindex(told.index, fill_value=0) - told).sum()) if len(told) else float("nan")


def _liabilities(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """What the points that are left will cost, and what of the revenue waits for them."""
    cohorts = point_cohorts(tables)
    over = rows.index + pd.offsets.MonthEnd(0) < tables.as_of_on
    at_first: dict[pd.Timestamp, tuple[float, float]] = {}  # issue month -> points at its end and what of new ones was expected then
    for month, is_over in zip(rows.index, over, strict=True):
        standing = cohorts[cohorts.month == month]
        expected, unseen = _expected_shares(tables, cohorts, rows.index[rows.index <= month][: None if is_over else -1])
        ages = standing.age_months if is_over else standing.age_months - 1
        later = standing.points_remaining * ages.map(expected)
        rows.loc[month, "points_outstanding"] = standing.points_remaining.sum()
        rows.loc[month, "expected_redemptions"] = later.sum()
        rows.loc[month, "unseen_redemptions"] = (standing.points_remaining * ages.map(unseen)).sum()
        allocated, liable = [], []
        for cohort, to_come in zip(standing.itertuples(), later, strict=True):
            if cohort.issue_month == month:
                at_first[month] = (cohort.points_issued, expected(-1))
            issued, share = at_first[cohort.issue_month]
            known_prices = rows.point_value[cohort.issue_month : month].dropna()
            if not len(known_prices) or not issued:
                continue
            price, revenue = issued * known_prices.iloc[0] * share, rows.member_revenue[cohort.issue_month] / 100
            if revenue + price:
                allocated.append(revenue * price / (revenue + price) * cohort.points_issued / issued)
                in_all = to_come + cohort.points_redeemed
                liable.append(allocated[-1] * to_come / in_all if in_all else 0.0)
        rows.loc[month, "allocated_revenue"] = round(100 * sum(allocated)) if allocated else None
        rows.loc[month, "liability_ifrs15"] = round(100 * sum(liable)) if liable else None
    rows["released_revenue"] = rows.allocated_revenue - rows.liability_ifrs15
    rows["ultimate_redemption_rate"] = ratio(rows.expected_redemptions, rows.points_outstanding)
    points = rows.closing_points * rows.ultimate_redemption_rate
    rows["liability_management"] = (100 * points * rows.point_value).round()
    rows["liability_management_at_cost"] = (100 * points * rows.point_value_at_cost).round()
    return rows


def _expected_shares(tables: Tables, cohorts: pd.DataFrame, months: pd.DatetimeIndex):
    """Two functions of an age: the share of the points left at it that will be redeemed, by what became of the points of all cohorts in
    these months, and the part of it at ages that none had reached; -1 for points that are just issued."""
    seen = cohorts[cohorts.month.isin(months)].sort_values(["issue_month", "age_months"])
    before = seen.groupby("issue_month")[["points_remaining", "points_redeemed"]].shift()
    steps = pd.DataFrame({
        "age": seen.age_months,
        "had": before.points_remaining.fillna(seen.points_issued),
        "redeemed": seen.points_redeemed - before.points_redeemed.fillna(0),
        "kept": seen.points_remaining,
    }).groupby("age").sum()
    steps = steps[steps.had > 0]
    oldest, last_age = steps.index.max(), tables.rules["loyalty.points_valid_months"]
    after_all = 1.0  # of what outlives every age that was seen
    if len(steps) and last_age:
        pace = steps[steps.index > min(oldest - tables.rules["loyalty.tail_pace_months"], last_age - 1)].sum()
        to_go = last_age - oldest if oldest < last_age else oldest - last_age + 1
        after_all, alive = 0.0, 1.0
        for _ in range(to_go):
            after_all += alive * max(pace.redeemed / pace.had, 0)
            alive *= min(pace.kept / pace.had, 1)
        after_all = min(after_all, 1.0)

    def walked(age: int) -> tuple[float, float]:
        share, alive = 0.0, 1.0
        for step in steps[steps.index > age].itertuples():
            share += alive * step.redeemed / step.had
            alive *= step.kept / step.had
        return max(min(round(share + alive * after_all, 12), 1.0), 0.0), min(round(alive * after_all, 12), 1.0)

    return lambda age: walked(age)[0], lambda age: walked(age)[1]


RATIOS = {
    "participation_rate": ("members", "known_customers"),
    "transaction_participation_rate": ("member_orders", "itemised_orders"),
    "average_tenure_days": ("tenure_days", "members"),
    "average_leaver_tenure_days": ("leaver_tenure_days", "dated_leavers"),
    "unseen_redemption_share": ("unseen_redemptions", "expected_redemptions"),
    "redemption_rate": ("points_redeemed", "points_issued"),
    "breakage_rate": ("points_expired", "points_issued"),
    "unspent_rate": ("closing_points", "points_issued_to_date"),
    "average_points_redeemed_per_transaction": ("points_charged", "redeeming_orders"),
    "average_points_earned_per_transaction": ("points_earned_on_orders", "earning_orders"),
    "active_member_rate": ("active_members", "members"),
    "redeeming_member_rate": ("redeeming_members", "active_members"),
    "member_revenue_share": ("member_revenue", "itemised_revenue"),
}
MONEY_PER = {
    "member_spend_per_transaction": ("member_revenue", "member_orders"),
    "non_member_spend_per_transaction": ("non_member_revenue", "non_member_orders"),
    "spend_per_member": ("active_window_revenue", "active_members"),
}


def _ratios(rows: pd.DataFrame) -> pd.DataFrame:
    rows["non_member_orders"] = rows.itemised_orders - rows.member_orders
    rows["non_member_revenue"] = rows.itemised_revenue - rows.member_revenue
    for name, (above, below) in RATIOS.items():
        rows[name] = ratio(rows[above], rows[below])
    for name, (above, below) in MONEY_PER.items():
        rows[name] = ratio(rows[above], rows[below]) / 100
    return rows


MARTS = {"kpi_loyalty_monthly": kpi_loyalty_monthly}
