"""The shop on the marketplace: prices, lives of units, and weekly reports that hang together with them."""

import numpy as np
import pandas as pd

MOSCOW = pd.Timedelta(hours=3)
AMOUNTS = ["retail_amount_kop", "for_pay_kop", "delivery_kop", "penalty_kop", "storage_kop", "deduction_kop"]


def days(moments: pd.Series) -> pd.Series:
    return (moments + MOSCOW).dt.normalize()


def test_only_what_is_listed_is_sold_there_under_one_card(crowd):
    cards = crowd.products.set_index("product_id")["nm_id"].dropna()
    assert cards.is_unique
    assert 0.3 < len(cards) / len(crowd.products) < 0.5
    sold = crowd.market_units.drop_duplicates(["product_id", "nm_id"]).set_index("product_id")["nm_id"]
    assert sold.to_dict() == {product: cards[product] for product in sold.index}


def test_prices_follow_from_the_discounts(crowd):
    units = crowd.market_units
    price = (units["total_price_kop"] * (100 - units["discount_percent"]) / 100 - units["price_kop"]).abs()
    paid = (units["price_kop"] * (100 - units["spp_percent"]) / 100 - units["finished_price_kop"]).abs()
    assert max(price.max(), paid.max()) <= 50  # shown in whole roubles
    bought = units[units["sold_at"].notna()]
    assert (bought["for_pay_kop"] / bought["price_kop"]).between(0.7, 0.9).all()
    assert (units["price_kop"] > units["cost_kop"]).mean() > 0.9


def test_a_unit_is_cancelled_or_bought_out_and_then_perhaps_returned(crowd):
    units = crowd.market_units.merge(crowd.market_orders, on="market_order_id")
    assert (units["cancelled_at"].notna() ^ units["sold_at"].notna()).all()
    for earlier, later in (("ordered_at", "cancelled_at"), ("ordered_at", "sold_at"), ("sold_at", "returned_at")):
        there = units[units[later].notna()]
        assert (there[earlier] < there[later]).all(), (earlier, later)
    assert units["sale_number"].notna().equals(units["sold_at"].notna())
    assert units["return_number"].notna().equals(units["returned_at"].notna())
    numbers = pd.concat([units["sale_number"], units["return_number"]]).dropna()
    assert numbers.is_unique
    assert units["srid"].is_unique
    assert crowd.market_orders["g_number"].is_unique
    assert units["ordered_at"].is_monotonic_increasing


def test_shares_are_those_of_a_small_shop(crowd):
    units = crowd.market_units
    baskets = units.groupby("market_order_id").agg(units=("unit_id", "size"), cancelled=("cancelled_at", "count"))
    figures = {
        "orders": (len(baskets) / (crowd.orders["kind"] == "online").sum(), 0.13, 0.17),
        "with several units": ((baskets["units"] > 1).mean(), 0.2, 0.36),
        "cancelled in part": (((baskets["cancelled"] > 0) & (baskets["cancelled"] < baskets["units"])).mean(), 0.01, 0.06),
        "cancelled": (units["cancelled_at"].notna().mean(), 0.07, 0.13),
        "returned": (units["returned_at"].notna().sum() / units["sold_at"].notna().sum(), 0.055, 0.105),
        "two of a product": (units.duplicated(["market_order_id", "product_id"]).mean(), 0.03, 0.15),
    }
    assert {name: figure for name, figure in figures.items() if not figure[1] <= figure[0] <= figure[2]} == {}


def test_a_report_comes_out_on_monday_for_the_week_before(crowd):
    rows = crowd.market_settlements
    assert rows["row_on"].is_monotonic_increasing
    assert (rows["row_id"] == 1 + np.arange(len(rows))).all()
    assert rows["row_on"].between(rows["period_from"], rows["period_to"]).all()
    assert (rows["period_from"].dt.dayofweek == 0).all()
    assert (rows["period_to"] == rows["period_from"] + pd.Timedelta(days=6)).all()
    assert (rows["published_at"] == rows["period_to"] + pd.Timedelta(hours=24 + 5 - 3)).all()
    assert rows.groupby("report_id")["period_from"].nunique().max() == 1
    assert rows["report_id"].is_monotonic_increasing


def test_every_unit_is_settled_as_it_was_sold_and_returned(crowd):
    rows = crowd.market_settlements
    closed = rows["period_to"].max()
    units = crowd.market_units.set_index("srid")
    of_units = rows[rows["srid"].notna()].set_index("srid")
    assert (of_units["quantity"] == 1).all()
    for operation, column, sign in (("sale", "sold_at", 1), ("return", "returned_at", -1)):
        told = of_units[of_units["operation"] == operation].sort_index()
        happened = units[days(units[column]) <= closed].sort_index()
        assert told.index.tolist() == happened.index.tolist()
        assert told["row_on"].tolist() == days(happened[column]).tolist()
        assert told["for_pay_kop"].tolist() == (sign * happened["for_pay_kop"]).tolist()
        assert told["retail_amount_kop"].tolist() == (sign * happened["finished_price_kop"]).tolist()
        assert told["product_id"].tolist() == happened["product_id"].tolist()
    rides = of_units[of_units["operation"] == "logistics"].groupby(level=0).size()
    sold = units[days(units["sold_at"]) <= closed]
    expected = 1 + (days(sold["returned_at"]) <= closed)
    assert rides.reindex(sold.index).fillna(0).astype(int).tolist() == expected.tolist()
    fined = of_units[of_units["operation"] == "penalty"]
    assert 0 < len(fined) < 0.02 * len(sold)


def test_storage_and_deductions_are_the_weeks_and_no_units(crowd):
    rows = crowd.market_settlements
    weekly = rows[rows["srid"].isna()]
    assert set(weekly["operation"]) == {"storage", "deduction"}
    weeks = rows["period_from"].nunique()
    mondays = rows["period_from"].max() - rows["period_from"].min()
    assert weeks == mondays.days // 7 + 1 == (weekly["operation"] == "storage").sum()
    assert not weekly.duplicated(["report_id", "operation"]).any()
    assert weekly["product_id"].isna().all()


def test_a_row_holds_the_amounts_of_its_operation_only(crowd):
    holds = {
        "sale": {"retail_amount_kop", "for_pay_kop"}, "return": {"retail_amount_kop", "for_pay_kop"}, "logistics": {"delivery_kop"},
        "penalty": {"penalty_kop"}, "storage": {"storage_kop"}, "deduction": {"deduction_kop"},
    }  # fmt: skip
    by_operation = crowd.market_settlements.groupby("operation")
    filled = {operation: {name for name in AMOUNTS if rows[name].any()} for operation, rows in by_operation}
    assert filled == holds
