"""How many people stand in each segment at each day's end, family by family; and the value breaks behind the RFM scores."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.recomputed.customers import People, shopper_types, store_visits
from tests.recomputed.lifecycle import lifecycle_thresholds, states
from tests.recomputed.people import people as known_people
from tests.recomputed.tables import Tables, month_of
from tests.recomputed.touches import touchpoints

DIMENSIONS = ["recency", "frequency", "monetary"]
# how lately, how often → the segment
RFM_SEGMENTS = {
    ("high", "high"): "champions", ("high", "middle"): "potential_loyalists", ("high", "low"): "recent",
    ("middle", "high"): "loyal", ("middle", "middle"): "needs_attention", ("middle", "low"): "about_to_sleep",
    ("low", "high"): "cannot_lose", ("low", "middle"): "slipping", ("low", "low"): "hibernating",
}

TYPES = ["online_only", "offline_only", "omnichannel"]
SEGMENTS = {
    "shopper_type": [*TYPES, "no_purchase"],
    "shopper_type_by_touch": [*TYPES, "no_touch"],
    "lifecycle": ["new", "active", "at_risk", "lapsed", "no_purchase"],
    "membership": ["member", "non_member"],
    "rfm": [*RFM_SEGMENTS.values()],
}


def kpi_segments_daily(tables: Tables) -> pd.DataFrame:
    """Everybody who is known on a day, once in each of our families; the vendors' own segments on the day of the refresh."""
    people = People(tables)
    first, columns = people.on(people.first_day), np.arange(people.on(people.first_day), len(people.days))
    years = people.days[columns].year.to_numpy()
    families = {
        "shopper_type": people.shopper_type[:, first:],
        "shopper_type_by_touch": shopper_type_by_touch(people)[:, first:],
        "lifecycle": states(people, lifecycle_thresholds(tables), columns=columns, years=years),
        "membership": np.where(people.is_member[:, first:], "member", "non_member"),
        "rfm": _rfm(people)[:, first:],
    }
    known = _known_since(people)[:, None] <= columns
    found = []
    for family, each in families.items():
        for name in SEGMENTS[family]:
            counts = (known & (each == name)).sum(axis=0)
            found.append(pd.DataFrame({
                "day": people.days[columns], "segment": f"{family}:{name}", "segment_family": family, "segment_name": name,
                "customers": counts,
            }))
    return pd.concat([*found, _of_vendors(tables)], ignore_index=True)


def _known_since(people: People) -> np.ndarray:
    """The day of somebody's first record, order or message; of whom nothing is dated, the day of the refresh."""
    tables = people.tables
    orders = tables.orders[tables.orders.is_counted]
    met = pd.concat([
        tables.customer_360[["customer_id"]].assign(day=tables.business_date(tables.customer_360.first_seen_at)),
        orders[["customer_id"]].assign(day=orders.ordered_on),
        tables.messages[["customer_id"]].assign(day=tables.messages.sent_on),
    ])
    first = met.groupby("customer_id").day.min().reindex(people.ids).fillna(tables.as_of_on)
    return (first - people.days[0]).dt.days.to_numpy()


def shopper_type_by_touch(people: People) -> np.ndarray:
    """The shopper type by purchases and touches: visits to the site and the apps, clicks in messages, visits to stores, events."""
    touches = touchpoints(people.tables)
    touches = touches.assign(day=people.tables.business_date(touches.occurred_at))
    online = people.daily(people.orders[people.orders.channel_class == "online"])
    online += people.daily(touches[touches.touch_type.isin(["ad_visit", "visit", "message_click"])])
    offline = people.daily(people.orders[people.orders.channel_class == "offline"])
    offline += people.daily(store_visits(people.tables)) + people.daily(touches[touches.touch_type == "event"])
    return shopper_types(people.within(online, people.window) > 0, people.within(offline, people.window) > 0, "no_touch")


def rfm_values(people: People) -> dict[str, np.ndarray]:
    """As of each day's end: days since the last order, orders and net revenue (in currency) of the window; NaN without an order in it."""
    window = people.tables.rules["customer_value.rfm_window_days"]
    orders = people.within(people.ordered, window)
    money = people.daily(people.orders, "net_revenue") - people.daily(people.returns, "amount")
    there = orders > 0
    return {
        "recency": np.where(there, np.arange(len(people.days)) - people.last_order, np.nan),
        "frequency": np.where(there, orders, np.nan),
        "monetary": np.where(there, people.within(money, window) / 100, np.nan),
    }


def rfm_breaks(tables: Tables) -> pd.DataFrame:
    """The quantiles of everybody's values at the end of the day before each month, which hold in its days."""
    people = People(tables)
    return _breaks(people, rfm_values(people))


def _breaks(people: People, values: dict[str, np.ndarray]) -> pd.DataFrame:
    bins, found = people.tables.rules["customer_value.rfm_bins"], []
    for month in people.months:
        for dimension in DIMENSIONS:
            each = values[dimension][:, people.on(month) - 1]
            each = each[~np.isnan(each)]
            for score in range(2, bins + 1) if len(each) else ():
                share = (score - 1) / bins
                share = 1 - share if dimension == "recency" else share
                found.append({
                    "month": month, "dimension": dimension, "score": score,
                    "break_value": float(np.quantile(each, share)), "customers": len(each),
                })
    return pd.DataFrame(found)


def _rfm(people: People) -> np.ndarray:
    """The RFM segment of everybody on every day; empty for who has no score."""
    values = rfm_values(people)
    breaks = _breaks(people, values).set_index(["month", "dimension"])
    found = np.full(people.ordered.shape, "", dtype=object)
    bins, rules = people.tables.rules["customer_value.rfm_bins"], people.tables.rules
    below_middle, below_high = (round(bins * rules[f"customer_value.rfm_{level}_share"], 6) for level in ("middle", "high"))
    month_of_day = month_of(pd.Series(people.days)).to_numpy()
    for month in breaks.index.get_level_values("month").unique():
        columns = np.flatnonzero(month_of_day == month.to_datetime64())
        levels = []
        for dimension in ("recency", "frequency"):
            each, better = values[dimension][:, columns], -1 if dimension == "recency" else 1
            score = 1 + sum((better * each > better * limit).astype(int) for limit in breaks.loc[(month, dimension)].break_value)
            levels.append(np.where(np.isnan(each), "", np.select([score > below_high, score > below_middle], ["high", "middle"], "low")))
        for (recency, frequency), name in RFM_SEGMENTS.items():
            here = (levels[0] == recency) & (levels[1] == frequency)
            found[:, columns] = np.where(here, name, found[:, columns])
    return found


def _of_vendors(tables: Tables) -> pd.DataFrame:
    """People in the segments that vendors keep; a vendor does not date them."""
    segments = tables.customer_segments
    segments = segments[segments.customer_id.isin(known_people(tables))]
    names = segments.source_system + ":" + segments.source_account + ":" + segments.segment_code
    counts = segments.groupby(names).customer_id.nunique()
    return pd.DataFrame({
        "day": tables.as_of_on, "segment": "vendor:" + counts.index, "segment_family": "vendor", "segment_name": counts.index,
        "customers": counts.to_numpy(),
    })


MARTS = {"kpi_segments_daily": kpi_segments_daily, "rfm_breaks": rfm_breaks}
