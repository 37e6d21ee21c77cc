"""The loyalty programme: who joins, with which card.

people -> enrolments -> cards, accounts
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import traps
from sandbox.dice import Dice
from sandbox.trade import NEVER, seconds

LAUNCHED_AFTER = 0.25  # of the past: there is a before and an after to compare
CHEAPER_AFTER = 0.7  # of the past: the terms are changed, and a point pays less from then on
JOINS, JOINS_AT_ONCE = 0.60, 0.7
NOT_CONFIRMED, CLOSED = 0.04, 0.02
GOODWILL = 0.02  # of accounts: points added by hand
# The shares of a retailer of so many customers, who would hardly have any otherwise.
SMALL, SOME_CLOSED, SOME_ASTRAY, SOME_GOODWILL = 400, 0.08, 0.015, 0.08


def enrolments(dice: Dice, joined_at: np.ndarray, *, launched: np.datetime64, customers: int) -> pd.DataFrame:
    """enrolled_at, activated_at, closed_at per person; NaT for those who never join."""
    who = np.arange(len(joined_at))
    early = joined_at < launched
    wait = np.where(
        early,
        dice.exponential(70.0, "enrols after launch", who),
        np.where(dice.happens(JOINS_AT_ONCE, "enrols at once", who), 0.0, 1 + dice.exponential(45.0, "enrols later", who)),
    )
    enrolled = np.where(early, launched, joined_at) + seconds(wait * 86400 + 300)
    enrolled = np.where(dice.happens(JOINS, "enrols", who), enrolled, NEVER)
    confirmed = ~dice.happens(NOT_CONFIRMED, "confirms", who)
    leaves = confirmed & dice.happens(_share(CLOSED, SOME_CLOSED, customers), "leaves", who)
    return pd.DataFrame(
        {
            "enrolled_at": enrolled,
            "activated_at": np.where(confirmed, enrolled + seconds(60 + dice.index(120, "activated", who)), NEVER),
            "closed_at": np.where(leaves, enrolled + seconds(86400 * (30 + dice.exponential(250.0, "left after", who))), NEVER),
        }
    )


def goodwill(customers: int) -> float:
    """The share of accounts that once get points by hand."""
    return _share(GOODWILL, SOME_GOODWILL, customers)


def _share(plain: float, small: float, customers: int) -> float:
    """`small` up to SMALL customers, then as many people as that is, until `plain` is more."""
    return max(plain, small * min(1.0, SMALL / customers))


def card_numbers(who: np.ndarray) -> list[str]:
    """The first card of each person (row number)."""
    return [f"2900{int(w) + 1:08d}" for w in who]


def card_changes(dice: Dice, members: pd.DataFrame) -> pd.DataFrame:
    """person, field, changed_at, old_value, new_value, always: the card given at enrolment, and another for one that was lost."""
    who = np.arange(len(members))
    joined = members["enrolled_at"].to_numpy()
    given = pd.DataFrame({"person": who, "changed_at": joined, "old_value": None, "new_value": card_numbers(who), "always": True})[
        ~np.isnat(joined)
    ]
    lost = members["activated_at"].notna().to_numpy() & dice.happens(traps.REPLACED_CARD, "card lost", who)
    when = joined + seconds(np.where(lost, 86400 * (20 + dice.exponential(200.0, "card lost after", who)), 0))
    new = pd.DataFrame(
        {"person": who, "changed_at": when, "old_value": card_numbers(who), "new_value": [f"2901{w + 1:08d}" for w in who], "always": False}
    )[lost]
    return pd.concat([given, new], ignore_index=True).assign(field="card_number")


def accounts(
    dice: Dice, members: pd.DataFrame, records: pd.DataFrame, folk: pd.DataFrame, cards: pd.DataFrame, *,
    customers: int, ends: np.datetime64,
) -> pd.DataFrame:
    """loyalty_accounts in order of enrolment, with account_key (row number of the person) beside the published columns."""
    own = records[(records["system"] == "retailcrm") & (records["slot"] == 0) & (records["person"] >= 0)].set_index("person")["record_id"]
    made = members[members["enrolled_at"].notna()].rename_axis("account_key").reset_index()
    made = made.sort_values(["enrolled_at", "account_key"], kind="stable").reset_index(drop=True)
    key = made["account_key"].to_numpy()
    last = cards[cards["changed_at"] <= ends].drop_duplicates("person", keep="last").set_index("person")["new_value"]
    closed = made["closed_at"] <= ends
    astray = made["activated_at"].notna().to_numpy() & dice.happens(
        _share(traps.BALANCE_ASTRAY, SOME_ASTRAY, customers), "balance astray", key
    )
    return made.assign(
        account_id=np.arange(1, len(made) + 1),
        person_id=folk["person_id"].to_numpy()[key],
        crm_record_id=own.loc[key].to_numpy().astype("int64"),
        card_number=last.loc[key].to_numpy(),
        phone=folk["phone"].to_numpy()[key],
        status=np.select([made["activated_at"].isna(), closed], ["not_confirmed", "deactivated"], "activated"),
        leaving_is_told=dice.happens(traps.LEAVING_IS_TOLD, "leaving told", key),
        astray_points=np.where(astray, dice.choice(traps.ASTRAY_POINTS, "points astray", key), 0),
    )
