"""Where a visit came from: traffic source, UTM tags, referer and landing page.

    visits (kind, keys, client) + the message behind a click -> traffic_source, utm_*, referer, landing_url

A mailing's links carry its own tags and the recipient (`mindboxid=`, assumed: what the parameter is called is set up in each
project). An advertisement's tags are those of its campaign in sandbox/advertising.py. A site has no tags for all the rest.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox.advertising import ADVERTS, utm_campaigns
from sandbox.dice import Dice
from sandbox.errands import CLICK, ORDER, STRANGER

SITE = "https://shop.example"
SOURCES = ("ad", "organic", "direct", "referral", "social", "messenger", "internal", "saved", "recommend")
KNOWN, STRANGERS = (17, 24, 36, 5, 5, 5, 3, 3, 2), (31, 38, 12, 6, 7, 2, 1, 1, 2)
REFERERS = {
    "organic": ("https://yandex.ru/", "https://www.google.com/"),
    "referral": ("https://blog.example/", "https://coupons.example/", "https://reviews.example/"),
    "social": ("https://vk.com/", "https://ok.ru/"),
    "messenger": ("https://web.telegram.org/", "https://web.whatsapp.com/"),
    "recommend": ("https://dzen.ru/", "https://market.example/"),
    "internal": (f"{SITE}/", f"{SITE}/cart"),
}
# Metrica knows e-mail as a source; a link in an SMS or a push bears tags and no referer, and counts as direct.
OF_MAILINGS = {"email": "email", "sms": "direct", "push": "direct"}
LANDINGS = ("/", "/catalog", "/catalog/kosmetika", "/catalog/dom", "/catalog/podarki", "/promo")
LANDING_WEIGHTS = (30, 14, 22, 14, 8, 12)


def sources(dice: Dice, visits: pd.DataFrame, letters: pd.DataFrame) -> pd.DataFrame:
    """`visits`: kind, key, message_id, started_at; `letters` (index message_id): channel, utm_source, utm_medium, utm_campaign, mindbox_id.

    -> traffic_source, utm_source, utm_medium, utm_campaign, referer, landing_path, landing_url; rows as in `visits`.
    """
    kind, key = visits["kind"].to_numpy(), visits["key"].to_numpy()
    names = np.array(SOURCES, dtype=object)
    drawn = np.where(kind == STRANGER, dice.index(9, "source", key, weights=STRANGERS), dice.index(9, "source", key, weights=KNOWN))
    source = names[drawn]
    clicked = kind == CLICK
    letter = letters.reindex(visits["message_id"].to_numpy())
    source = np.where(clicked, letter["channel"].map(OF_MAILINGS).to_numpy(dtype=object), source)
    paid = source == "ad"
    advert = dice.index(len(ADVERTS), "advert", key, weights=[a.share for a in ADVERTS])
    told = utm_campaigns(advert, visits["started_at"].to_numpy())
    utm = {}
    for name, of_advert in (("utm_source", [a.utm_source for a in ADVERTS]), ("utm_medium", [a.utm_medium for a in ADVERTS])):
        utm[name] = np.where(paid, np.array(of_advert, dtype=object)[advert], None)
    utm["utm_campaign"] = np.where(paid, told, None)
    for name in utm:
        utm[name] = np.where(clicked, letter[name].to_numpy(dtype=object), utm[name])
    referer = np.full(len(visits), None, dtype=object)
    for name, sites in REFERERS.items():
        hit = source == name
        referer[hit] = np.array(sites, dtype=object)[dice.index(len(sites), "referer", key[hit])]
    path = np.array(LANDINGS, dtype=object)[dice.index(len(LANDINGS), "landing", key, weights=LANDING_WEIGHTS)]
    path = np.where((kind == ORDER) & (source == "internal"), "/cart", path)
    path = np.where(clicked, "/catalog", path)
    url = SITE + path
    tagged = paid | clicked
    tags = "?utm_source=" + utm["utm_source"][tagged] + "&utm_medium=" + utm["utm_medium"][tagged]
    url[tagged] = url[tagged] + tags + "&utm_campaign=" + utm["utm_campaign"][tagged]
    url[clicked] = url[clicked] + "&mindboxid=" + letter["mindbox_id"].to_numpy()[clicked].astype(np.int64).astype(str).astype(object)
    yandex = paid & (utm["utm_source"] == "yandex")
    url[yandex] = url[yandex] + "&yclid=" + (dice.bits("yclid", key[yandex]) >> np.uint64(1)).astype(str).astype(object)
    return pd.DataFrame({"traffic_source": source, **utm, "referer": referer, "landing_path": path, "landing_url": url}, index=visits.index)
