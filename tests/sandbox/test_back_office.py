"""What only the back office knows: shifts, gift cards, costs as of the sale, its own records of people; and the papers of the tills."""

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from sandbox import costs, fiscal
from sandbox.reconciliation import MARKET_TELLS

MOSCOW = pd.Timedelta(hours=3)
# What says when a row is there to stay, table by table; a shift's receipts are not all rung up before it closes.
BORN = {"shifts": "closed_at", "gift_card_sales": "sold_at", "market_orders": "ordered_at", "market_settlements": "published_at"}


@pytest.mark.parametrize("name", BORN)
def test_a_longer_future_only_appends(world, shorter, name):
    before, after = (table[table[BORN[name]] <= shorter.ends_at] for table in (getattr(shorter, name), getattr(world, name)))
    assert len(before) > 0
    pd.testing.assert_frame_equal(before.reset_index(drop=True), after.reset_index(drop=True))
    assert len(getattr(world, name)) > len(before)


def test_shifts_that_are_still_open_have_their_numbers_already(world, shorter):
    named = ["shift_id", "uuid", "store_id", "number", "opened_at", "closed_at"]
    pd.testing.assert_frame_equal(shorter.shifts[named], world.shifts[named].head(len(shorter.shifts)))


def test_units_of_the_marketplace_and_partners_are_appended_to_as_well(world, shorter):
    pd.testing.assert_frame_equal(shorter.market_units, world.market_units.head(len(shorter.market_units)))
    pd.testing.assert_frame_equal(shorter.profiles_at("one_c", shorter.ends_at), world.profiles_at("one_c", shorter.ends_at))


def test_every_receipt_is_in_one_shift(crowd):
    shifts = crowd.shifts
    receipts = crowd.orders.loc[crowd.orders["kind"] == "receipt", ["order_id", "store_id", "created_at"]].astype({"store_id": "int64"})
    held = pd.merge_asof(receipts, shifts, left_on="created_at", right_on="opened_at", by="store_id")
    held = held[held["created_at"] < held["closed_at"]]
    assert sorted(held["order_id"]) == sorted(receipts["order_id"])
    assert held.groupby("shift_id").size().to_dict() == shifts.set_index("shift_id")["receipts"].to_dict()
    days = shifts.assign(opened=(shifts["opened_at"] + MOSCOW).dt.date, closed=(shifts["closed_at"] + MOSCOW).dt.date)
    assert (days["opened"] == days["closed"]).all()
    assert not days.duplicated(["store_id", "opened"]).any()
    assert (shifts["number"] == shifts.groupby("store_id").cumcount() + 1).all()


def test_gift_cards_are_sold_in_a_shift_and_each_once(crowd):
    cards = crowd.gift_card_sales.astype({"store_id": "int64"})
    held = pd.merge_asof(cards, crowd.shifts, left_on="sold_at", right_on="opened_at", by="store_id")
    held = held[held["sold_at"] < held["closed_at"]]
    assert held["sale_id"].tolist() == cards["sale_id"].tolist()
    assert cards["card_number"].is_unique
    assert set(cards["amount_kop"]) == {100_000, 200_000, 300_000, 500_000, 1_000_000}
    clerks = crowd.employees.set_index("employee_id")["store_id"]
    assert cards["employee_id"].map(clerks).astype("int64").tolist() == cards["store_id"].tolist()
    assert 1 / 20 < len(cards) / (crowd.orders["kind"] == "receipt").sum() < 1 / 13


def test_somewhat_more_is_sold_with_gift_cards_than_is_paid_with_them(crowd):
    told = crowd.ledger(crowd.until)
    redeemed = told["gift_cards_redeemed_at_tills_kop"] + told["gift_cards_redeemed_online_kop"]
    assert 1.0 < told["gift_cards_sold_kop"] / redeemed < 1.4


def test_costs_creep_up_by_eight_percent_of_todays_a_year():
    """By hand: 10 000 x (1 - 0.08 x 730 / 365.25) = 8 401.1; a day later than today 10 000 x (1 + 0.08 / 365.25) = 10 002.2."""
    until = np.datetime64("2026-10-31T23:00", "us")  # 1 November in Moscow
    moments = np.array(["2026-10-31T21:00", "2024-11-01T12:00", "2026-11-01T21:00"], dtype="datetime64[us]")
    assert costs.unit_costs(np.array([10_000]), moments, until=until).tolist() == [10_000, 8_401, 10_002]
    assert costs.unit_costs(np.array([0, 1]), moments[1], until=until).tolist() == [0, 1]


def test_a_product_costs_the_same_all_day_and_another_amount_in_other_months(crowd):
    sold = crowd.order_lines.merge(crowd.orders[["order_id", "created_at"]], on="order_id")
    assert (sold.loc[sold["is_cancelled"], "cost_kop"] == 0).all()
    sold = sold[~sold["is_cancelled"]]
    unit = sold["cost_kop"] // sold["quantity"]
    assert (unit * sold["quantity"] == sold["cost_kop"]).all()
    day = (sold["created_at"] + MOSCOW).dt.normalize()
    assert unit.groupby([sold["product_id"], day]).nunique().max() == 1
    share = unit / sold["product_id"].map(crowd.products.set_index("product_id")["cost_kop"])
    years = (pd.Timestamp(crowd.until + MOSCOW).normalize() - day).dt.days / 365.25
    assert (share - (1 - 0.08 * years)).abs().max() < 1e-3
    assert years.max() > 1.5


@pytest.mark.parametrize(("now", "first"), [
    (datetime(2026, 10, 31, 23), date(2026, 10, 1)),  # 1 November in Moscow: October is open  # noqa: DTZ001
    (datetime(2026, 11, 4, 20, 59), date(2026, 10, 1)),  # noqa: DTZ001
    (datetime(2026, 11, 4, 21), date(2026, 11, 1)),  # noqa: DTZ001
    (datetime(2027, 1, 4, 12), date(2026, 12, 1)),  # noqa: DTZ001
])  # fmt: skip
def test_a_month_is_closed_on_the_fifth_of_the_next(now, first):
    assert costs.first_open_day(now) == first


def test_partners_are_those_whose_card_a_till_has_seen_and_the_firms(crowd):
    partners = crowd.profiles[crowd.profiles["system"] == "one_c"]
    shown = crowd.orders[(crowd.orders["kind"] == "receipt") & crowd.orders["account_id"].notna()]
    first = shown.groupby("person_id")["created_at"].min() - pd.Timedelta(minutes=1)
    of_people = partners[partners["person_id"].notna()]
    assert of_people.set_index("person_id")["created_at"].to_dict() == first.to_dict()
    assert of_people["card_number"].notna().all()
    assert of_people["birth_date"].notna().all()
    assert set(of_people["kind"]) == {"person", "employee"}
    firms = partners[partners["person_id"].isna()]
    assert sorted(firms["company_id"]) == sorted(crowd.companies["company_id"])
    assert partners["record_id"].is_unique
    known = crowd.truth()
    assert (known["source_system"] == "one_c").sum() == len(of_people)


def test_a_fiscal_document_is_told_by_drive_and_number(crowd):
    assert fiscal.of_sale(10_007).key == "9960440300000001/10007"
    receipts = crowd.orders.loc[crowd.orders["kind"] == "receipt", "order_id"]
    keys = [fiscal.of_sale(order).key for order in receipts] + [fiscal.of_return(back).key for back in crowd.returns["return_id"]]
    assert len(set(keys)) == len(keys)


def test_the_books_hold_every_sale_once(crowd):
    """Counted again, row by row in plain Python, at a moment inside a day of a month whose predecessor is still open."""
    now = crowd.until.replace(month=10, day=4, hour=11, minute=30)
    orders = {row["order_id"]: row for row in crowd.rows("orders") if row["created_at"] <= now and not row["is_test"]}
    live = {key: row for key, row in orders.items() if not (row["cancelled_at"] and row["cancelled_at"] <= now)}
    closed = datetime(now.year, 8, 31, 21)  # noqa: DTZ001  September is open till the 5th
    cost = dict.fromkeys(("receipt", "online"), 0)
    for row in crowd.rows("order_lines"):
        order = live.get(row["order_id"])
        if order and order["shipped_at"] and order["shipped_at"] < closed:
            cost[order["kind"]] += row["cost_kop"]
    back = [row for row in crowd.rows("returns") if row["returned_at"] <= now]
    units = [row for rows in crowd.grouped("market_units", "market_order_id").values() for row in rows]
    basket = {row["market_order_id"]: row["ordered_at"] for row in crowd.rows("market_orders")}
    units = [row for row in units if basket[row["market_order_id"]] <= now]
    kept = [row for row in units if not (row["cancelled_at"] and row["cancelled_at"] <= now)]
    recent = [row for row in kept if basket[row["market_order_id"]] >= now - MARKET_TELLS]
    came_back = [row for row in units if row["returned_at"] and row["returned_at"] <= now]
    settled = [row for row in crowd.rows("market_settlements") if row["published_at"] <= now]
    expected = {
        "receipts": sum(row["kind"] == "receipt" for row in live.values()),
        "receipts_net_kop": sum(row["net_kop"] for row in live.values() if row["kind"] == "receipt"),
        "online_orders": sum(row["kind"] == "online" for row in live.values()),
        "online_orders_cancelled": len(orders) - len(live),
        "till_returns": sum(row["order_id"] in live and live[row["order_id"]]["kind"] == "receipt" for row in back),
        "returns": len(back) + len(came_back),
        "returns_kop": sum(row["amount_kop"] for row in back) + sum(row["price_kop"] for row in came_back),
        "orders": len(live) + len({row["market_order_id"] for row in kept}),
        "orders_net_kop": sum(row["net_kop"] for row in live.values()) + sum(row["price_kop"] for row in kept),
        "cost_of_receipts_kop": cost["receipt"],
        "cost_of_online_orders_kop": cost["online"],
        "gift_cards_sold_kop": sum(row["amount_kop"] for row in crowd.rows("gift_card_sales") if row["sold_at"] <= now),
        "shifts": sum(row["closed_at"] <= now for row in crowd.rows("shifts")),
        "market_units": len(units),
        "told_market_orders_net_kop": sum(row["price_kop"] for row in recent),
        "market_payout_kop": sum(
            row["for_pay_kop"] - row["delivery_kop"] - row["penalty_kop"] - row["storage_kop"] - row["deduction_kop"] for row in settled
        ),
        "stock_rows": len(crowd.stock(now.date())),
    }
    told = crowd.ledger(now)
    assert {name: told[name] for name in expected} == expected
    assert told["net_revenue_kop"] == told["orders_net_kop"] - told["returns_kop"]
    assert told["cost_of_goods_sold_kop"] == cost["receipt"] + cost["online"]
    assert [name for name in expected if not expected[name]] == []
