"""The simulated retailer's people as they are, before any vendor writes them down.

Dice -> people (with their households and habits), person_changes (moves, new phones, married names)
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import traps
from sandbox.catalogue import CITIES, CITY_WEIGHTS, address
from sandbox.dice import Dice
from sandbox.names import FATHERS, MEN, SURNAMES, WOMEN, patronymic, surname, transliterated
from sandbox.world import table

MOBILE_CODES = (
    "903",
    "905",
    "906",
    "909",
    "910",
    "915",
    "916",
    "917",
    "919",
    "920",
    "925",
    "926",
    "929",
    "951",
    "961",
    "962",
    "963",
    "965",
    "967",
    "977",
    "981",
    "982",
    "985",
    "987",
    "988",
    "999",
)
MAILS = ("mail.example", "pochta.example", "inbox.example", "post.example", "list.example")


def phone(dice: Dice, purpose: str, keys: np.ndarray) -> list[str]:
    """Never the same number twice for one purpose: the last seven digits are a shuffle of the keys."""
    code = dice.choice(MOBILE_CODES, purpose, keys)
    start = int(dice.index(10_000_000, purpose + " start", np.array([0]))[0])
    return [f"+7{c}{(int(k) * 7_654_321 + start) % 10_000_000:07d}" for c, k in zip(code, keys, strict=True)]


def people(dice: Dice, count: int, *, joined_at: np.ndarray, mailboxes: list[str]) -> pd.DataFrame:
    """`count` people in the order they joined; `mailboxes` are the shared ones of firms."""
    key = np.arange(count)
    sex = dice.choice(("female", "male"), "sex", key, weights=(62, 38))
    drawn = dice.happens(traps.IN_A_FAMILY, "in a family", np.arange(count + 1))
    in_family = drawn[:-1] & (key > 0)
    head = key.copy()
    for at in np.flatnonzero(in_family):
        head[at] = head[at - 1]
    root = np.array(SURNAMES)[dice.index(len(SURNAMES), "surname", head)]
    father = dice.index(len(FATHERS), "father", key)
    city = dice.index(len(CITIES), "city", head, weights=CITY_WEIGHTS)
    born = np.datetime64("1950-01-01") + (dice.between(0, 1, "born", key) ** 0.7 * 20800).astype("timedelta64[D]")
    first = np.where(sex == "male", dice.choice(MEN, "first name", key), dice.choice(WOMEN, "first name", key))
    last = [surname(r, s) for r, s in zip(root, sex, strict=True)]
    numbers = phone(dice, "phone", key)
    shares = in_family & dice.happens(traps.SHARED_FAMILY_PHONE, "family phone", key)
    own_mail = [
        f"{transliterated(f)[:1].lower()}.{transliterated(n).lower()}{k + 11}@{m}"
        for f, n, k, m in zip(first, last, key, dice.choice(MAILS, "mail host", key), strict=True)
    ]
    at_work = dice.happens(traps.COMPANY_MAILBOX, "work mail", key) & bool(mailboxes)
    desk = dice.index(min(3, max(1, len(mailboxes))), "desk", key)
    # The next person is asked although he may not have joined yet: a household's id does not wait for its second member.
    family = in_family | drawn[1:]
    return table(
        "people",
        {
            "person_id": [f"P{k + 1:06d}" for k in key],
            "first_name": first,
            "last_name": last,
            "middle_name": [patronymic(FATHERS[f], s) for f, s in zip(father, sex, strict=True)],
            "sex": sex,
            "birth_date": born.astype("datetime64[us]"),
            "city": [CITIES[c][0] for c in city],
            "region": [CITIES[c][1] for c in city],
            "address": address(dice, "home", head),
            "email": [mailboxes[d] if w else m for d, w, m in zip(desk, at_work, own_mail, strict=True)],
            "phone": [numbers[h] if s else numbers[k] for k, h, s in zip(key, head, shares, strict=True)],
            "family_id": [f"F{h + 1:06d}" if f else None for h, f in zip(head, family, strict=True)],
            "is_employee": dice.happens(traps.EMPLOYEE, "employee", key) | (key == 3),
            "joined_at": joined_at,
        },
    )


def person_changes(dice: Dice, folk: pd.DataFrame) -> pd.DataFrame:
    """person (row number in `folk`), field, changed_at, old_value, new_value, by time.

    At most one change of a kind each, some of them beyond any horizon.
    """
    key = np.arange(len(folk))
    joined = folk["joined_at"].to_numpy()
    found: list[pd.DataFrame] = []

    def changed(field: str, share: float, values: list[str], *, among: np.ndarray | None = None, occasion: str = "") -> None:
        occasion = occasion or field
        at = joined + ((20 + dice.exponential(260, f"{occasion} when", key)) * 86400).astype("timedelta64[s]")
        hit = dice.happens(share, f"{occasion} changes", key)
        hit &= among if among is not None else True
        found.append(
            pd.DataFrame(
                {
                    "person": key[hit],
                    "field": field,
                    "changed_at": at[hit],
                    "old_value": folk[field].to_numpy()[hit],
                    "new_value": np.array(values, dtype=object)[hit],
                }
            )
        )

    changed("phone", traps.PHONE_CHANGED, phone(dice, "new phone", key))
    changed("email", traps.EMAIL_CHANGED, [f"new{k + 11}@{MAILS[k % len(MAILS)]}" for k in key])
    town = dice.index(len(CITIES), "new city", key, weights=CITY_WEIGHTS)
    changed("city", traps.MOVED, [CITIES[c][0] for c in town], occasion="home")
    changed("region", traps.MOVED, [CITIES[c][1] for c in town], occasion="home")
    changed("address", traps.MOVED, address(dice, "new home", key), occasion="home")
    husband = dice.choice(SURNAMES, "husband", key)
    young = (folk["sex"] == "female") & (folk["birth_date"] > np.datetime64("1980-01-01"))
    changed("last_name", traps.MARRIED_NAME, [surname(h, "female") for h in husband], among=young.to_numpy())
    made = pd.concat(found, ignore_index=True)
    return made[made["old_value"] != made["new_value"]].sort_values(["changed_at", "person"], kind="stable").reset_index(drop=True)


def with_recycled_numbers(dice: Dice, folk: pd.DataFrame, changes: pd.DataFrame, *, share: float = traps.RECYCLED_NUMBER) -> pd.DataFrame:
    """A few newcomers get a number that somebody gave up at least two months before they joined."""
    given_up = changes[changes["field"] == "phone"]
    numbers, times = given_up["old_value"].to_numpy(), given_up["changed_at"].to_numpy()
    joined = folk["joined_at"].to_numpy()
    phones = folk["phone"].to_numpy(dtype=object).copy()
    # Only numbers long given up can be drawn, so that later ones do not change who got which.
    ready = np.searchsorted(times, joined - np.timedelta64(60, "D"))
    key = np.arange(len(folk))
    own = set(given_up["person"])
    for at in np.flatnonzero(dice.happens(share, "recycled", key) & (ready > 0)):
        if at not in own:
            phones[at] = numbers[int(dice.index(int(ready[at]), "which number", np.array([at]))[0])]
    return folk.assign(phone=phones)
