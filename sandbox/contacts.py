"""Who contacts the retailer and by which means: a person's values as of a moment, strangers who are no customers, opening hours.

people, their changes, Dice -> a phone or e-mail as it was then;  stranger's key -> name, phone, e-mail, messenger id
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox.dice import Dice
from sandbox.names import MEN, SURNAMES, WOMEN, surname
from sandbox.people import MAILS
from sandbox.trade import MOSCOW

HOUR = np.timedelta64(3600, "s")
OPENS, CLOSES = 9 * HOUR, 21 * HOUR  # the service desk's hours, Moscow time, every day
OPERATORS = 6  # as in catalogue
STRANGER_CODES = ("900", "901", "902", "904", "908", "950", "953")  # none of people.MOBILE_CODES, so that a stranger is no customer


def as_of(field: str, person: np.ndarray, moment: np.ndarray, folk: pd.DataFrame, changes: pd.DataFrame) -> np.ndarray:
    """The value of `field` at each moment, by row of `folk`; None where the row is negative."""
    part = changes[changes["field"] == field].drop_duplicates("person").set_index("person")
    when = part["changed_at"].reindex(range(len(folk))).to_numpy().astype("datetime64[us]")
    new = part["new_value"].reindex(range(len(folk))).to_numpy(dtype=object)
    who = np.maximum(person, 0)
    return np.where(person < 0, None, np.where(when[who] <= moment, new[who], folk[field].to_numpy(dtype=object)[who]))


def stranger_phones(dice: Dice, keys: np.ndarray) -> np.ndarray:
    """A number that no customer has, the same for the same key."""
    code = dice.choice(STRANGER_CODES, "stranger's code", keys)
    digits = dice.bits("stranger's number", keys) % np.uint64(10_000_000)
    return np.array([f"+7{c}{int(d):07d}" for c, d in zip(code, digits, strict=True)], dtype=object)


def stranger_emails(dice: Dice, keys: np.ndarray) -> np.ndarray:
    """A mailbox that no customer has, the same for the same key."""
    digits = dice.bits("stranger's mailbox", keys) % np.uint64(1_000_000_000)
    host = dice.choice(MAILS, "stranger's mail host", keys)
    return np.array([f"s{int(d):09d}@{h}" for d, h in zip(digits, host, strict=True)], dtype=object)


def stranger_names(dice: Dice, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last names."""
    woman = dice.happens(0.6, "stranger is a woman", keys)
    first = np.where(woman, dice.choice(WOMEN, "stranger's first name", keys), dice.choice(MEN, "stranger's first name", keys))
    root = dice.choice(SURNAMES, "stranger's surname", keys)
    last = [surname(str(r), "female" if w else "male") for r, w in zip(root, woman, strict=True)]
    return first.astype(object), np.array(last, dtype=object)


def messenger_ids(dice: Dice, channel: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """telegram:5123456789, vk:id123456789: as the messenger names its user."""
    digits = dice.bits("messenger id", keys) % np.uint64(900_000_000)
    return np.array([f"{c}:{'id' if c == 'vk' else '5'}{int(d) + 100_000_000}" for c, d in zip(channel, digits, strict=True)], dtype=object)


def is_open(moment: np.ndarray) -> np.ndarray:
    """Whether somebody sits at the service desk."""
    local = moment + MOSCOW
    clock = local - local.astype("datetime64[D]").astype("datetime64[us]")
    return (clock >= OPENS) & (clock < CLOSES)


def when_open(moment: np.ndarray, late: np.ndarray) -> np.ndarray:
    """The moment, or `late` after the desk next opens."""
    local = moment + MOSCOW
    day = local.astype("datetime64[D]").astype("datetime64[us]")
    opens = day + OPENS
    return np.where(is_open(moment), moment, np.where(local < opens, opens, opens + 24 * HOUR) + late - MOSCOW)


def operators(dice: Dice, shops: pd.DataFrame, purpose: str, *keys: np.ndarray) -> np.ndarray:
    """The employee_id of one of the six."""
    return len(shops) * 4 + 1 + dice.index(OPERATORS, purpose, *keys)


def text(values: np.ndarray | list[object]) -> pd.Series:
    """A column in which None stays None."""
    return pd.Series(list(values), dtype=object)


def optional(values: np.ndarray, at: np.ndarray) -> pd.Series:
    """The value in each row `at`; missing where that is negative."""
    if not len(values):
        return pd.Series([pd.NA] * len(at), dtype="Int64")
    return pd.Series(values[np.maximum(at, 0)], dtype="Int64").mask(pd.Series(at < 0))
