"""What the retailer advertises, and what each channel costs a day.

    ADVERTS -> utm tags of visits from advertisements;  visits, messages, clicks -> channel_costs

A campaign is booked by the month or the quarter and stands under the same utm_campaign in its visits and in its costs. The clicks
that a channel bills are a few more than the visits that arrive: some leave before the page has loaded, some block the counter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sandbox.dice import Dice
from sandbox.trade import MOSCOW
from sandbox.world import table


@dataclass(frozen=True)
class Advert:
    """A standing line of the media plan. share: of visits by advertisement; click_rate: clicks per showing; click_kop: of one."""

    channel: str
    code: str
    name: str
    utm_source: str
    utm_medium: str
    months: int
    share: float
    click_rate: float
    click_kop: int


ADVERTS = (
    Advert("paid_search", "search_brand", "Поиск: бренд", "yandex", "cpc", 3, 26, 0.09, 1400),
    Advert("paid_search", "search_category", "Поиск: категории", "yandex", "cpc", 1, 24, 0.035, 3600),
    Advert("display", "retargeting", "Ретаргетинг", "yandex", "cpm", 1, 16, 0.006, 1600),
    Advert("social_ads", "vk_feed", "ВКонтакте: лента", "vk", "cpc", 1, 18, 0.011, 2200),
    Advert("cpa", "partners", "Партнёрская сеть", "partner_net", "cpa", 3, 16, 0.02, 2600),
)
LOST_CLICKS = 0.12
SENDING_KOP = {"email": 12, "sms": 420, "push": 1}  # a message
OUTDOOR_DAY_KOP, OUTDOOR_SHOWN = 290, 7.6  # a person of the sandbox and day; billboards every fourth month, which nobody can click
SETTLES = np.timedelta64(2, "h")


def utm_campaigns(advert: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """The campaign of an advertisement (row of ADVERTS) as tagged at a moment, e.g. search_category_202603."""
    month = (moment.astype("datetime64[us]") + MOSCOW).astype("datetime64[M]").astype(int)
    lasts = np.array([a.months for a in ADVERTS])[advert]
    month = month - month % lasts
    names = {
        (a, m): f"{ADVERTS[a].code}_{np.datetime64(m, 'M')}".replace("-", "")
        for a, m in {*zip(advert.tolist(), month.tolist(), strict=True)}
    }
    return np.array([names[pair] for pair in zip(advert.tolist(), month.tolist(), strict=True)], dtype=object)


def channel_costs(
    dice: Dice,
    visits: pd.DataFrame,
    messages: pd.DataFrame,
    clicks: pd.DataFrame,
    sent: pd.DataFrame,
    *,
    customers: int,
    begins: np.datetime64,
    ends: np.datetime64,
) -> pd.DataFrame:
    """One row per day, channel and campaign that was shown, sent or clicked that day; days that are over by `ends`.

    `visits`: started_at, traffic_source, utm_campaign; `clicks`: message_id, happened_at; `sent`: the campaigns.
    """
    parts = [_adverts(dice, visits), _mailings(messages, clicks, sent), _outdoor(dice, customers, begins, ends)]
    found = pd.concat(parts, ignore_index=True)
    found = found[found["cost_on"].to_numpy().astype("datetime64[us]") + np.timedelta64(1, "D") - MOSCOW + SETTLES <= ends]
    return table("channel_costs", found.sort_values(["cost_on", "channel", "campaign"], kind="stable"))


def _adverts(dice: Dice, visits: pd.DataFrame) -> pd.DataFrame:
    paid = visits[visits["traffic_source"] == "ad"]
    day = (paid["started_at"].to_numpy() + MOSCOW).astype("datetime64[D]")
    counted = pd.DataFrame({"cost_on": day, "utm_campaign": paid["utm_campaign"].astype(object).to_numpy()})
    counted = counted.groupby(["cost_on", "utm_campaign"], as_index=False).size()
    code = counted["utm_campaign"].str.rsplit("_", n=1).str[0]
    advert = code.map({a.code: n for n, a in enumerate(ADVERTS)}).to_numpy()
    key = (counted["cost_on"].to_numpy().astype("datetime64[D]").astype(int), advert)
    clicks = np.ceil(counted["size"].to_numpy() * (1 + LOST_CLICKS * dice.uniform("lost clicks", *key) * 2)).astype(np.int64)
    rate, price = (np.array([getattr(a, name) for a in ADVERTS])[advert] for name in ("click_rate", "click_kop"))
    return counted.drop(columns="size").assign(
        channel=np.array([a.channel for a in ADVERTS], dtype=object)[advert],
        campaign=np.array([a.name for a in ADVERTS], dtype=object)[advert] + " " + code.index.map(counted["utm_campaign"].str[-6:]),
        clicks=clicks,
        impressions=(clicks / (rate * dice.between(0.8, 1.25, "click rate", *key))).astype(np.int64),
        cost_kop=(clicks * price * dice.between(0.75, 1.3, "click price", *key)).astype(np.int64),
    )


def _mailings(messages: pd.DataFrame, clicks: pd.DataFrame, sent: pd.DataFrame) -> pd.DataFrame:
    campaign = messages.set_index("message_id")["campaign_id"]
    days = {
        "impressions": (messages["campaign_id"].to_numpy(), messages["sent_at"].to_numpy()),
        "clicks": (clicks["message_id"].map(campaign).to_numpy(), clicks["happened_at"].to_numpy()),
    }
    counted = [
        pd.DataFrame({"campaign_id": ids, "cost_on": (moments + MOSCOW).astype("datetime64[D]")})
        .groupby(["campaign_id", "cost_on"])
        .size()
        .rename(name)
        for name, (ids, moments) in days.items()
    ]
    made = pd.concat(counted, axis=1).fillna(0).astype("int64").reset_index()
    names = sent.set_index("campaign_id")
    at = made["campaign_id"]
    channel = at.map(names["channel"].astype(object))
    return made.drop(columns="campaign_id").assign(
        channel=channel,
        campaign=at.map(names["name"]),
        utm_campaign=at.map(names["utm_campaign"]),
        cost_kop=made["impressions"] * channel.map(SENDING_KOP).astype("int64"),
    )


def _outdoor(dice: Dice, customers: int, begins: np.datetime64, ends: np.datetime64) -> pd.DataFrame:
    day = np.arange(begins.astype("datetime64[D]"), ends.astype("datetime64[D]") + 1)
    month = day.astype("datetime64[M]").astype(int)
    day, month = day[month % 4 == 2], month[month % 4 == 2]
    shown = (OUTDOOR_SHOWN * customers * dice.between(0.9, 1.1, "outdoor", day.astype(int))).astype(np.int64)
    return pd.DataFrame(
        {
            "cost_on": day,
            "channel": "offline_ads",
            "campaign": [f"Наружная реклама {np.datetime64(m, 'M')}" for m in month.tolist()],
            "utm_campaign": None,
            "impressions": shown,
            "clicks": 0,
            "cost_kop": OUTDOOR_DAY_KOP * customers,
        }
    )
