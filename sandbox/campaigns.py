"""The simulated retailer's campaigns: what is sent when, to whom it is meant.

begins, ends -> campaigns with their sending times;  orders, people -> occasions for trigger and order messages
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sandbox.dice import Dice
from sandbox.trade import seconds
from sandbox.world import table

BRAND = "omnimart"
MOST_CARTS_LEFT = 12
PLANNED_BEFORE = np.timedelta64(26, "h")
# every n weeks, weekday, hour UTC, channel, topic, share of the subscribers, name
MASS = (
    (1, 1, 8, "email", "promo", 0.80, "Скидки недели"),
    (2, 4, 13, "email", "promo", 0.40, "Выходные в Омнимарт"),
    (4, 2, 8, "email", "digest", 0.95, "Журнал"),
    (1, 3, 15, "push", "promo", 0.75, "Пуш недели"),
    (3, 5, 9, "sms", "promo", 0.60, "СМС с кодом"),
)
# Further legs of "Скидки недели" in turn, a week each, under the same utm_campaign: channel, hours later, whether only to those who did not
# open, share of the subscribers of that channel who were sent the first leg, name
LEGS = (
    ("sms", 3, False, 0.45, "СМС"),
    ("push", 6, False, 0.70, "пуш"),
    ("sms", 20, True, 0.45, "СМС не открывшим"),
    ("email", 72, True, 0.45, "повтор не открывшим"),
)
# system name, type, channel, topic, name
TRIGGERS = (
    ("welcome", "trigger", "email", "promo", "Добро пожаловать"),
    ("birthday", "trigger", "email", "promo", "С днём рождения"),
    ("abandoned_cart", "trigger", "email", "promo", "Вы забыли товары в корзине"),
    ("reactivation", "trigger", "email", "promo", "Мы скучаем"),
    ("review_request", "trigger", "email", "promo", "Как вам покупка?"),
    ("abandoned_cart_push", "trigger", "push", "promo", "Корзина ждёт"),
    ("order_confirmed", "transactional", "email", None, "Заказ подтверждён"),
    ("order_shipped", "transactional", "sms", None, "Заказ в пути"),
)


def campaigns(*, begins: np.datetime64, ends: np.datetime64) -> pd.DataFrame:
    """campaigns, with sent_at and share beside the published columns (missing for triggers); ids grow with created_at.

    `follows` is the campaign_id of the first leg, -1 for what is none's second one; `unopened`: to those who did not open that.
    """
    rows = [
        {
            "name": name,
            "system_name": code,
            "type": kind,
            "channel": channel,
            "trigger_name": code,
            "topic": topic,
            "created_at": begins,
            "changed_at": begins,
            "share": np.nan,
            "sent_at": np.datetime64("NaT", "us"),
            "utm_campaign": code,
            "unopened": False,
        }
        for code, kind, channel, topic, name in TRIGGERS
    ]
    monday = begins.astype("datetime64[D]") - int((begins.astype("datetime64[D]").astype(int) + 3) % 7)
    for week in range(int((ends - begins) / np.timedelta64(7, "D")) + 2):
        for number, (every, weekday, hour, channel, topic, share, name) in enumerate(MASS):
            sent = (monday + 7 * week + weekday).astype("datetime64[us]") + np.timedelta64(hour, "h")
            if week % every == 0 and begins < sent <= ends + PLANNED_BEFORE:
                day = str(sent.astype("datetime64[D]"))
                rows.append(
                    {
                        "name": f"{name} {day}",
                        "system_name": f"{channel}_{topic}_{number}_{day.replace('-', '')}",
                        "type": "mass",
                        "channel": channel,
                        "trigger_name": None,
                        "topic": topic,
                        "created_at": sent - PLANNED_BEFORE,
                        "changed_at": sent,
                        "share": share,
                        "sent_at": sent,
                        "utm_campaign": f"{channel}_{topic}_{number}_{day.replace('-', '')}",
                        "unopened": False,
                    }
                )
                rows += [_leg(rows[-1], week)] if number == 0 else []
    rows = [row for row in rows if not row["sent_at"] > ends + PLANNED_BEFORE]
    made = (
        pd.DataFrame(rows).sort_values(["created_at", "sent_at", "system_name"], kind="stable", na_position="first").reset_index(drop=True)
    )
    made["campaign_id"] = np.arange(501, 501 + len(made))
    published = table(
        "campaigns",
        {
            **{
                n: made[n]
                for n in ("campaign_id", "name", "system_name", "type", "channel", "trigger_name", "topic", "created_at", "changed_at")
            },
            "brand": BRAND,
            "utm_source": np.where(made["channel"] == "email", "email", made["channel"]),
            "utm_medium": "crm",
            "utm_campaign": made["utm_campaign"],
        },
    )
    first = made.drop_duplicates("utm_campaign").set_index("utm_campaign")["campaign_id"]
    follows = made["utm_campaign"].map(first)
    return published.assign(
        share=made["share"], sent_at=made["sent_at"], unopened=made["unopened"], follows=follows.where(follows != made["campaign_id"], -1)
    )


def _leg(first: dict[str, Any], week: int) -> dict[str, Any]:
    """The second leg of a week's mailing."""
    channel, hours, unopened, share, name = LEGS[week % len(LEGS)]
    sent = first["sent_at"] + np.timedelta64(hours, "h")
    return first | {
        "name": f"{first['name']}, {name}",
        "system_name": f"{first['system_name']}_{channel}",
        "channel": channel,
        "created_at": sent - PLANNED_BEFORE,
        "changed_at": sent,
        "share": share,
        "sent_at": sent,
        "unopened": unopened,
    }


def occasions(dice: Dice, readers: pd.DataFrame, orders: pd.DataFrame, *, ends: np.datetime64) -> pd.DataFrame:
    """system_name, reader (row number in `readers`), sent_at, number: what calls for a message, consent not yet asked.

    `readers`: person (row number in people), created_at, birth_date; `orders`: those of readers, with reader, online and milestones.
    """
    key = readers["person"].to_numpy()
    created = readers["created_at"].to_numpy().astype("datetime64[us]")
    found = [
        pd.DataFrame({"system_name": "welcome", "reader": np.arange(len(key)), "sent_at": created + np.timedelta64(30, "m"), "number": 0})
    ]
    born = readers["birth_date"].to_numpy().astype("datetime64[D]")
    in_year = born - born.astype("datetime64[Y]").astype("datetime64[D]")
    for year in range(created.min().astype("datetime64[Y]").astype(int), ends.astype("datetime64[Y]").astype(int) + 1):
        day = np.datetime64(year, "Y").astype("datetime64[D]") + in_year
        found.append(
            pd.DataFrame(
                {
                    "system_name": "birthday",
                    "reader": np.arange(len(key)),
                    "sent_at": day.astype("datetime64[us]") + np.timedelta64(7, "h"),
                    "number": year,
                }
            )
        )
    carts = reminders(dice, readers, ends=ends)
    found.append(carts.drop(columns="by_push").assign(system_name=np.where(carts["by_push"], "abandoned_cart_push", "abandoned_cart")))
    online = orders[orders["online"]]
    last = orders.sort_values("created_at", kind="stable")
    gap = last.groupby("reader")["created_at"].shift(-1) - last["created_at"]
    slept = last[~(gap <= np.timedelta64(95, "D"))]
    for name, rows, moment in (
        ("order_confirmed", online, online["confirmed_at"]),
        ("order_shipped", online, online["shipped_at"]),
        ("review_request", orders, orders["received_at"] + np.timedelta64(3, "D")),
        ("reactivation", slept, slept["created_at"] + np.timedelta64(95, "D")),
    ):
        found.append(pd.DataFrame({"system_name": name, "reader": rows["reader"], "sent_at": moment, "number": rows["order_id"]}))
    made = pd.concat(found, ignore_index=True)
    made["sent_at"] = made["sent_at"].astype("datetime64[us]")
    at = created[made["reader"].to_numpy()]
    made = made[(made["sent_at"] > at) & (made["sent_at"] <= ends)]
    return made.sort_values(["sent_at", "system_name", "reader", "number"], kind="stable").reset_index(drop=True)


def reminders(dice: Dice, readers: pd.DataFrame, *, ends: np.datetime64) -> pd.DataFrame:
    """reader (row number in `readers`), number, sent_at, by_push: carts left whose owners are to be reminded of them by `ends`."""
    key = readers["person"].to_numpy()
    created = readers["created_at"].to_numpy().astype("datetime64[us]")
    nth = np.arange(MOST_CARTS_LEFT)[None, :]
    wait = np.cumsum(dice.exponential(150.0, "cart left", key[:, None], nth), axis=1)
    sent = created[:, None] + seconds(wait * 86400)
    reader, number = np.nonzero(sent <= ends)
    by_push = dice.happens(0.25, "cart by push", key[reader], number)
    return pd.DataFrame({"reader": reader, "number": number, "sent_at": sent[reader, number], "by_push": by_push})
