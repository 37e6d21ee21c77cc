"""Browsers and whose they are: the analytics cookies, shared ones included.

    errands -> errands with owner and slot settled, client_id, device;  visits -> browsers

A person has up to three browsers. In a few of them the person who joined before sits down too and logs in, so that the cookie
stands for two. A stranger has one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox.dice import Dice
from sandbox.errands import NOBODY, TEAM
from sandbox.world import table

BROWSERS = (61, 31, 8)  # 1, 2 or 3 of them
DEVICES = ("desktop", "phone", "tablet")
FIRST, SECOND, STRANGERS = (33, 62, 5), (64, 28, 8), (30, 66, 4)
SHARED, AT_THE_OTHERS = 0.02, 0.45  # of first browsers; of the second person's visits
ABOVE_DOUBLES = np.uint64(1 << 54)  # every id is above 2^53, so whoever keeps it as a float loses it


def wide_ids(bits: np.ndarray) -> np.ndarray:
    """Unsigned 64-bit ids above 2^53, as text."""
    return np.array(list(map(str, (bits | ABOVE_DOUBLES).tolist())), dtype=object)


def placed(dice: Dice, errands: pd.DataFrame) -> pd.DataFrame:
    """`errands` with owner, slot, client_id and device: at which browser each of them is done."""
    who, owner, slot = (errands[name].to_numpy().copy() for name in ("who", "owner", "slot"))
    key = (errands["kind"].to_numpy(), errands["k1"].to_numpy(), errands["k2"].to_numpy())
    known = who >= 0
    count = 1 + dice.index(len(BROWSERS), "browsers", who, weights=BROWSERS)
    # The first one is used most; the draw goes over as many as there are.
    drawn = dice.uniform("which browser", *key)
    slot = np.where(known, np.where(drawn < 0.66, 0, 1 + ((drawn - 0.66) / 0.34 * (count - 1)).astype(int)).clip(max=count - 1), slot)
    visits_other = known & is_shared(dice, who + 1) & dice.happens(AT_THE_OTHERS, "at the other's", *key)
    owner, slot = np.where(visits_other, who + 1, owner), np.where(visits_other, 0, slot)
    device = np.select(
        [owner == NOBODY, owner == TEAM, slot == 0],
        [dice.index(3, "stranger device", slot, weights=STRANGERS), 0, dice.index(3, "device", owner, slot, weights=FIRST)],
        dice.index(3, "device", owner, slot, weights=SECOND),
    )
    return errands.assign(
        owner=owner, slot=slot, client_id=wide_ids(dice.bits("client", owner, slot)), device=np.array(DEVICES, dtype=object)[device]
    )


def is_shared(dice: Dice, owner: np.ndarray) -> np.ndarray:
    """Whether the person who joined before `owner` sits at the owner's first browser too."""
    return (owner > 0) & dice.happens(SHARED, "browser shared", owner)


def browsers(dice: Dice, visits: pd.DataFrame) -> pd.DataFrame:
    """browsers, by their first visit; `visits` in order of time, with client_id, owner, slot, device, started_at."""
    first = visits.drop_duplicates("client_id").reset_index(drop=True)
    owner, slot = first["owner"].to_numpy(), first["slot"].to_numpy()
    second = (slot == 0) & is_shared(dice, owner)
    return table(
        "browsers",
        {
            "client_id": first["client_id"],
            "person_id": person_ids(owner),
            "second_person_id": np.where(second, person_ids(owner - 1), None),
            "device": first["device"],
            "first_seen_at": first["started_at"],
        },
    )


def person_ids(who: np.ndarray) -> np.ndarray:
    """The ids of people by row number; None for nobody. Somebody may look around before being anybody in `people`."""
    names = [f"P{w + 1:06d}" for w in range(int(np.max(who, initial=-1)) + 1)]
    return np.array([*names, None], dtype=object)[np.maximum(who, -1)]
