"""What becomes of a message: delivered or bounced, opened or clicked by a person or a machine, complained about; how late we hear of it.

posted messages -> message_events
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import traps
from sandbox.dice import Dice
from sandbox.trade import seconds
from sandbox.world import table

NOT_SENT = 0.008
SOFT = np.array([0.011, 0.035, 0.020])  # by channel: email, push, sms
# By trigger: chance that a person opens it, that who opens an e-mail clicks, that a push or an SMS is clicked. Mailings are no trigger.
MAILING = (0.155, 0.118, {"push": 0.034, "sms": 0.048})
TRIGGERS = {
    "welcome": (0.40, 0.19, {}),
    "birthday": (0.31, 0.16, {}),
    "abandoned_cart": (0.47, 0.23, {}),
    "abandoned_cart_push": (0.0, 0.0, {"push": 0.085}),
    "reactivation": (0.19, 0.12, {}),
    "review_request": (0.27, 0.14, {}),
    "order_confirmed": (0.40, 0.12, {}),
    "order_shipped": (0.0, 0.0, {"sms": 0.05}),
}
MOST_OPEN = 0.9
SPAM = 0.0003
MACHINE_OPENS, OPENS_AGAIN, CLICKS_AGAIN, SECOND_LINK = 0.6, 0.25, 0.2, 0.7


def tempers(campaigns: pd.DataFrame) -> pd.DataFrame:
    """opens, clicks_of_opens and clicks by row of `campaigns`."""
    found = []
    for trigger, channel in zip(campaigns["trigger_name"], campaigns["channel"], strict=True):
        opened, clicks_of_opens, clicks = TRIGGERS.get(trigger, MAILING)
        found.append((opened, clicks_of_opens, clicks.get(channel, 0.0)))
    return pd.DataFrame(found, columns=["opens", "clicks_of_opens", "clicks"])


def opens(dice: Dice, chance: np.ndarray, who: np.ndarray, campaign_id: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Whether each reader opens the e-mail once it has arrived; some are keen, some subjects lure."""
    keen = 2.4 * dice.uniform("keen", who) ** 1.4
    lure = 0.75 + 0.5 * dice.uniform("lure", campaign_id)
    return dice.happens(np.minimum(chance * keen * lure, MOST_OPEN), "opens", who, campaign_id, number)


def events(dice: Dice, posted: pd.DataFrame, *, ends: np.datetime64) -> pd.DataFrame:
    """message_events recorded by `ends`.

    `posted`: message_id, who, campaign_id, number, sent_at, channel, hard, leaves, left_at, is_guarded and what
    `tempers` gives.
    """
    key = (posted["who"].to_numpy(), posted["campaign_id"].to_numpy(), posted["number"].to_numpy())
    channel, at = posted["channel"].to_numpy(), posted["sent_at"].to_numpy().astype("datetime64[us]")
    email, hard, leaves = channel == 0, posted["hard"].to_numpy(), posted["leaves"].to_numpy()
    dropped = dice.happens(NOT_SENT, "not sent", *key) & ~leaves & ~hard
    soft = ~hard & ~dropped & ~leaves & dice.happens(SOFT[channel], "soft", *key)
    delivered = ~hard & ~soft & ~dropped
    opened = email & delivered & (opens(dice, posted["opens"].to_numpy(), *key) | leaves)
    machine = email & delivered & dice.happens(traps.APPLE_MAIL, "apple", key[0]) & dice.happens(MACHINE_OPENS, "prefetch", *key)
    clicked = np.where(
        email, opened & dice.happens(posted["clicks_of_opens"].to_numpy(), "clicks", *key),
        delivered & dice.happens(posted["clicks"].to_numpy(), "clicks", *key),
    )
    arrived = at + seconds(1 + dice.exponential(8.0, "arrives", *key))
    followed = email & delivered & posted["is_guarded"].to_numpy() & dice.happens(traps.FOLLOWED_BY_GATEWAY, "followed", *key)
    let_in = arrived + seconds(1 + dice.index(2, "followed after", *key))
    unseen = clicked & email & ~leaves & dice.happens(traps.CLICK_WITHOUT_OPEN, "blocked images", *key)
    read = arrived + seconds(30 + dice.exponential(6 * 3600.0, "reads after", *key))
    read = np.where(leaves, np.minimum(read, posted["left_at"].to_numpy().astype("datetime64[us]") - np.timedelta64(60, "s")), read)
    click = read + seconds(5 + dice.exponential(90.0, "clicks after", *key))
    kinds = (
        ("not_sent", dropped, at),
        ("sent", ~dropped, at),
        ("hard_bounced", hard, arrived),
        ("soft_bounced", soft, arrived),
        ("delivered", delivered, arrived),
        ("machine_opened", machine, arrived + seconds(60 + dice.exponential(900.0, "prefetched after", *key))),
        ("opened", opened & ~unseen, read),
        (
            "opened",
            opened & ~unseen & dice.happens(OPENS_AGAIN, "again", *key),
            read + seconds(600 + dice.exponential(86400.0, "again after", *key)),
        ),
        ("clicked", clicked, click),
        ("clicked", clicked & dice.happens(CLICKS_AGAIN, "clicks again", *key), click + np.timedelta64(47, "s")),
        ("unsubscribed", leaves, posted["left_at"].to_numpy().astype("datetime64[us]")),
        ("spam", email & delivered & dice.happens(SPAM, "spam", *key), read + np.timedelta64(15, "s")),
        ("machine_clicked", followed, let_in),
        ("machine_clicked", followed & dice.happens(SECOND_LINK, "second link", *key), let_in + np.timedelta64(1, "s")),
    )
    ids = posted["message_id"].to_numpy()
    parts = [
        (np.full(int(hit.sum()), number), ids[hit], when[hit], key[0][hit], key[1][hit], key[2][hit])
        for number, (_, hit, when) in enumerate(kinds)
    ]
    number, message, when, *keys = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    late = dice.happens(traps.LATE_EVENT, "late", number, *keys)
    lag = np.where(late, 3600 + dice.uniform("how late", number, *keys) * 46 * 3600, 1 + dice.uniform("how soon", number, *keys) * 8)
    recorded = when + seconds(lag)
    kept = recorded <= ends
    order = np.lexsort((number[kept], message[kept], recorded[kept]))
    names = np.array([name for name, _, _ in kinds], dtype=object)
    return table(
        "message_events",
        {
            "event_id": np.arange(1, len(order) + 1),
            "message_id": message[kept][order],
            "event": names[number[kept][order]],
            "happened_at": when[kept][order],
            "created_at": recorded[kept][order],
        },
    )
