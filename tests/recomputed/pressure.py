"""How hard people are pressed: every person on every day, with what had been delivered to them by its end."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from tests.recomputed.opt_outs import sent_after_opt_out
from tests.recomputed.people import known_since
from tests.recomputed.tables import Tables, ratio

DAY = pd.Timedelta(days=1)


def kpi_contact_pressure_daily(tables: Tables) -> pd.DataFrame:
    """People by the band in which they end a day, and the messages of the day that went to them."""
    since, messages = known_since(tables), pressing(tables)
    messages = messages[messages.customer_id.isin(since.index)]
    days = pd.date_range(messages.sent_on.min(), tables.as_of_on)
    who = since.index
    is_known = since.to_numpy()[:, None] <= days.to_numpy()[None, :]

    def by_person_and_day(counting: pd.Series) -> np.ndarray:
        counted = messages[counting]
        table = np.zeros(is_known.shape, dtype=int)
        np.add.at(table, (who.get_indexer(counted.customer_id), days.get_indexer(counted.sent_on)), 1)
        return table

    delivered = by_person_and_day(messages.is_delivered)
    week, month = _of_the_last(7, delivered), _of_the_last(30, delivered)
    over = (week > tables.rules["contact_pressure.cap_7_days"]) | (month > tables.rules["contact_pressure.cap_30_days"])
    last = np.maximum.accumulate(np.where(delivered > 0, np.arange(len(days)), -1), axis=1)
    values = {
        "people": np.ones_like(week),
        "messages_7d": week,
        "messages_30d": month,
        "people_over_cap": over,
        "sent": by_person_and_day(messages.sent_on.notna()),
        "messages_after_opt_out": by_person_and_day(messages.is_after_opt_out),
        "delivered": delivered,
        "duplicate_messages": by_person_and_day(messages.is_repeated),
        "unsubscribed": by_person_and_day(messages.is_delivered & messages.is_unsubscribed),
        "spam_complaints": by_person_and_day(messages.is_delivered & messages.is_spam_complaint),
        "people_written_to": last >= 0,
        "days_since_last_message": np.where(last >= 0, np.arange(len(days)) - last, 0),
    }
    edges = tables.rules["contact_pressure.band_edges"]
    band = np.searchsorted(edges, week, side="right")
    told = [
        pd.DataFrame({"day": days, "pressure_band": name} | {
            column: (value * (is_known & (band == number))).sum(axis=0) for column, value in values.items()
        })
        for number, name in enumerate(band_names(edges))
    ]
    rows = pd.concat(told, ignore_index=True)
    return rows.assign(
        messages_7d_per_person=ratio(rows.messages_7d, rows.people),
        messages_30d_per_person=ratio(rows.messages_30d, rows.people),
        over_cap_share=ratio(rows.people_over_cap, rows.people),
        after_opt_out_share=ratio(rows.messages_after_opt_out, rows.sent),
        duplicate_message_share=ratio(rows.duplicate_messages, rows.delivered),
        unsubscribe_rate=ratio(rows.unsubscribed, rows.delivered),
        spam_complaint_rate=ratio(rows.spam_complaints, rows.delivered),
        average_days_since_last_message=ratio(rows.days_since_last_message, rows.people_written_to),
    )


def customer_contact_pressure(tables: Tables) -> pd.DataFrame:
    """The same of every customer on the day of the refresh, channel by channel."""
    today, everybody = tables.as_of_on, pd.Index(tables.customer_360.customer_id)
    messages, sent = pressing(tables), tables.messages
    got = messages[messages.is_delivered]
    told: dict[str, pd.Series] = {}
    for days in (7, 30):
        recent = got[_in_the_last(days, got.sent_on, today)]
        told[f"messages_{days}d"] = recent.customer_id.value_counts()
        for channel in ("email", "push", "sms", "messenger"):
            told[f"{channel}_messages_{days}d"] = recent.customer_id[recent.channel == channel].value_counts()
    about_orders = sent[(sent.message_type == "transactional") & sent.is_delivered]
    against = messages[messages.is_after_opt_out]
    told |= {
        "transactional_messages_30d": about_orders.customer_id[_in_the_last(30, about_orders.sent_on, today)].value_counts(),
        "duplicate_messages_30d": messages.customer_id[messages.is_repeated & _in_the_last(30, messages.sent_on, today)].value_counts(),
        "messages_after_opt_out_30d": against.customer_id[_in_the_last(30, against.sent_on, today)].value_counts(),
        "messages_after_opt_out": against.customer_id.value_counts(),
    }
    rows = pd.DataFrame({name: counts.reindex(everybody, fill_value=0) for name, counts in told.items()}, index=everybody)
    last = got.sort_values(["sent_at", "message_id"]).drop_duplicates("customer_id", keep="last").set_index("customer_id")
    rows["last_message_at"] = last.sent_at.reindex(everybody)
    rows["last_message_channel"] = last.channel.reindex(everybody)
    rows["days_since_last_message"] = ((today - last.sent_on) // DAY).reindex(everybody).astype("Int64")
    rows["last_after_opt_out_at"] = against.groupby("customer_id").sent_at.max().reindex(everybody)
    rows["is_over_cap_7d"] = rows.messages_7d > tables.rules["contact_pressure.cap_7_days"]
    rows["is_over_cap_30d"] = rows.messages_30d > tables.rules["contact_pressure.cap_30_days"]
    rows["is_over_cap"] = rows.is_over_cap_7d | rows.is_over_cap_30d
    house = tables.customer_360.set_index("customer_id").household_id
    house = house.fillna(pd.Series(everybody, index=everybody))
    for days in (7, 30):
        rows[f"household_messages_{days}d"] = rows[f"messages_{days}d"].groupby(house.reindex(everybody)).transform("sum")
    over_in_7_days = rows.household_messages_7d > tables.rules["contact_pressure.cap_7_days"]
    rows["is_household_over_cap"] = over_in_7_days | (rows.household_messages_30d > tables.rules["contact_pressure.cap_30_days"])
    edges = tables.rules["contact_pressure.band_edges"]
    rows["pressure_band"] = np.array(band_names(edges))[np.searchsorted(edges, rows.messages_7d, side="right")]
    return rows.rename_axis("customer_id").reset_index()


def pressing(tables: Tables) -> pd.DataFrame:
    """Promotional and trigger messages: which repeat in a second channel what their person had just got in another, and which went to
    somebody who had opted out."""
    messages = tables.messages[tables.messages.message_type.isin(["mass", "trigger"])]
    campaigns = tables.campaigns.set_index("campaign_id")
    called = messages.trigger_name
    for of_campaign in (campaigns.utm_campaign, campaigns.name):
        called = called.fillna(messages.campaign_id.map(of_campaign))
    messages = messages.assign(called=called.str.strip().str.lower())
    got = messages.loc[messages.is_delivered & messages.customer_id.notna() & messages.called.notna()]
    got = got.assign(reacted_at=_reacted_at(got))[["message_id", "customer_id", "called", "channel", "sent_at", "reacted_at"]]
    repeated = set()
    in_channels = got.groupby(["customer_id", "called"]).channel.transform("nunique")
    for _, same in got[in_channels > 1].groupby(["customer_id", "called"]):
        repeated |= _repeated(same, pd.Timedelta(hours=tables.rules["contact_pressure.duplicate_window_hours"]))
    opted_out = sent_after_opt_out(tables)
    return messages.assign(is_repeated=messages.message_id.isin(repeated), is_after_opt_out=messages.message_id.isin(opted_out))


def _repeated(same: pd.DataFrame, window: pd.Timedelta) -> set[str]:
    found = set()
    series = list(same.sort_values(["sent_at", "message_id"]).itertuples())
    for place, later in enumerate(series):
        before = [one for one in series[:place] if one.channel != later.channel and one.sent_at >= later.sent_at - window]
        if before and not same.reacted_at.between(before[-1].sent_at, later.sent_at).any():
            found.add(later.message_id)
    return found


def _reacted_at(messages: pd.DataFrame) -> pd.Series:
    """When a person first opened or clicked the message."""
    opened = messages.first_opened_at.where(messages.is_opened & ~messages.is_machine_opened)
    return pd.concat([opened, messages.first_clicked_at], axis=1).min(axis=1)


def band_names(edges: list[int]) -> list[str]:
    """Bands between the edges: 0, 1–2, 3–4, 5–7, 8+."""
    between = [(low, high - 1) for low, high in pairwise([0, *edges])]
    return [*(str(low) if low == high else f"{low}–{high}" for low, high in between), f"{edges[-1]}+"]


def _of_the_last(days: int, by_day: np.ndarray) -> np.ndarray:
    """Of each day the sum of the days that end with it."""
    summed = by_day.cumsum(axis=1)
    summed[:, days:] -= summed[:, :-days].copy()
    return summed


def _in_the_last(days: int, on: pd.Series, today: pd.Timestamp) -> pd.Series:
    return (on > today - days * DAY) & (on <= today)


MARTS = {"kpi_contact_pressure_daily": kpi_contact_pressure_daily, "customer_contact_pressure": customer_contact_pressure}
