"""The shop's site as its visitors use it: visits, what they do, and in which browsers.

    errands -> placed at browsers -> steps laid in time -> browsers, visits, visit_events, goals

A visit begins to exist for anybody when it ends. The counter goes on rewriting it for up to three days (`early_pageviews` until
`settled_at`) and throws a few out as robots' (`gone_at`). An order's visit ends with its purchase some seconds around the order.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import errands, steps
from sandbox.browsers import browsers, person_ids, placed, wide_ids
from sandbox.catalogue import CITIES, CITY_WEIGHTS
from sandbox.dice import Dice
from sandbox.errands import CLICK, IDLE, LEFT_CART, ORDER, REMINDED_CART, RESEARCH
from sandbox.sources import SITE, sources
from sandbox.trade import DAY, MOSCOW, NEVER, seconds
from sandbox.world import table

LOGS_IN = {ORDER: 0.75, CLICK: 0.2, RESEARCH: 0.1, LEFT_CART: 0.8, REMINDED_CART: 0.9, IDLE: 0.22}
REWRITTEN, ROBOTS, REPEATED_IDS = 0.22, 0.004, 0.002
BOUNCES_BEFORE_SECONDS = 15
TITLES = {
    "/": "Омнимарт",
    "/catalog": "Каталог",
    "/catalog/kosmetika": "Косметика",
    "/catalog/dom": "Товары для дома",
    "/catalog/podarki": "Подарки",
    "/promo": "Акции",
    "/login": "Вход",
    "/delivery": "Доставка и оплата",
    "/cart": "Корзина",
    "/contacts": "Контакты",
    "/checkout": "Оформление заказа",
    "/checkout/success": "Спасибо за заказ",
}


def browse(
    dice: Dice,
    asked: pd.DataFrame,
    wanted: pd.DataFrame,
    orders: pd.DataFrame,
    goods: pd.DataFrame,
    own: pd.DataFrame,
    letters: pd.DataFrame,
    *,
    begins: np.datetime64,
    ends: np.datetime64,
) -> dict[str, pd.DataFrame]:
    """`asked`: site errands; `wanted`: lines of the purchases, by plan and number.

    `own`: person, created_at of retailcrm's own records; `letters`: as in sources.

    -> browsers, visits, visit_events, goals
    """
    asked = asked[(asked["at"] >= begins - DAY) & (asked["at"] <= ends + DAY)]
    visits = placed(dice, errands.seen_by_the_counter(dice, asked))
    visits["key"] = dice.bits("visit", visits["kind"], visits["k1"], visits["k2"]).astype(np.int64)
    visits = visits.sort_values(["at", "key"], kind="stable").reset_index(drop=True)
    kind, key = visits["kind"].to_numpy(), visits["key"].to_numpy()
    visits["stays"] = ~dice.happens(steps.by_kind(kind, steps.LEAVES_AT_ONCE), "leaves at once", key)
    visits["carries"] = (kind == ORDER) & visits["plan"].isin(visits.loc[kind == LEFT_CART, "plan"])
    known_since = own.set_index("person")["created_at"].reindex(visits["who"]).to_numpy().astype("datetime64[us]")
    guest = visits["order_id"].isin(orders.loc[orders["is_guest_checkout"], "order_id"]).to_numpy()
    # The hour keeps a login after the record that a first order makes a minute before itself.
    has_account = known_since <= visits["at"].to_numpy() - np.timedelta64(1, "h")
    visits["logs_in"] = has_account & ~guest & dice.happens(steps.by_kind(kind, LOGS_IN), "logs in", key)
    visits = visits.join(sources(dice, visits.rename(columns={"at": "started_at"}), letters))
    taken = steps.lines(dice, visits, wanted, goods)
    walked = steps.steps(dice, visits, taken)
    visits = _laid_in_time(dice, visits, walked)
    kept = ((visits["started_at"] >= begins) & (visits["ended_at"] <= ends)).to_numpy()
    walked = walked[kept[walked["visit"].to_numpy()]]
    walked = walked.assign(visit=(np.cumsum(kept) - 1)[walked["visit"].to_numpy()]).reset_index(drop=True)
    visits = visits[kept].reset_index(drop=True)
    events = _events(dice, visits, walked, goods)
    in_time = visits.sort_values(["started_at", "key"], kind="stable")
    visits, events["visit_id"] = _with_ids(dice, visits, in_time, events["visit"])
    counted = _counted(dice, visits, events, in_time)
    return {
        "browsers": browsers(dice, in_time),
        "visits": table("visits", counted.loc[in_time.index, list(table("visits").columns)]),
        "visit_events": table(
            "visit_events", events.sort_values(["happened_at", "visit", "position"], kind="stable")[list(table("visit_events").columns)]
        ),
        "goals": table("goals", pd.DataFrame(steps.GOALS, columns=["goal_id", "name"])),
    }


def _laid_in_time(dice: Dice, visits: pd.DataFrame, walked: pd.DataFrame) -> pd.DataFrame:
    """With started_at and ended_at: an order's visit by its purchase, any other by its beginning."""
    key = visits["key"].to_numpy()
    paid = walked[walked["event"] == steps.PURCHASE].set_index("visit")["since"].reindex(range(len(visits)))
    about = paid + 4 - dice.index(16, "purchase told", key)
    started = visits["at"].to_numpy().astype("datetime64[us]") - seconds(about.fillna(0).to_numpy())
    last = walked.groupby("visit")["since"].max().to_numpy()
    stays = np.where(visits["stays"], 10 + dice.index(36, "closes after", key), 10 + dice.index(12, "closes after", key))
    return visits.assign(started_at=started, ended_at=started + seconds(last + stays))


def _with_ids(dice: Dice, visits: pd.DataFrame, in_time: pd.DataFrame, visit_of_event: pd.Series) -> tuple[pd.DataFrame, np.ndarray]:
    """visit_id for visits and events. The counter's ids are unique within a year only: a few come back in the next one."""
    ids = wide_ids(dice.bits("visit id", visits["key"].to_numpy()))
    day = (in_time["started_at"].to_numpy() + MOSCOW).astype("datetime64[D]")
    year, clients = day.astype("datetime64[Y]").astype(int), visits["client_id"].to_numpy(dtype=object)
    row = in_time.index.to_numpy()
    for this in np.unique(year)[1:]:
        # December is left out: the end of the world must not lie among those that are drawn from.
        early = row[(year == this - 1) & (day.astype("datetime64[M]").astype(int) % 12 < 11)]
        again = row[year == this]
        again = again[dice.happens(REPEATED_IDS, "id comes back", visits["key"].to_numpy()[again])]
        if not len(early) or not len(again):
            continue
        source = early[dice.index(len(early), "whose id", visits["key"].to_numpy()[again])]
        _, first = np.unique(source, return_index=True)
        first = first[clients[source[first]] != clients[again[first]]]
        ids[again[first]] = ids[source[first]]
    return visits.assign(visit_id=ids), ids[visit_of_event.to_numpy()]


def _events(dice: Dice, visits: pd.DataFrame, walked: pd.DataFrame, goods: pd.DataFrame) -> pd.DataFrame:
    visit, product = walked["visit"].to_numpy(), walked["product"].to_numpy()
    event, is_product = walked["event"].to_numpy(), product >= 0

    page = walked["page"]
    url = SITE + page.where(~is_product, "")
    url = np.where(is_product, (SITE + "/product/" + goods["article"].astype(object)).to_numpy()[product], url.to_numpy(dtype=object))
    landing = walked["position"].to_numpy() == 0
    url[landing] = visits["landing_url"].to_numpy(dtype=object)[visit[landing]]
    order = visits["order_id"].to_numpy()[visit]
    tells = (event == steps.PURCHASE) | (walked["goal_id"].to_numpy() == steps.ORDERED)
    url[tells] = url[tells] + "?order=web-" + order[tells].astype(str).astype(object)
    came_from = np.concatenate([[None], url[:-1]])
    referer = np.where(landing, visits["referer"].to_numpy(dtype=object)[visit], came_from)
    return pd.DataFrame(
        {
            "watch_id": wide_ids(dice.bits("watch", visits["key"].to_numpy()[visit], walked["position"].to_numpy())),
            "visit": visit,
            "position": walked["position"],
            "client_id": visits["client_id"].to_numpy(dtype=object)[visit],
            "happened_at": visits["started_at"].to_numpy()[visit] + seconds(walked["since"].to_numpy()),
            "event": np.array(steps.EVENTS, dtype=object)[event],
            "url": url,
            "title": np.where(is_product, goods["name"].to_numpy(dtype=object)[product], page.map(TITLES).to_numpy(dtype=object)),
            "referer": referer,
            "product_id": _or_missing(goods["product_id"].to_numpy()[product], is_product),
            "quantity": _or_missing(walked["quantity"].to_numpy(), is_product),
            "price_kop": _or_missing(walked["price_kop"].to_numpy(), is_product),
            "order_id": _or_missing(order, tells),
            "goal_id": _or_missing(walked["goal_id"].to_numpy(), walked["goal_id"].to_numpy() > 0),
        }
    )


def _or_missing(values: np.ndarray, there: np.ndarray) -> pd.api.extensions.ExtensionArray:
    return pd.arrays.IntegerArray(values.astype(np.int64), ~there)


def _counted(dice: Dice, visits: pd.DataFrame, events: pd.DataFrame, in_time: pd.DataFrame) -> pd.DataFrame:
    """With everything that the counter says of a visit; who sat there besides, as only the truth knows."""
    key, rows = visits["key"].to_numpy(), len(visits)
    is_page = events["event"].isin(["page_view", "product_view", "checkout", "purchase"])
    pages = np.bincount(events.loc[is_page, "visit"], minlength=rows)
    last = events[is_page].drop_duplicates("visit", keep="last").set_index("visit")["url"]
    told = np.where(dice.happens(REWRITTEN, "rewritten", key), np.maximum(pages - 1 - dice.index(3, "told late", key), 1), pages)
    settled = visits["ended_at"].to_numpy() + seconds(3600 + dice.index(68 * 3600, "settles", key))
    robot = (visits["who"] < 0) & (visits["order_id"] < 0) & dice.happens(ROBOTS, "robot", key)
    who = visits["who"].to_numpy()
    account, logs_in = np.full(rows, None, dtype=object), visits["logs_in"].to_numpy()
    account[logs_in] = [f"shop-{w + 1:06d}" for w in who[logs_in].tolist()]
    duration = (visits["ended_at"] - visits["started_at"]).to_numpy() / np.timedelta64(1, "s")
    city = np.array([c[0] for c in CITIES], dtype=object)[
        dice.index(len(CITIES), "browser city", visits["owner"], visits["slot"], weights=CITY_WEIGHTS)
    ]
    return visits.assign(
        person_id=person_ids(who),
        end_url=last.reindex(range(rows)).to_numpy(dtype=object),
        city=city,
        pageviews=pages,
        early_pageviews=told,
        settled_at=settled,
        gone_at=np.where(robot, settled, NEVER),
        is_new_visitor=~in_time["client_id"].duplicated().reindex(range(rows)).to_numpy(),
        is_bounce=(pages == 1) & (duration < BOUNCES_BEFORE_SECONDS),
        logged_in_as=account,
        clicked_message_id=_or_missing(visits["message_id"].to_numpy(), visits["message_id"].to_numpy() >= 0),
        order_id=_or_missing(visits["order_id"].to_numpy(), visits["order_id"].to_numpy() >= 0),
    )
