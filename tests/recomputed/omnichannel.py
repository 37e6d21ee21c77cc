"""Omnichannel shoppers beside those of one channel class, and what a second class of channels did to visits to stores."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from tests.recomputed.customers import People, store_visits
from tests.recomputed.pressure import band_names
from tests.recomputed.segments import TYPES, shopper_type_by_touch
from tests.recomputed.tables import Tables, month_of, ratio

GRAIN = ["month", "frequency_band", "channels_count", "shopper_type"]
FACTS = ["orders", "order_revenue", "net_revenue", "lifetime_revenue", "visits"]
ALL = "all"


def kpi_omnichannel_monthly(tables: Tables) -> pd.DataFrame:
    """Rows by band, number of channels and type, with totals over each; those compared with others have a baseline."""
    people = People(tables)
    by_touch = shopper_type_by_touch(people)
    each = pd.concat([_buyers(people, month) for month in people.months])
    taken_up, touched = _taken_up(people), _touched(people, by_touch)
    rows = _with_totals(each, taken_up, touched).merge(taken_up, on=["month", "frequency_band"], how="left")
    rows = rows.merge(touched, on=["month", "shopper_type"], how="left")
    whole = (rows.frequency_band == ALL) & rows.channels_count.isna()
    omnichannel = rows.shopper_type == "omnichannel"
    for column in ("customers_by_touch", "touched_customers"):
        rows[column] = rows[column].where(whole)
    for column in ("index_customers", "matched_customers", "repeat_visits", "baseline_repeat_visits"):
        rows[column] = rows[column].where(omnichannel & rows.channels_count.isna())
    rows["omnichannel_customers"] = rows.customers.where(omnichannel)
    rows["omnichannel_customers_by_touch"] = rows.customers_by_touch.where(omnichannel)
    rows["repeat_buyers"] = rows.repeat_buyers.where(omnichannel)
    for column in ("buyers", "touched_customers"):
        rows[column] = rows[column].mask(rows.shopper_type == ALL)
    rows = _compared(rows)
    rows = rows.assign(
        shopper_type_share=ratio(rows.customers, rows.buyers),
        omnichannel_share=ratio(rows.omnichannel_customers, rows.buyers),
        omnichannel_share_of_repeat_buyers=ratio(rows.customers, rows.repeat_buyers),
        shopper_type_share_by_touch=ratio(rows.customers_by_touch, rows.touched_customers),
        omnichannel_share_by_touch=ratio(rows.omnichannel_customers_by_touch, rows.touched_customers),
        average_order_value=ratio(rows.order_revenue, rows.orders) / 100,
        revenue_per_customer=ratio(rows.net_revenue, rows.customers) / 100,
        ltv=ratio(rows.lifetime_revenue, rows.customers) / 100,
        visits_per_customer=ratio(rows.visits, rows.customers),
        baseline_average_order_value=ratio(rows.baseline_order_revenue, rows.baseline_orders) / 100,
        baseline_revenue_per_customer=ratio(rows.baseline_net_revenue, rows.baseline_customers) / 100,
        baseline_ltv=ratio(rows.baseline_lifetime_revenue, rows.baseline_customers) / 100,
    )
    return rows.assign(
        uplift_average_order_value=_growth(rows.average_order_value, rows.baseline_average_order_value),
        uplift_revenue=_growth(rows.revenue_per_customer, rows.baseline_revenue_per_customer),
        uplift_ltv=_growth(rows.ltv, rows.baseline_ltv),
        uplift_repeat_visits=_growth(rows.repeat_visits, rows.baseline_repeat_visits),
    )


def _growth(value: pd.Series, base: pd.Series) -> pd.Series:
    """By what share it lies above; nothing and a loss are no base to grow from."""
    base = base.astype("Float64")
    return ratio(value, base.mask(base <= 0)) - 1


def _bands(tables: Tables) -> np.ndarray:
    """The bands in their order; below the first edge is `none`."""
    return np.array(["none", *band_names(tables.rules["sales.frequency_band_edges"])[1:]])


def _band(tables: Tables, orders: np.ndarray) -> np.ndarray:
    return _bands(tables)[np.searchsorted(tables.rules["sales.frequency_band_edges"], orders, side="right")]


def _buyers(people: People, month: pd.Timestamp) -> pd.DataFrame:
    """Everybody who bought in the 12 months up to a month's end, with what they are by it and did in the month."""
    end = people.days[people.last_of(month)]
    orders, returns = people.orders[people.orders.day <= end], people.returns[people.returns.day <= end]
    window = orders[orders.day > end - pd.Timedelta(days=people.window)]
    classes = window.groupby("customer_id").channel_class.agg(set)
    found = pd.DataFrame({
        "month": month,
        "orders_12m": window.groupby("customer_id").size(),
        "channels_count": window.groupby("customer_id").sales_channel.nunique(),
        "shopper_type": np.select(
            [classes.map(lambda met: {"online", "offline"} <= met), classes.map(lambda met: "online" in met)],
            ["omnichannel", "online_only"], "offline_only",
        ),
    })
    sold, back, visits = orders[orders.day >= month], returns[returns.day >= month], _visits(people)
    visits = visits[(visits.day >= month) & (visits.day <= end)]
    by = "customer_id"
    found["orders"] = sold.groupby(by).size()
    found["order_revenue"] = sold.groupby(by).net_revenue.sum()
    found["returned"] = back.groupby(by).amount.sum()
    found["lifetime"] = orders.groupby(by).net_revenue.sum()
    found["lifetime_returned"] = returns.groupby(by).amount.sum()
    found["visits"] = visits.groupby(by).size()
    found = found.fillna(0).astype(dict.fromkeys(("orders", "order_revenue", "visits"), "int64"))
    found["net_revenue"] = found.order_revenue - found.returned
    found["lifetime_revenue"] = found.lifetime - found.lifetime_returned
    found["frequency_band"] = _band(people.tables, found.orders_12m.to_numpy())
    return found.assign(customers=1, repeat_buyers=(found.orders_12m > 1).astype("int64"))


def _visits(people: People) -> pd.DataFrame:
    if not hasattr(people, "visits"):
        people.visits = store_visits(people.tables)
    return people.visits


def _with_totals(each: pd.DataFrame, taken_up: pd.DataFrame, touched: pd.DataFrame) -> pd.DataFrame:
    """Sums by everything and by all of each thing; beside each type, how many of any type are in its band and number of channels.

    Who took up a second class may be in no other figure of a band (whose last order is older than the window is in band 1 that day), and
    there may be people of a type by touch and none by purchase.
    """
    cells = []
    for band, channels, shopper_type in product((True, False), repeat=3):
        kind = each.assign(
            frequency_band=each.frequency_band if band else ALL,
            channels_count=each.channels_count.astype("Int64") if channels else pd.NA,
            shopper_type=each.shopper_type if shopper_type else ALL,
        )
        kind["channels_count"] = kind.channels_count.astype("Int64")
        cells.append(kind.groupby(GRAIN, dropna=False)[["customers", "repeat_buyers", *FACTS]].sum().reset_index())
    took = taken_up[taken_up.index_customers > 0]
    took = took[["month", "frequency_band"]].assign(shopper_type="omnichannel")
    touched = touched[touched.customers_by_touch > 0][["month", "shopper_type"]].assign(frequency_band=ALL)
    nothing = dict.fromkeys(["customers", "repeat_buyers", *FACTS], 0)
    without = pd.concat([took, touched]).assign(channels_count=pd.NA, **nothing).astype({"channels_count": "Int64"})
    rows = pd.concat([*cells, without]).groupby(GRAIN, dropna=False, as_index=False).sum()
    whole = rows.loc[rows.shopper_type == ALL, [*GRAIN[:3], "customers", "repeat_buyers"]]
    whole = whole.rename(columns={"customers": "buyers"})
    return rows.drop(columns="repeat_buyers").merge(whole, on=GRAIN[:3], how="left")


def _touched(people: People, by_touch: np.ndarray) -> pd.DataFrame:
    """People by what they touched in the 12 months up to each month's end."""
    found = []
    for month in people.months:
        each = by_touch[:, people.last_of(month)]
        touched = int((each != "no_touch").sum())
        counts = {**{name: int((each == name).sum()) for name in TYPES}, ALL: touched}
        found += [
            {"month": month, "shopper_type": name, "customers_by_touch": count, "touched_customers": touched}
            for name, count in counts.items()
        ]
    return pd.DataFrame(found)


def _compared(rows: pd.DataFrame) -> pd.DataFrame:
    """Omnichannel shoppers beside those of one class, those of several channels beside those of one, in the same month and band."""
    facts = ["customers", *FACTS]
    single = rows[rows.shopper_type.isin(["online_only", "offline_only"]) & rows.channels_count.isna()]
    single = single.groupby(["month", "frequency_band"], as_index=False)[facts].sum()
    single = single.assign(baseline="single_class", shopper_type="omnichannel")
    one = rows[(rows.shopper_type == ALL) & (rows.channels_count == 1)]
    one = one[["month", "frequency_band", *facts]].assign(baseline="one_channel", shopper_type=ALL)
    names = {name: f"baseline_{name}" for name in facts if name != "visits"}
    others = pd.concat([single, one]).rename(columns=names).drop(columns="visits")
    rows = rows.merge(others, on=["month", "frequency_band", "shopper_type"], how="left")
    nobody = (rows.shopper_type == ALL) & ~(rows.channels_count > 1).fillna(False)
    # Where nobody is of one class, or of one channel, the baseline is there and empty.
    compared = (rows.shopper_type == "omnichannel") | (rows.shopper_type == ALL)
    named = rows.shopper_type.map({ALL: "one_channel", "omnichannel": "single_class"})
    rows["baseline"] = rows.baseline.mask(compared & rows.baseline.isna(), named)
    for column in names.values():
        rows[column] = rows[column].mask(compared & rows[column].isna(), 0)
    for column in ("baseline", *names.values()):
        rows[column] = rows[column].mask(nobody)
    return rows


def _taken_up(people: People) -> pd.DataFrame:
    """Who first bought in a second channel class, day by day, against all of one class so far who bought on that day in the same band."""
    days = pd.Timedelta(days=people.tables.rules["channels.uplift_window_days"])
    orders = people.orders[people.orders.channel_class.isin(["online", "offline"])]
    first = orders.groupby(["customer_id", "channel_class"]).day.min().unstack()
    second = first.max(axis=1).where(first.notna().all(axis=1))
    met = people.orders.drop_duplicates(["customer_id", "day"])[["customer_id", "day"]]
    who, when = people.ids.get_indexer(met.customer_id), (met.day - people.days[0]).dt.days.to_numpy()
    met = met.assign(frequency_band=_band(people.tables, people.orders_12m[who, when]), second_on=met.customer_id.map(second))
    visits = met.merge(_visits(people)[["customer_id", "day"]].rename(columns={"day": "visited_on"}), on="customer_id")
    after = visits[(visits.visited_on > visits.day) & (visits.visited_on <= visits.day + days)].groupby(["customer_id", "day"]).size()
    met["visits"] = after.reindex(pd.MultiIndex.from_frame(met[["customer_id", "day"]])).fillna(0).to_numpy()
    one_class = met[met.second_on.isna() | (met.second_on > met.day)]
    mean = one_class.groupby(["day", "frequency_band"]).visits.mean().rename("mean_visits").reset_index()
    index = met[met.second_on == met.day].merge(mean, on=["day", "frequency_band"], how="left")
    index["matched"] = index.mean_visits.notna()
    found = []
    for month, band in product(people.months, [*_bands(people.tables)[1:], ALL]):
        if month + pd.offsets.MonthEnd(0) + days >= people.tables.as_of_on:
            continue
        mine = index[(month_of(index.day) == month) & ((index.frequency_band == band) | (band == ALL))]
        matched = mine[mine.matched]
        found.append({
            "month": month, "frequency_band": band, "index_customers": len(mine), "matched_customers": len(matched),
            "repeat_visits": int(matched.visits.sum()), "baseline_repeat_visits": float(matched.mean_visits.sum()),
        })
    columns = ["month", "frequency_band", "index_customers", "matched_customers", "repeat_visits", "baseline_repeat_visits"]
    return pd.DataFrame(found, columns=columns).astype({"month": "datetime64[ns]"})


MARTS = {"kpi_omnichannel_monthly": kpi_omnichannel_monthly}
