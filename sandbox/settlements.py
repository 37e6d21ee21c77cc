"""What the marketplace settles with the retailer: a report each Monday for the week before.

    market_units -> market_settlements: sales, returns, logistics and penalties of units; storage and deductions of the week

A row lies on the day of its operation (Moscow) and shows from `published_at` on, Monday at 05:00 Moscow, with the rest of its week.
Every amount is signed as it stands in the sum  payout = for_pay - delivery - penalty - storage - deduction:  a return takes back what
the sale gave, so its retail_amount and for_pay are negative. Goods that were on their way when they were cancelled cost the ride there
and back; a unit that was bought out costs the ride there, one that was returned the ride back too.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox.dice import Dice
from sandbox.trade import DAY, MOSCOW, seconds
from sandbox.world import table

PUBLISHED = seconds(np.array(5 * 3600)) - MOSCOW
ON_ITS_WAY_AFTER = np.timedelta64(24 * 3600, "s")
PENALTY = 0.004  # of units bought out
DEDUCTED = 0.6  # of weeks: what the marketplace takes for promotion and the like
FIRST_REPORT = 300_000_000
OPERATIONS = ("sale", "return", "logistics", "penalty", "storage", "deduction")
AMOUNTS = ("retail_amount_kop", "for_pay_kop", "delivery_kop", "penalty_kop", "storage_kop", "deduction_kop")


def settlements(
    dice: Dice, orders: pd.DataFrame, units: pd.DataFrame, products: pd.DataFrame, *, begins: np.datetime64, ends: np.datetime64
) -> pd.DataFrame:
    """market_settlements by row_on, of the weeks whose report is out by `ends`."""
    units = units.merge(orders[["market_order_id", "ordered_at"]], on="market_order_id")
    made = pd.concat([_of_units(dice, units), _of_weeks(dice, products, begins=begins, ends=ends)], ignore_index=True)
    day = made["row_on"].to_numpy().astype("datetime64[D]")
    monday = _monday(day)
    made["published_at"] = (monday + 7).astype("datetime64[us]") + PUBLISHED
    made["report_id"] = FIRST_REPORT + (monday - _monday(begins)).astype(np.int64) // 7 * 1_009
    made["period_from"], made["period_to"] = monday.astype("datetime64[us]"), (monday + 6).astype("datetime64[us]")
    made["rank"] = made["operation"].map({name: n for n, name in enumerate(OPERATIONS)})
    made = made[made["published_at"] <= ends].sort_values(["row_on", "unit_id", "rank"], kind="stable").reset_index(drop=True)
    return table("market_settlements", made.drop(columns=["unit_id", "rank"]).assign(row_id=1 + np.arange(len(made))))


def _of_units(dice: Dice, units: pd.DataFrame) -> pd.DataFrame:
    sold, returned, cancelled = (units[name].to_numpy() for name in ("sold_at", "returned_at", "cancelled_at"))
    ordered, key = units["ordered_at"].to_numpy(), units["unit_id"].to_numpy()
    ride = 4_000 + dice.index(9_000, "market ride", units["product_id"].to_numpy())
    back = 5_000 + np.zeros_like(ride)
    left = cancelled - ordered > ON_ITS_WAY_AFTER
    fined = ~np.isnat(sold) & dice.happens(PENALTY, "market penalty", key)
    parts = [
        (sold, ~np.isnat(sold), "sale", {"retail_amount_kop": units["finished_price_kop"], "for_pay_kop": units["for_pay_kop"]}),
        (
            returned,
            ~np.isnat(returned),
            "return",
            {"retail_amount_kop": -units["finished_price_kop"], "for_pay_kop": -units["for_pay_kop"]},
        ),
        (sold, ~np.isnat(sold), "logistics", {"delivery_kop": ride}),
        (returned, ~np.isnat(returned), "logistics", {"delivery_kop": back}),
        (cancelled, left, "logistics", {"delivery_kop": ride + back}),
        (sold + DAY, fined, "penalty", {"penalty_kop": 10_000 + dice.index(90_000, "market penalty is", key)}),
    ]
    made = []
    for moment, hit, operation, amounts in parts:
        told = {name: np.asarray(amounts.get(name, np.zeros(len(units), dtype=np.int64)))[hit] for name in AMOUNTS}
        row = units.loc[hit, ["unit_id", "srid", "product_id"]]
        made.append(row.assign(row_on=_moscow_day(moment[hit]), operation=operation, quantity=1, **told))
    return pd.concat(made, ignore_index=True)


def _of_weeks(dice: Dice, products: pd.DataFrame, *, begins: np.datetime64, ends: np.datetime64) -> pd.DataFrame:
    """Storage each week and deductions in most, on its Sunday; they name no unit."""
    first, last = _monday(begins), _monday(ends)
    monday = np.arange(first, last + 1, 7)
    week = monday.astype(np.int64)
    kept = int(products["nm_id"].notna().sum())
    amounts = {
        "storage": ("storage_kop", kept * (300 + dice.index(200, "market storage", week)), np.full(len(week), True)),
        "deduction": ("deduction_kop", kept * (500 + dice.index(1_500, "market deduction", week)), dice.happens(DEDUCTED, "deducts", week)),
    }
    made = []
    for operation, (column, amount, hit) in amounts.items():
        rows = {
            "unit_id": np.iinfo(np.int64).max,
            "row_on": (monday[hit] + 6).astype("datetime64[us]"),
            "operation": operation,
            "quantity": 0,
        }
        made.append(pd.DataFrame({**dict.fromkeys(AMOUNTS, 0), **rows, column: amount[hit]}).assign(srid=None, product_id=pd.NA))
    return pd.concat(made, ignore_index=True)


def _moscow_day(moment: np.ndarray) -> np.ndarray:
    return (moment + MOSCOW).astype("datetime64[D]").astype("datetime64[us]")


def _monday(moment: np.ndarray | np.datetime64) -> np.ndarray:
    """The Monday of the week of a day, or of a moment by Moscow."""
    moment = np.asarray(moment)
    day = moment if moment.dtype == np.dtype("datetime64[D]") else (moment + MOSCOW).astype("datetime64[D]")
    return day - (day.astype(np.int64) + 3) % 7
