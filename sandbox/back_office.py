"""What the back office (1C) alone has: shifts of the tills, sales of gift cards, its own records of customers.

    orders -> shifts, gift_card_sales;  receipts with a card shown, firms -> partners: profiles of system one_c and their changes

A till opens its shift with the first receipt of the day and closes it after the store has; a gift card is sold to somebody who has
just bought something else. 1C knows the customers whose loyalty card was shown at a till, and the firms; nobody else.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox.catalogue import ean13
from sandbox.clients import Clients
from sandbox.dice import Dice
from sandbox.encounters import FIRM
from sandbox.profiles import OWN, Spelling
from sandbox.profiles import records as written_records
from sandbox.shapes import SHAPES
from sandbox.trade import MOSCOW, offsets, seconds
from sandbox.world import table

CLOSES_AT = 22 * 3600  # local time; the doors close, the till after that
# Of receipts. 3 % of receipts and 4 % of online orders are paid with a card (trade.py), so share and amounts are such that cards
# worth a fifth more than that are sold: some lie in drawers, and nobody pays with a card that was not sold.
GIFT_CARD = 1 / 16
GIFT_CARD_KOP, GIFT_CARD_WEIGHTS = (100_000, 200_000, 300_000, 500_000, 1_000_000), (20, 25, 25, 22, 8)
CARD_NUMBERS = 10_000_000  # a card's number is a shuffle of its sale's


def shifts(dice: Dice, orders: pd.DataFrame, shops: pd.DataFrame) -> pd.DataFrame:
    """By opened_at: one per store and Moscow day with a receipt; no store is open at midnight in Moscow, so its own day is the same."""
    rung = orders[orders["kind"] == "receipt"]
    store, moment = rung["store_id"].to_numpy(dtype=np.int64), rung["created_at"].to_numpy()
    day = (moment + MOSCOW).astype("datetime64[D]")
    made = pd.DataFrame({"store_id": store, "day": day.astype("datetime64[us]"), "created_at": moment}).groupby(
        ["store_id", "day"], as_index=False
    )
    made = made.agg(opened_at=("created_at", "min"), receipts=("created_at", "size"))
    made = made.sort_values(["opened_at", "store_id"], kind="stable").reset_index(drop=True)
    store, number = made["store_id"].to_numpy(), made["day"].to_numpy().astype("datetime64[D]").astype(np.int64)
    late = 6 * 60 + dice.index(34 * 60, "shift closes", store, number)
    closed = made["day"].to_numpy() + seconds(CLOSES_AT + late - offsets(shops)[store - 1] * 3600)
    return table(
        "shifts",
        {
            "shift_id": 1 + np.arange(len(made)),
            "uuid": dice.uuids("shift", store, number),
            "number": made.groupby("store_id").cumcount() + 1,
            "closed_at": closed,
            **{name: made[name] for name in ("store_id", "opened_at", "receipts")},
        },
    )


def gift_card_sales(dice: Dice, orders: pd.DataFrame, *, ends: np.datetime64) -> pd.DataFrame:
    """By sold_at: within five minutes of a receipt, by the same cashier."""
    key = (orders["who"].to_numpy(), orders["nth"].to_numpy())
    hit = (orders["kind"] == "receipt").to_numpy() & dice.happens(GIFT_CARD, "gift card sold", *key)
    made = orders.loc[hit, ["who", "nth", "store_id", "employee_id", "created_at"]]
    who, nth = made["who"].to_numpy(), made["nth"].to_numpy()
    made["sold_at"] = made["created_at"].to_numpy() + seconds(30 + dice.index(270, "gift card sold after", who, nth))
    made = made[made["sold_at"] <= ends].sort_values(["sold_at", "who", "nth"], kind="stable").reset_index(drop=True)
    who, nth, number = made["who"].to_numpy(), made["nth"].to_numpy(), 1 + np.arange(len(made))
    start = int(dice.index(CARD_NUMBERS, "gift card numbers", np.array([0]))[0])
    return table(
        "gift_card_sales",
        {
            "sale_id": number,
            "uuid": dice.uuids("gift card sale", who, nth),
            "card_number": [ean13(280_000_000_000 + (n * 7_654_321 + start) % CARD_NUMBERS) for n in number.tolist()],
            **{name: made[name] for name in ("store_id", "employee_id", "sold_at")},
            "amount_kop": dice.choice(GIFT_CARD_KOP, "gift card amount", who, nth, weights=GIFT_CARD_WEIGHTS),
            "payment_type": dice.choice(("card", "cash"), "gift card paid", who, nth, weights=(75, 25)),
        },
    )


def partners(
    dice: Dice, orders: pd.DataFrame, folk: pd.DataFrame, changes: pd.DataFrame, firms: pd.DataFrame, *, begins: np.datetime64,
    hand: type[Spelling],
) -> Clients:
    """The records 1C has of people and firms; a person's is made when the card is first shown at a till."""
    shown = orders[(orders["kind"] == "receipt") & orders["account_id"].notna()]
    first = shown.groupby("person")["created_at"].min() - np.timedelta64(60, "s")
    people = pd.DataFrame({"person": first.index, "firm": 0, "created_at": first.to_numpy()})
    business = pd.DataFrame({"person": FIRM, "firm": np.arange(len(firms)), "created_at": firms["created_at"].to_numpy()})
    # Whoever shows a card is a member and gave name, phone and birthday; they do not get the dummy number of anonymous buyers.
    needs = pd.concat([people, business], ignore_index=True).assign(system="one_c", slot=OWN, contact="both", at_till=True, is_member=True)
    made, changed = written_records(dice, needs, folk, changes, firms, begins=begins, hand=hand)
    return Clients(
        made["record_id"].to_numpy(),
        table("profiles", made[[name for name in SHAPES["profiles"] if name in made]]),
        table("profile_changes", changed[list(SHAPES["profile_changes"])]),
    )
