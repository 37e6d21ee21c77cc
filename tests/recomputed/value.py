"""What people are worth, month by month and cohort by cohort: everybody's month worked out one by one, then added up by segment."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.recomputed.customers import People, store_visits
from tests.recomputed.lifecycle import ALIVE, lifecycle_thresholds, states
from tests.recomputed.tables import Tables, month_of, ratio
from tests.recomputed.visits import judged_sessions

SEGMENT = ["month", "shopper_type", "is_loyalty_member"]
REPEAT_DAYS = (90, 180, 365)


def kpi_customer_value_monthly(tables: Tables) -> pd.DataFrame:
    """Orders, churn, repeat purchases and visits of people, by what they are at the month's end."""
    people, thresholds = People(tables), lifecycle_thresholds(tables)
    matrices = _matrices(tables, people)
    months = [_month(people, thresholds, matrices, month) for month in people.months]
    rows = pd.concat(months).groupby(SEGMENT, as_index=False).sum(min_count=1)
    kopecks_per_order = ratio(rows.order_revenue, rows.orders_count) / 100
    rows = rows.assign(
        net_revenue=rows.order_revenue - rows.returned_amount,
        margin_rate=ratio(rows.margin_amount, rows.order_revenue),
        average_order_value=kopecks_per_order,
        purchase_frequency=ratio(rows.orders_count, rows.buyers),
        churn_rate=ratio(rows.churned_customers, rows.customers_at_start_known),
        churn_rate_of_opening_segment=ratio(rows.opening_segment_churned_customers, rows.opening_segment_customers_known),
        repeat_rate=ratio(rows.repeat_buyers_12m, rows.buyers_12m),
        site_engagement_rate=ratio(rows.engaged_site_visitors, rows.site_visitors),
        visit_frequency=ratio(rows.active_store_visits, rows.active_customer_weeks),
    )
    for days in REPEAT_DAYS:
        rows[f"repeat_rate_{days}d"] = ratio(rows[f"repeated_in_{days}d"], rows[f"new_customers_known_{days}d"])
    return rows


def _matrices(tables: Tables, people: People) -> dict[str, np.ndarray]:
    """What happened to everybody on every day."""
    sessions = judged_sessions(tables)
    sessions = sessions[sessions.viewed_product.notna()].rename(columns={"started_on": "day"})
    engaged = sessions.viewed_product | sessions.added_to_cart.fillna(False)
    return {
        "orders_count": people.ordered,
        "order_revenue": people.daily(people.orders, "net_revenue"),
        "margin_amount": people.daily(people.orders, "margin_amount"),
        "assumed_cost_amount": people.daily(people.orders, "assumed_cost_amount"),
        "returned_amount": people.daily(people.returns, "amount"),
        "sessions": people.daily(sessions),
        "engaged_sessions": people.daily(sessions[engaged]),
        "store_visits": people.daily(store_visits(tables)),
    }


def _month(people: People, thresholds: pd.DataFrame, matrices: dict[str, np.ndarray], month: pd.Timestamp) -> pd.DataFrame:
    """A row per person of whom the month has something to tell; beside it, a row for the segment in which they began it."""
    first, last = people.on(month), people.last_of(month)
    columns, days = slice(first, last + 1), last + 1 - first
    told = {name: matrix[:, columns].sum(axis=1) for name, matrix in matrices.items()}
    at = np.array([last])
    alive_at_end = np.isin(states(people, thresholds, columns=at, years=np.array([month.year]))[:, 0], ALIVE)
    alive_at_start, churned, came_back = _churn(people, thresholds, month, first, last)
    patience = max(thresholds.set_index("year").lapsed_days[month.year] + 1, people.tables.rules["lifecycle.new_days"])
    churn_is_known = people.on(people.first_day) + patience <= last
    if not churn_is_known:
        churned = came_back = None
    began = (people.first_order >= first) & (people.first_order <= last)
    customers, repeated = people.first_order <= last, _repeated(people, month, began)
    month_rows = pd.DataFrame({
        "month": month,
        "shopper_type": people.shopper_type[:, last],
        "is_loyalty_member": people.is_member[:, last],
        "customers": customers,
        "new_customers": began,
        "buyers": told["orders_count"] > 0,
        **{name: told[name] for name in
           ("orders_count", "order_revenue", "returned_amount", "margin_amount", "assumed_cost_amount", "store_visits")},
        "customers_at_start": alive_at_start,
        "customers_at_start_known": alive_at_start if churn_is_known else None,
        "churned_customers": churned,
        "reactivated_customers": came_back,
        "opening_segment_customers": False,
        "opening_segment_customers_known": False if churn_is_known else None,
        "opening_segment_churned_customers": False if churn_is_known else None,
        "buyers_12m": people.orders_12m[:, last] > 0,
        "repeat_buyers_12m": people.orders_12m[:, last] > 1,
        **repeated,
        "site_visitors": told["sessions"] > 0,
        "engaged_site_visitors": told["engaged_sessions"] > 0,
        "active_customers": alive_at_end,
        "active_store_visits": np.where(alive_at_end, told["store_visits"], 0),
    })[customers | (told["sessions"] > 0) | (told["store_visits"] > 0)]
    opening = pd.DataFrame({
        "month": month,
        "shopper_type": people.shopper_type[:, first - 1],
        "is_loyalty_member": people.is_member[:, first - 1],
        "opening_segment_customers": alive_at_start,
        "opening_segment_customers_known": alive_at_start if churn_is_known else None,
        "opening_segment_churned_customers": churned,
    })[alive_at_start]
    both = pd.concat([month_rows, opening.reindex(columns=month_rows.columns)])
    counts = both.columns.difference(SEGMENT)
    both[counts] = both[counts].astype("Int64")
    unknown = {name for name, value in repeated.items() if value is None}
    if not churn_is_known:
        unknown |= {
            "churned_customers", "customers_at_start_known", "reactivated_customers", "opening_segment_churned_customers",
            "opening_segment_customers_known",
        }
    told = [name for name in counts if name not in unknown]
    both[told] = both[told].fillna(0)
    return both.assign(active_customer_weeks=both.active_customers * days / 7)


def _churn(people: People, thresholds: pd.DataFrame, month: pd.Timestamp, first: int, last: int) -> tuple[np.ndarray, ...]:
    """Who was not lapsed when the month began, who of them lapsed in it, and whom an order of it brought back from lapsed."""
    columns = np.arange(first - 1, last + 1)
    each = states(people, thresholds, columns=columns, years=np.full(len(columns), month.year))
    opening, lapsed = each[:, 0], each[:, 1:] == "lapsed"
    back = (each[:, :-1] == "lapsed") & (people.ordered[:, columns[1:]] > 0)
    alive = np.isin(opening, ALIVE)
    return alive, alive & lapsed.any(axis=1), back.any(axis=1)


def _repeated(people: People, month: pd.Timestamp, began: np.ndarray) -> dict[str, object]:
    """Of those new in the month, who ordered a second time within so many days, once that can be known of all of them."""
    second = people.orders.sort_values("ordered_at").groupby("customer_id").day.nth(1)
    days = people.orders.loc[second.index].set_index("customer_id").day
    second_on = (people.ids.to_series().map(days) - people.days[0]).dt.days.to_numpy()
    found: dict[str, object] = {}
    for window in REPEAT_DAYS:
        over = month + pd.offsets.MonthEnd(0) + pd.Timedelta(days=window) < people.tables.as_of_on
        found[f"new_customers_known_{window}d"] = began if over else None
        found[f"repeated_in_{window}d"] = began & (second_on - people.first_order <= window) if over else None
    return found


def kpi_cohort_retention(tables: Tables) -> pd.DataFrame:
    """The people of each first month, at every age in months up to the running one."""
    people = People(tables)
    orders = people.orders.assign(month=month_of(people.orders.day))
    returns = people.returns.assign(month=month_of(people.returns.day))
    cohort = orders.groupby("customer_id").month.min()
    found = []
    for first, members in cohort.groupby(cohort):
        theirs, back = orders[orders.customer_id.isin(members.index)], returns[returns.customer_id.isin(members.index)]
        for age, month in enumerate(people.months[people.months >= first]):
            bought, is_over = theirs[theirs.month == month], month + pd.offsets.MonthBegin() <= tables.as_of_on
            found.append({
                "first_order_month": first,
                "age_months": age,
                "month": month,
                "is_month_over": is_over,
                "customers": len(members),
                "customers_known": len(members) if is_over else None,
                "retained_customers": bought.customer_id.nunique() if is_over else None,
                "orders_count": len(bought),
                "order_revenue": bought.net_revenue.sum(),
                "returned_amount": back.amount[back.month == month].sum(),
                "margin_amount": bought.margin_amount.sum(),
            })
    rows = pd.DataFrame(found)
    rows["net_revenue"] = rows.order_revenue - rows.returned_amount
    rows["cumulative_net_revenue"] = rows.groupby("first_order_month").net_revenue.cumsum()
    return rows.assign(
        retention_rate=ratio(rows.retained_customers, rows.customers_known),
        cumulative_revenue_per_customer=ratio(rows.cumulative_net_revenue, rows.customers) / 100,
    )


MARTS = {"kpi_customer_value_monthly": kpi_customer_value_monthly, "kpi_cohort_retention": kpi_cohort_retention}
