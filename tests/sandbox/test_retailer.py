"""The simulated retailer: the same seed gives the same world, the future leaves the past alone, and its books balance."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from sandbox.ledger import CHEAPER_POINT_KOP, LASTS_DAYS, PAYS_PERCENT, POINT_KOP, WAITS_DAYS
from sandbox.retailer import simulate
from sandbox.shapes import SHAPES
from sandbox.world import World, table

SMALL = {"until": datetime(2026, 10, 31, 23, tzinfo=UTC), "customers": 300, "days": 120, "stores": 6}  # as the fixture world
# What says when a row came into being, table by table.
BORN = {
    "people": "joined_at",
    "profile_changes": "changed_at",
    "orders": "created_at",
    "returns": "returned_at",
    "loyalty_accounts": "enrolled_at",
    "loyalty_operations": "created_at",
    "campaigns": "created_at",
    "messages": "sent_at",
    "message_events": "created_at",
    "consent_events": "created_at",
    "crm_consent_events": "created_at",
    "segment_members": "since",
    "visits": "ended_at",
    "app_actions": "created_at",
}
DISCOUNTS = ["mass_discount_kop", "personal_discount_kop", "promo_discount_kop", "points_discount_kop"]


def seen_at(world: World, moment: datetime) -> dict[str, pd.DataFrame]:
    """What can be known of a world by then."""
    seen = {}
    for name, column in BORN.items():
        rows = getattr(world, name)
        seen[name] = rows[rows[column] <= moment].reset_index(drop=True)
    seen["orders"].loc[~(seen["orders"]["received_at"] <= moment), "points_earned"] = 0
    seen["segment_members"].loc[seen["segment_members"]["until"] > moment, "until"] = pd.NaT
    seen["loyalty_accounts"] = seen["loyalty_accounts"].drop(columns=["card_number", "status"])
    # What a visit's events and its browser are known by is the visit.
    of_visits = seen["visits"][["visit_id", "client_id"]]
    seen["visit_events"] = world.visit_events.merge(of_visits, on=["visit_id", "client_id"])
    seen["browsers"] = world.browsers[world.browsers["client_id"].isin(of_visits["client_id"])].reset_index(drop=True)
    over = world.channel_costs["cost_on"] + pd.Timedelta(days=1) <= moment
    seen["channel_costs"] = world.channel_costs[over].reset_index(drop=True)
    seen["order_lines"] = world.order_lines[world.order_lines["order_id"].isin(seen["orders"]["order_id"])].reset_index(drop=True)
    seen["return_lines"] = world.return_lines[world.return_lines["return_id"].isin(seen["returns"]["return_id"])].reset_index(drop=True)
    for system in ("retailcrm", "moysklad", "mindbox"):
        seen[system] = world.profiles_at(system, moment)
    return seen


def test_a_seed_gives_one_world_and_another_seed_another(world):
    again, other = simulate(seed=1, future_days=30, **SMALL), simulate(seed=2, future_days=30, **SMALL)
    for name in SHAPES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(world, name))
    assert not other.orders["created_at"].equals(world.orders["created_at"])


def test_every_table_has_the_documented_columns_and_types(world):
    for name in SHAPES:
        pd.testing.assert_frame_equal(getattr(world, name).head(0), table(name))


def test_a_longer_future_leaves_the_past_alone(world, shorter):
    before, after = seen_at(shorter, shorter.ends_at), seen_at(world, shorter.ends_at)
    for name in before:
        pd.testing.assert_frame_equal(before[name], after[name], obj=name)


def test_what_was_seen_yesterday_is_seen_today(world):
    yesterday, today = datetime(2026, 11, 3), datetime(2026, 11, 4)  # noqa: DTZ001  the world's own times are naive UTC
    seen_yesterday, seen_today = seen_at(world, yesterday), seen_at(world, today)
    assert len(seen_today["message_events"]) > len(seen_yesterday["message_events"])
    for name in ("orders", "messages", "message_events", "loyalty_operations", "profile_changes", "app_actions"):
        key = next(iter(SHAPES[name]))
        pd.testing.assert_series_equal(seen_today[name][key].head(len(seen_yesterday[name])), seen_yesterday[name][key])


def test_an_order_is_the_sum_of_its_lines(world):
    live = world.order_lines[~world.order_lines["is_cancelled"]]
    live = live.assign(gross_kop=live["quantity"] * live["unit_price_kop"])
    sums = live.groupby("order_id")[["gross_kop", *DISCOUNTS, "net_kop"]].sum()
    orders = world.orders.set_index("order_id")
    pd.testing.assert_frame_equal(sums, orders[sums.columns].sort_index())
    assert (orders["net_kop"] == orders["gross_kop"] - orders[DISCOUNTS].sum(axis=1)).all()
    worth = np.where(orders["created_at"] < world.points_cheaper_since, POINT_KOP, CHEAPER_POINT_KOP)
    assert (orders["points_discount_kop"] == orders["points_redeemed"] * worth).all()
    assert orders.loc[orders["points_redeemed"] > 0].groupby(worth[orders["points_redeemed"] > 0]).size().min() > 10
    assert (live["net_kop"] >= 0).all()
    assert (orders["points_redeemed"] * worth <= (orders["net_kop"] + orders["points_discount_kop"]) * PAYS_PERCENT / 100).all()


def test_a_return_gives_back_no_more_than_was_paid(world):
    body = world.return_lines.merge(world.returns[["return_id", "order_id", "returned_at"]], on="return_id")
    assert (body.groupby("return_id")["net_kop"].sum() == world.returns.set_index("return_id")["amount_kop"]).all()
    sold = body.merge(world.order_lines, on=["order_id", "line_number"], suffixes=("", "_sold"))
    assert len(sold) == len(body)
    assert (sold["quantity"] <= sold["quantity_sold"]).all()
    assert (sold["net_kop"] <= sold["net_kop_sold"]).all()
    received = body["order_id"].map(world.orders.set_index("order_id")["received_at"])
    assert (body["returned_at"] > received).all()


def test_the_milestones_of_an_order_follow_each_other(world):
    orders = world.orders
    for earlier, later in (
        ("created_at", "confirmed_at"),
        ("confirmed_at", "shipped_at"),
        ("shipped_at", "received_at"),
        ("created_at", "cancelled_at"),
    ):
        both = orders[orders[later].notna() & orders[earlier].notna()]
        assert (both[earlier] <= both[later]).all(), (earlier, later)
    assert (orders["received_at"].notna() ^ orders["cancelled_at"].notna()).all()
    receipts = orders[orders["kind"] == "receipt"]
    assert receipts["crm_record_id"].isna().all()
    assert receipts["store_id"].notna().all()


def test_the_ledger_balances_for_every_account_at_every_moment(crowd):
    operations = crowd.loyalty_operations
    assert (operations.groupby("account_id")["points"].cumsum() >= 0).all()
    waits = operations[operations["pending_until"] > operations["created_at"]]
    at_once = operations.drop(waits.index)
    starts = pd.concat([at_once.assign(when=at_once["created_at"]), waits.assign(when=waits["pending_until"])])
    ends = pd.concat([waits.assign(when=waits["created_at"]), waits.assign(when=waits["pending_until"], points=-waits["points"])])
    for what, moved in (("may be spent", starts), ("waits", ends)):
        moved = moved.groupby(["account_id", "when"])["points"].sum().groupby("account_id").cumsum()
        assert (moved >= 0).all(), what
    assert (waits["points"] < 0).any(), "nobody returned anything whose points still waited"
    by_order = operations[operations["type"] == "charge_for_order"].set_index("order_id")["points"]
    redeemed = crowd.orders[crowd.orders["points_redeemed"] > 0].set_index("order_id")["points_redeemed"]
    assert (-by_order).to_dict() == redeemed.to_dict()
    earned = operations[operations["type"] == "credit_for_order"].set_index("order_id")["points"]
    expected = crowd.orders[crowd.orders["points_earned"] > 0].set_index("order_id")["points_earned"]
    assert earned.to_dict() == expected.to_dict()
    returned = operations[operations["return_id"].notna()].groupby("type")["points"].sum()
    assert -returned["cancel_of_credit"] == crowd.returns["points_cancelled"].sum()
    assert returned["cancel_of_charge"] == crowd.returns["points_returned"].sum()


def test_points_wait_two_weeks_and_live_a_year(crowd):
    """Replayed apart from the ledger: nobody spends what is not active, and what has expired is what is burnt."""
    closed = set(crowd.loyalty_accounts.loc[crowd.loyalty_accounts["closed_at"].notna(), "account_id"])
    burnt = 0
    for account, rows in crowd.grouped("loyalty_operations", "account_id").items():
        lots: list[list] = []
        for row in rows:
            if row["points"] > 0:
                waits = WAITS_DAYS if row["type"] == "credit_for_order" else 0
                active = row["created_at"] + pd.Timedelta(days=waits)
                lots.append([active, active + pd.Timedelta(days=LASTS_DAYS), row["points"], row["order_id"]])
                assert row["activates_on"] == active.date()
                continue
            usable = [lot for lot in lots if row["type"] == "cancel_of_credit" or lot[0] <= row["created_at"]]
            if row["type"] == "burn" and account not in closed:
                usable = [lot for lot in lots if lot[1] <= row["created_at"]]
                burnt -= row["points"]
            left = -row["points"]
            for lot in sorted(usable, key=lambda lot: (row["type"] == "cancel_of_credit" and lot[3] != row["order_id"], lot[1])):
                part = min(lot[2], left)
                lot[2] -= part
                left -= part
            assert account in closed or left == 0, (account, row)
        if account not in closed:
            assert sum(lot[2] for lot in lots if lot[1] <= crowd.ends_at) == 0
    assert burnt > 0


def test_every_record_that_something_points_at_is_there(world):
    profiles = world.profiles
    born = {(s, r): t for s, r, t in zip(profiles["system"], profiles["record_id"], profiles["created_at"], strict=True)}
    for order in world.rows("orders"):
        if order["kind"] == "online":
            assert born["retailcrm", order["crm_record_id"]] <= order["created_at"]
        assert born["moysklad", order["ms_record_id"]] <= order["created_at"]
        assert order["store_id"] is None or order["store_id"] in set(world.stores["store_id"])
    for account in world.rows("loyalty_accounts"):
        assert born["retailcrm", account["crm_record_id"]] <= account["enrolled_at"]
    assert {("mindbox", record) for record in world.messages["mindbox_id"]} <= set(born)
    assert set(world.orders["employee_id"].dropna()) <= set(world.employees["employee_id"])
    assert set(world.order_lines["product_id"]) <= set(world.products["product_id"])
    made = world.order_lines.merge(world.products, on="product_id").merge(world.orders, on="order_id")
    assert (made["created_at_x"] <= made["created_at_y"]).all()


def test_the_truth_names_every_record_of_a_person_once(world):
    truth = world.truth()
    assert list(truth.columns) == ["source_system", "source_account", "source_record_id", "person_id"]
    assert not truth.duplicated(["source_system", "source_record_id"]).any()
    assert set(truth["person_id"]) <= set(world.people["person_id"])
    assert len(truth) == (~world.profiles["kind"].isin(["company", "placeholder", "test", "stranger", "visitor"])).sum()


def test_nobody_is_mailed_without_consent_except_by_slips(crowd):
    marketing = set(crowd.campaigns.loc[crowd.campaigns["type"] != "transactional", "campaign_id"])
    mails = crowd.messages[crowd.messages["campaign_id"].isin(marketing)].merge(
        crowd.campaigns[["campaign_id", "channel", "topic"]], on="campaign_id"
    )
    said = crowd.consent_events.sort_values("created_at")
    last = pd.merge_asof(
        mails.sort_values("sent_at"),
        said[["mindbox_id", "channel", "topic", "is_subscribed", "created_at"]],
        left_on="sent_at",
        right_on="created_at",
        by=["mindbox_id", "channel", "topic"],
    )
    assert last["is_subscribed"].notna().all()
    after_opt_out = (~last["is_subscribed"].astype(bool)).mean()
    assert 0 < after_opt_out < 0.003


def test_stock_is_a_function_of_the_day(world):
    day = date(2026, 10, 1)
    pd.testing.assert_frame_equal(world.stock(day), world.stock(day))
    assert not world.stock(day).equals(world.stock(date(2026, 10, 2)))
    shops = world.stores
    is_open = ~(shops["opened_on"] > pd.Timestamp(day)) & ~(shops["closed_on"] <= pd.Timestamp(day))
    assert 0 < is_open.sum() < len(shops)
    assert set(world.stock(day)["store_id"]) == {*shops.loc[is_open, "store_id"], *world.warehouses["store_id"]}
