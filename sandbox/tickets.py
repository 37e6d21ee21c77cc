"""What people write to the help desk about: one row per ticket, before anybody answers.

    orders, people, strangers -> causes (who, when, channel, topic) -> duplicates, second contacts -> tickets

A ticket's keys for the dice are (src, who, nth): what it comes of, and that thing's own keys; sandbox/ticket_lives.py
draws what becomes of it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox.dice import Dice
from sandbox.trade import MOSCOW, ONLINE_HOURS, seconds

ORDER, GENERAL, STRANGER, DUPLICATE, SECOND, ANSWER = 1, 2, 3, 10, 20, 30  # the last three beside the src of what they follow
CHANNELS, CHANNEL_WEIGHTS = ("email", "chat", "telegram", "whatsapp", "vk", "form"), (30, 25, 15, 10, 6, 14)
ABOUT_ORDER, ABOUT_LATE_ORDER, ABOUT_RECEIPT = 0.080, 0.24, 0.006
DAYS_BETWEEN = 1500.0  # of a person's tickets about no order
STRANGERS_A_DAY, FEWEST_STRANGERS = 0.0003, 0.8  # per person of the sandbox and day; a day at least
SENT_TWICE, ELSEWHERE_TOO, BY_AGENT = 0.018, 0.06, 0.04
COLUMNS = ("src", "who", "nth", "person", "stranger", "order", "created_at", "channel", "topic", "by_agent", "parent")
# topic -> subject, type, group
ORDER_TOPICS = {
    "where": ("Где мой заказ {}", "question", "Доставка"),
    "change": ("Изменить адрес доставки, заказ {}", "task", "Доставка"),
    "cancel": ("Отмена заказа {}", "task", "Заказы"),
    "return": ("Возврат по заказу №{}", "problem", "Возвраты"),
    "defect": ("Брак в заказе {}", "incident", "Возвраты"),
}
TOPICS = {
    "product": ("Вопрос о товаре", "question", "Консультации"),
    "points": ("Не начислены баллы", "problem", "Программа лояльности"),
    "promo": ("Не работает промокод", "problem", "Программа лояльности"),
    "hours": ("График работы магазина", "question", "Консультации"),
    "account": ("Не могу войти в личный кабинет", "incident", "Заказы"),
    "complaint": ("Жалоба на обслуживание", "problem", "Претензии"),
}
OFFER = ("Выгодное предложение для вашего бизнеса", "question", "Консультации")


def causes(
    dice: Dice,
    orders: pd.DataFrame,
    joined_at: np.ndarray,
    low_scores: pd.DataFrame,
    *,
    customers: int,
    begins: np.datetime64,
    ends: np.datetime64,
) -> pd.DataFrame:
    """The tickets to be, by time: COLUMNS. `order` is a row of `orders`, `stranger` a key, `parent` the row it repeats; -1 for none.

    `low_scores`: person, order, answered_at, who, nth of the answers that are followed by a ticket.
    """
    first = pd.concat(
        [
            _about_orders(dice, orders),
            _general(dice, joined_at, ends=ends),
            _strangers(dice, customers=customers, begins=begins, ends=ends),
            _complaints(dice, low_scores),
        ],
        ignore_index=True,
    )
    first = first[(first["created_at"] > begins + np.timedelta64(2, "h")) & (first["created_at"] <= ends)].reset_index(drop=True)
    key = tuple(first[name].to_numpy() for name in ("src", "who", "nth"))
    first["channel"] = dice.choice(CHANNELS, "ticket channel", *key, weights=CHANNEL_WEIGHTS)
    first["by_agent"] = (first["person"] >= 0).to_numpy() & dice.happens(BY_AGENT, "by agent", *key)
    first.loc[first["by_agent"], "channel"] = "email"
    first["parent"] = np.arange(len(first))
    made = pd.concat([first.assign(parent=-1), *_repeated(dice, first, key)], ignore_index=True)
    place = np.full(len(made), -1)
    made = made[made["created_at"] <= ends]
    # A parent is always earlier, so that its new place is known by the keys it is sorted with.
    order = made.sort_values(["created_at", "src", "who", "nth"], kind="stable").index.to_numpy()
    place[order] = np.arange(len(order))
    made = made.loc[order].reset_index(drop=True)
    made["parent"] = np.where(made["parent"] >= 0, place[made["parent"]], -1)
    return made[list(COLUMNS)]


def _about_orders(dice: Dice, orders: pd.DataFrame) -> pd.DataFrame:
    who, nth = orders["who"].to_numpy(), orders["nth"].to_numpy()
    created, received = orders["created_at"].to_numpy(), orders["received_at"].to_numpy()
    online = (orders["kind"] == "online").to_numpy()
    late = online & (received > orders["promised_on"].to_numpy() + np.timedelta64(24, "h") - MOSCOW)
    chance = np.select([~online, late], [ABOUT_RECEIPT, ABOUT_LATE_ORDER], ABOUT_ORDER)
    writes = (orders["person"] >= 0).to_numpy() & ~orders["is_test"].to_numpy() & dice.happens(chance, "writes", who, nth)
    topic = dice.choice(tuple(ORDER_TOPICS), "order topic", who, nth, weights=(50, 12, 8, 18, 12))
    topic = np.where(online, topic, np.where(np.isin(topic, ("return", "defect")), topic, "return"))
    topic = np.where(np.isnat(received) & np.isin(topic, ("return", "defect")), "where", topic)
    got = np.where(np.isnat(received), created + np.timedelta64(72, "h"), received)
    way = (got - created) / np.timedelta64(1, "s")
    wait = np.select(
        [topic == "where", topic == "change", topic == "cancel", topic == "return"],
        [
            600 + way * dice.between(0.3, 1.0, "asks where", who, nth),
            300 + dice.exponential(3 * 3600.0, "wants changed", who, nth),
            120 + dice.exponential(4 * 3600.0, "wants cancelled", who, nth),
            way + 1800 + dice.exponential(5 * 86400.0, "wants to return", who, nth),
        ],
        way + 900 + dice.exponential(2 * 86400.0, "finds defect", who, nth),
    )
    made = pd.DataFrame(
        {
            "src": ORDER,
            "who": who,
            "nth": nth,
            "person": orders["person"].to_numpy(),
            "stranger": -1,
            "order": np.arange(len(orders)),
            "created_at": created + seconds(wait),
            "topic": topic,
        }
    )
    return made[writes]


def _general(dice: Dice, joined_at: np.ndarray, *, ends: np.datetime64) -> pd.DataFrame:
    person, number = np.arange(len(joined_at))[:, None], np.arange(6)[None, :]
    wait = np.cumsum(dice.exponential(DAYS_BETWEEN, "asks", person, number), axis=1)
    day = (joined_at[:, None] + seconds(wait * 86400)).astype("datetime64[D]")
    person, number = np.nonzero(day <= ends)
    made = pd.DataFrame({"src": GENERAL, "who": person, "nth": number, "person": person, "stranger": -1, "order": -1})
    made["created_at"] = np.maximum(_hour(dice, day[person, number], person, number), joined_at[person])
    made["topic"] = dice.choice(tuple(TOPICS), "topic", person, number, weights=(34, 18, 12, 12, 14, 10))
    return made


def _strangers(dice: Dice, *, customers: int, begins: np.datetime64, ends: np.datetime64) -> pd.DataFrame:
    days = np.arange(begins.astype("datetime64[D]").astype(int), ends.astype("datetime64[D]").astype(int) + 1)
    mean = max(customers * STRANGERS_A_DAY, FEWEST_STRANGERS)
    day, number = (a.ravel() for a in np.meshgrid(days, np.arange(int(4 * mean) + 2), indexing="ij"))
    hit = dice.happens(mean / (int(4 * mean) + 2), "stranger writes", day, number)
    day, number = day[hit], number[hit]
    made = pd.DataFrame({"src": STRANGER, "who": day, "nth": number, "person": -1, "stranger": day * 1000 + number, "order": -1})
    made["created_at"] = _hour(dice, day.astype("datetime64[D]"), day, number)
    made["topic"] = dice.choice(tuple(TOPICS), "stranger's topic", day, number, weights=(60, 4, 8, 20, 4, 4))
    return made


def _complaints(dice: Dice, low: pd.DataFrame) -> pd.DataFrame:
    who, nth = low["who"].to_numpy(), low["nth"].to_numpy()
    return pd.DataFrame(
        {
            "src": ANSWER,
            "who": who,
            "nth": nth,
            "person": low["person"].to_numpy(),
            "stranger": -1,
            "order": low["order"].to_numpy(),
            "created_at": low["answered_at"].to_numpy() + seconds(dice.between(600, 2.9 * 86400, "complains after", who, nth)),
            "topic": "complaint",
        }
    )


def _repeated(dice: Dice, first: pd.DataFrame, key: tuple[np.ndarray, ...]) -> list[pd.DataFrame]:
    """The same thing written twice within two hours, and the same asked elsewhere within a week."""
    free = ~first["by_agent"].to_numpy()
    twice = free & dice.happens(SENT_TWICE, "sent twice", *key)
    again = first.assign(
        src=first["src"] + DUPLICATE, created_at=first["created_at"].to_numpy() + seconds(dice.between(180, 7200, "again after", *key))
    )
    elsewhere = free & (first["person"] >= 0).to_numpy() & ~twice & dice.happens(ELSEWHERE_TOO, "elsewhere too", *key)
    step = 1 + dice.index(len(CHANNELS) - 1, "other channel", *key)
    now = first["channel"].map({name: n for n, name in enumerate(CHANNELS)}).to_numpy()
    other = first.assign(
        src=first["src"] + SECOND,
        channel=np.array(CHANNELS)[(now + step) % len(CHANNELS)],
        created_at=first["created_at"].to_numpy() + seconds(dice.between(3 * 3600, 6.5 * 86400, "elsewhere after", *key)),
        parent=-1,
    )
    return [again[twice], other[elsewhere]]


def _hour(dice: Dice, day: np.ndarray, *keys: np.ndarray) -> np.ndarray:
    hour = dice.index(24, "writes at hour", *keys, weights=ONLINE_HOURS)
    return day.astype("datetime64[us]") + seconds(hour * 3600 + dice.index(3600, "writes at second", *keys)) - MOSCOW
