"""Stores and employees by month: what the tills sold, who came in by the door, and growth on comparable ground."""

from __future__ import annotations

import pandas as pd

from tests.recomputed.sales import counted_orders, counted_returns, summed
from tests.recomputed.tables import Tables, month_of, ratio

STORE, EMPLOYEE = ["month", "store_id"], ["month", "employee_id"]
DAY = pd.Timedelta(days=1)


def kpi_store_monthly(tables: Tables) -> pd.DataFrame:
    """A store's month at its tills; a month without sales has a row while the store is open."""
    orders = counted_orders(tables)
    receipts = orders[(orders.sales_channel == "store") & orders.store_id.notna()].assign(month=lambda frame: month_of(frame.ordered_on))
    count, alone = receipts.receipts_count, receipts.one_by_one
    sold = summed(
        receipts, STORE,
        orders_count=count,
        order_revenue=receipts.net_revenue,
        units=receipts.units,
        identified_orders=count.where(alone & receipts.customer_id.notna(), 0),
        member_orders=count.where(receipts.by_member, 0),
        gross_amount=receipts.gross_amount,
        discount_amount=receipts.discount_amount,
        cost_amount=receipts.cost_amount,
        margin_amount=receipts.net_revenue - receipts.cost_amount,
        itemised_orders=count.where(alone, 0),
        itemised_gross_amount=receipts.gross_amount.where(alone, 0),
        itemised_discount_amount=receipts.discount_amount.where(alone, 0),
        assumed_cost_amount=receipts.assumed_cost_amount,
    )
    returns = counted_returns(tables).query("sales_channel == 'store' and store_id.notna()")
    returns = returns.assign(month=month_of(returns.returned_on))
    rows = sold.join([summed(returns, STORE, returns_amount=returns.amount), _collected(orders), _traffic(tables, receipts)], how="outer")
    places = _first_and_last(tables, receipts).index
    rows = rows[rows.index.get_level_values("store_id").isin(places)]
    rows = rows.reindex(rows.index.union(_open_months(tables, receipts), sort=False))
    told = rows.columns.difference(["units", "collected_orders", "entrants", "orders_on_counted_days"])
    rows = rows.astype(dict.fromkeys(rows.columns.drop("units"), "Int64"))
    rows[told] = rows[told].fillna(0)
    rows["units"] = rows.units.fillna(0.0)
    how_fulfilled = orders[~orders.sales_channel.isin(["store", "marketplace"]) & (orders.fulfilment_method != "unknown")]
    if len(how_fulfilled):
        rows["collected_orders"] = rows.collected_orders.fillna(0)
    rows["net_revenue"] = rows.order_revenue - rows.returns_amount
    rows = _grown(tables, _opened(tables, rows.reset_index(), receipts), receipts)
    return rows.assign(
        average_order_value=ratio(rows.order_revenue, rows.orders_count) / 100,
        units_per_order=ratio(rows.units, rows.orders_count),
        identified_share=ratio(rows.identified_orders, rows.itemised_orders),
        member_share=ratio(rows.member_orders, rows.itemised_orders),
        discount_rate=ratio(rows.itemised_discount_amount, rows.itemised_gross_amount),
        margin_rate=ratio(rows.margin_amount, rows.order_revenue),
        store_conversion=ratio(rows.orders_on_counted_days, rows.entrants),
        revenue_per_day=ratio(rows.net_revenue, rows.days_open) / 100,
        like_for_like_growth=ratio(rows.like_for_like_revenue, rows.like_for_like_revenue_last_year) - 1,
    ).drop(columns=["opened", "closed"])


def _collected(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders of other channels that a store handed over."""
    handed = orders[(orders.sales_channel != "store") & (orders.fulfilment_method == "store_pickup")]
    handed = handed[handed.handed_over_on.notna() & handed.store_id.notna()].assign(month=lambda frame: month_of(frame.handed_over_on))
    return summed(handed, STORE, collected_orders=handed.receipts_count)


def _traffic(tables: Tables, receipts: pd.DataFrame) -> pd.DataFrame:
    """People counted at the doors, and the receipts of the days on which anybody was."""
    door = tables.store_traffic.groupby(["store_id", "counted_on"]).entrants.sum().reset_index()
    of_day = receipts.groupby(["store_id", "ordered_on"]).receipts_count.sum().rename("bought").reset_index()
    door = door.merge(of_day, left_on=["store_id", "counted_on"], right_on=["store_id", "ordered_on"], how="left")
    door = door.assign(month=month_of(door.counted_on), bought=door.bought.fillna(0).where(door.entrants > 0))
    return summed(door, STORE, entrants=door.entrants, orders_on_counted_days=door.bought)


def _first_and_last(tables: Tables, receipts: pd.DataFrame) -> pd.DataFrame:
    """From which day a store was open (where nobody tells, its first receipt) and from which it was closed; another place only if it
    sold at a till."""
    first = receipts.groupby("store_id").ordered_on.min()
    stores = tables.stores[(tables.stores.kind == "store") | tables.stores.store_id.isin(first.index)].set_index("store_id")
    return pd.DataFrame({"opened": stores.opened_on.fillna(stores.index.to_series().map(first)), "closed": stores.closed_on})


def _open_months(tables: Tables, receipts: pd.DataFrame) -> pd.MultiIndex:
    """Every month of the history in which a store was open."""
    months = pd.date_range(month_of(receipts.ordered_on).min(), tables.as_of_on, freq="MS") if len(receipts) else []
    found = [
        (month, store.Index)
        for store in _first_and_last(tables, receipts).itertuples()
        for month in months
        if store.opened < month + pd.offsets.MonthBegin() and not store.closed <= month
    ]
    return pd.MultiIndex.from_tuples(found, names=STORE)


def _opened(tables: Tables, rows: pd.DataFrame, receipts: pd.DataFrame) -> pd.DataFrame:
    """With the days of the month on which the store was open and that are over."""
    rows = rows.merge(_first_and_last(tables, receipts), left_on="store_id", right_index=True, how="left")
    since = rows[["month", "opened"]].max(axis=1)
    until = pd.concat([rows.month + pd.offsets.MonthBegin(), rows.closed, pd.Series(tables.as_of_on, rows.index)], axis=1).min(axis=1)
    return rows.assign(days_open=((until - since) / DAY).clip(lower=0).astype("Int64"))


def _grown(tables: Tables, rows: pd.DataFrame, receipts: pd.DataFrame) -> pd.DataFrame:
    """With growth over the same month of the year before, of stores that were open for all of both."""
    own_first, first_of_all = receipts.groupby("store_id").ordered_on.min(), receipts.ordered_on.min()
    year_before = rows.set_index(STORE).net_revenue.to_dict()
    full_months, history_days = tables.rules["sales.like_for_like_full_months"], tables.rules["sales.like_for_like_history_days"]

    def comparable(row: pd.Series) -> bool:
        then = row.month - pd.DateOffset(months=full_months - 1)
        end = row.month + pd.offsets.MonthBegin()
        first = own_first.get(row.store_id, pd.NaT)
        begins_there = then <= first_of_all < then + history_days * DAY
        known = first <= then or (begins_there and first < then + history_days * DAY)
        return bool(row.opened <= then and not row.closed < end and end <= tables.as_of_on and known)

    rows["is_comparable"] = rows.apply(comparable, axis=1).astype("boolean")
    last_year = [year_before.get((row.month - pd.DateOffset(years=1), row.store_id), 0) for row in rows.itertuples()]
    rows["like_for_like_revenue"] = rows.net_revenue.where(rows.is_comparable)
    rows["like_for_like_revenue_last_year"] = pd.Series(last_year, rows.index, dtype="Int64").where(rows.is_comparable)
    return rows


def kpi_employee_monthly(tables: Tables) -> pd.DataFrame:
    """What an employee sold in every channel, what of it came back, and what they took in."""
    orders = counted_orders(tables)
    orders = orders[orders.employee_id.notna() & orders.one_by_one].assign(month=lambda frame: month_of(frame.ordered_on))
    count = orders.receipts_count
    sold = summed(
        orders, EMPLOYEE,
        orders_count=count,
        order_revenue=orders.net_revenue,
        units=orders.units,
        identified_orders=count.where(orders.customer_id.notna(), 0),
        member_orders=count.where(orders.by_member, 0),
        gross_amount=orders.gross_amount,
        discount_amount=orders.discount_amount,
        personal_discount_amount=orders.personal_discount,
    )
    returns = counted_returns(tables).assign(month=lambda frame: month_of(frame.returned_on))
    theirs = returns[returns.sold_by.notna()].assign(employee_id=lambda frame: frame.sold_by)
    taken = returns[returns.employee_id.notna()]
    rows = sold.join([
        summed(theirs, EMPLOYEE, returns_amount=theirs.amount),
        summed(taken, EMPLOYEE, handled_returns=pd.Series(1, taken.index), handled_returns_amount=taken.amount),
    ], how="outer").fillna(0).reset_index()
    return rows.assign(
        net_revenue=rows.order_revenue - rows.returns_amount,
        average_order_value=ratio(rows.order_revenue, rows.orders_count) / 100,
        units_per_order=ratio(rows.units, rows.orders_count),
        identified_share=ratio(rows.identified_orders, rows.orders_count),
        member_share=ratio(rows.member_orders, rows.orders_count),
        discount_rate=ratio(rows.discount_amount, rows.gross_amount),
        personal_discount_share=ratio(rows.personal_discount_amount, rows.discount_amount),
    )


MARTS = {"kpi_store_monthly": kpi_store_monthly, "kpi_employee_monthly": kpi_employee_monthly}
