"""The simulated retailer: the same seed gives the same world, the future leaves the past alone, and its books balance."""

import importlib.util
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from sandbox import traps
from sandbox.ledger import LASTS_DAYS, PAYS_PERCENT, WAITS_DAYS
from sandbox.profiles import written_phone
from sandbox.purchases import cdnow, read_log, replay_purchases
from sandbox.retailer import simulate
from sandbox.shapes import SHAPES
from sandbox.world import World, table

UNTIL = datetime(2026, 10, 31, 23, tzinfo=UTC)
SMALL = {"until": UNTIL, "customers": 300, "days": 120, "stores": 6}
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
}
DISCOUNTS = ["mass_discount_kop", "personal_discount_kop", "promo_discount_kop", "points_discount_kop"]


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(seed=1, future_days=30, **SMALL)


@pytest.fixture(scope="module")
def crowd() -> World:
    """Enough people and days for shares and for points to expire."""
    return simulate(seed=1, customers=1500, days=700, stores=8, until=UNTIL, future_days=10)


def seen_at(world: World, moment: datetime) -> dict[str, pd.DataFrame]:
    """What can be known of a world by then."""
    seen = {}
    for name, column in BORN.items():
        rows = getattr(world, name)
        seen[name] = rows[rows[column] <= moment].reset_index(drop=True)
    seen["orders"].loc[~(seen["orders"]["received_at"] <= moment), "points_earned"] = 0
    seen["segment_members"].loc[seen["segment_members"]["until"] > moment, "until"] = pd.NaT
    seen["loyalty_accounts"] = seen["loyalty_accounts"].drop(columns=["card_number", "status"])
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


def test_a_longer_future_leaves_the_past_alone(world):
    shorter = simulate(seed=1, future_days=2, **SMALL)
    before, after = seen_at(shorter, shorter.ends_at), seen_at(world, shorter.ends_at)
    for name in before:
        pd.testing.assert_frame_equal(before[name], after[name], obj=name)


def test_what_was_seen_yesterday_is_seen_today(world):
    yesterday, today = datetime(2026, 11, 3), datetime(2026, 11, 4)  # noqa: DTZ001  the world's own times are naive UTC
    seen_yesterday, seen_today = seen_at(world, yesterday), seen_at(world, today)
    assert len(seen_today["message_events"]) > len(seen_yesterday["message_events"])
    for name in ("orders", "messages", "message_events", "loyalty_operations", "profile_changes"):
        key = next(iter(SHAPES[name]))
        pd.testing.assert_series_equal(seen_today[name][key].head(len(seen_yesterday[name])), seen_yesterday[name][key])


def test_an_order_is_the_sum_of_its_lines(world):
    live = world.order_lines[~world.order_lines["is_cancelled"]]
    live = live.assign(gross_kop=live["quantity"] * live["unit_price_kop"])
    sums = live.groupby("order_id")[["gross_kop", *DISCOUNTS, "net_kop"]].sum()
    orders = world.orders.set_index("order_id")
    pd.testing.assert_frame_equal(sums, orders[sums.columns].sort_index())
    assert (orders["net_kop"] == orders["gross_kop"] - orders[DISCOUNTS].sum(axis=1)).all()
    assert (orders["points_discount_kop"] == orders["points_redeemed"] * 100).all()
    assert (live["net_kop"] >= 0).all()
    assert (orders["points_redeemed"] * 100 <= (orders["net_kop"] + orders["points_discount_kop"]) * PAYS_PERCENT / 100).all()


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
    assert len(truth) == (~world.profiles["kind"].isin(["company", "placeholder", "test"])).sum()


@pytest.mark.parametrize(("style", "written"), enumerate(traps.PHONE_FORMATS))
def test_a_phone_is_written_in_five_ways(style, written):
    assert written_phone("+79161234567", style) == written


def planted(world: World) -> dict[str, tuple[float, float]]:
    """trap -> (share met, share planted)."""
    people, profiles, orders = world.people, world.profiles, world.orders
    of_people = profiles[profiles["person_id"].notna()]
    joined = of_people.merge(people[["person_id", "first_name", "phone"]], on="person_id", suffixes=("", "_true"))
    own = joined[~joined["is_guest"]]
    crm, till, box = (own[own["system"] == system] for system in ("retailcrm", "moysklad", "mindbox"))
    guests = profiles[profiles["is_guest"] & (profiles["system"] == "retailcrm")]
    known = orders[(orders["kind"] == "online") & orders["person_id"].notna()]
    later = known[known.duplicated("person_id") & (known["sales_channel"] != "phone")]
    family = people[people["phone"].duplicated()]
    box_known = box[box["person_id"].isin(crm["person_id"])]
    late = world.message_events["created_at"] - world.message_events["happened_at"] > np.timedelta64(1, "h")
    first = world.consent_events.drop_duplicates(["mindbox_id", "channel", "topic"])
    return {
        "latin": (joined["first_name"].str.match(r"^[A-Z]").mean(), traps.TRANSLITERATED_NAME),
        "retailcrm without e-mail": (crm["email"].isna().mean(), traps.MISSING_EMAIL["retailcrm"]),
        "moysklad without e-mail": (till["email"].isna().mean(), traps.MISSING_EMAIL["moysklad"]),
        "mindbox without phone": (box["phone"].isna().mean(), traps.MISSING_PHONE["mindbox"]),
        "junk e-mail": (crm["email"].isin(traps.JUNK_EMAILS).mean(), traps.JUNK_EMAIL["retailcrm"]),
        "shared or recycled phone": (len(family) / len(people), traps.IN_A_FAMILY * traps.SHARED_FAMILY_PHONE + traps.RECYCLED_NUMBER),
        "employees": (people["is_employee"].mean(), traps.EMPLOYEE),
        "guest checkout": (later["is_guest_checkout"].mean(), traps.GUEST_CHECKOUT),
        "combined": (guests["merged_into"].notna().mean(), traps.COMBINED_RECORD),
        "cross id": (box_known["retailcrm_id"].notna().mean(), traps.MINDBOX_KNOWS_RETAILCRM_ID),
        "test orders": (orders["is_test"].sum() / orders["sales_channel"].isin(["web", "app"]).sum(), traps.TEST_ORDER),
        "late events": (late.mean(), traps.LATE_EVENT),
        "undated consents": (first["changed_at"].isna().mean(), traps.UNDATED_CONSENT),
        "work mail": (people["email"].str.startswith("office@").mean(), traps.COMPANY_MAILBOX),
    }


def test_the_traps_are_planted_as_often_as_they_say(crowd):
    off = {trap: (met, meant) for trap, (met, meant) in planted(crowd).items() if abs(met - meant) > 0.35 * meant + 0.004}
    assert off == {}


def test_each_trap_has_victims(crowd):
    profiles = crowd.profiles
    dummy = profiles["phone"].isin([written_phone(traps.TILL_DUMMY_PHONE, style) for style in range(5)])
    assert set(profiles.loc[dummy & (profiles["kind"] != "test"), "system"]) == {"moysklad"}
    assert set(profiles.loc[profiles["merged_into"].notna(), "system"]) == {"retailcrm", "mindbox"}
    fields = crowd.profile_changes.groupby("field").size()
    assert set(fields.index) == {"phone", "email", "city", "region", "address", "last_name", "card_number"}
    cards = crowd.profile_changes[(crowd.profile_changes["field"] == "card_number") & crowd.profile_changes["old_value"].notna()]
    assert set(cards["system"]) == {"retailcrm", "moysklad"}
    assert crowd.orders["is_b2b"].any()
    assert crowd.orders["is_employee_purchase"].any()
    assert set(crowd.message_events["event"]) >= {
        "sent",
        "delivered",
        "opened",
        "machine_opened",
        "clicked",
        "unsubscribed",
        "hard_bounced",
        "soft_bounced",
        "not_sent",
    }


def test_the_retailer_is_a_plausible_one(crowd):
    """Bands of plan and register: what such a retailer would see, so that the marts' figures can be judged by eye."""
    orders = crowd.orders[~crowd.orders["is_test"] & crowd.orders["cancelled_at"].isna()]
    year = orders[
        (orders["created_at"] > crowd.until - pd.Timedelta(days=365)) & (orders["created_at"] <= crowd.until) & orders["person_id"].notna()
    ]
    receipts = crowd.orders[crowd.orders["kind"] == "receipt"]
    signed = crowd.loyalty_operations.groupby("type")["points"].sum()
    issued = signed[["credit_for_order", "credit_for_event", "credit_manual"]].sum() + signed["cancel_of_credit"]
    events = crowd.message_events.merge(crowd.messages, on="message_id").merge(crowd.campaigns, on="campaign_id")
    opened = events[(events["channel"] == "email") & events["event"].isin(["opened", "machine_opened", "clicked"])]
    by_event = events[events["channel"] == "email"].groupby("event")["message_id"].nunique()
    figures = {
        "average order value": (orders["net_kop"].mean() / 100, 2500, 4000),
        "receipts": (len(receipts) / len(crowd.orders), 0.5, 0.62),
        "anonymous receipts": (receipts["person_id"].isna().mean(), 0.3, 0.42),
        "omnichannel share": ((year.groupby("person_id")["kind"].nunique() == 2).mean(), 0.12, 0.25),
        "participation": (len(crowd.loyalty_accounts) / crowd.truth()["person_id"].nunique(), 0.4, 0.65),
        "redemption": (-(signed["charge_for_order"] + signed["cancel_of_charge"]) / issued, 0.5, 0.75),
        "open rate": (opened["message_id"].nunique() / by_event["delivered"], 0.18, 0.25),
        "click-through rate": (by_event["clicked"] / by_event["delivered"], 0.015, 0.03),
        "unsubscribe rate": (by_event["unsubscribed"] / by_event["delivered"], 0.001, 0.004),
    }
    assert {name: figure for name, figure in figures.items() if not figure[1] <= figure[0] <= figure[2]} == {}


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
    assert set(world.stock(day)["store_id"]) == {*world.stores["store_id"], *world.warehouses["store_id"]}


def test_cdnow_replayed_is_cdnow():
    """Totals of CDNOW_master.txt as published by Fader and Hardie: 69,659 transactions of 23,570 customers."""
    if importlib.util.find_spec("lifetimes") is None:
        pytest.skip("the package lifetimes, which carries the log, is not installed")
    world = replay_purchases(cdnow())
    assert len(world.orders) == 69_659
    assert world.orders["crm_record_id"].nunique() == len(world.profiles) == 23_570
    assert world.orders["net_kop"].sum() == world.order_lines["net_kop"].sum() == 250_031_563
    assert (world.orders["net_kop"] == 0).sum() == 80
    assert (world.orders.groupby("crm_record_id").size() >= 2).sum() == 11_662
    assert world.order_lines["quantity"].min() == 1
    assert set(world.profiles["system"]) == {"retailcrm"}


def test_a_purchase_log_without_a_heading_is_read_and_a_broken_line_named(tmp_path):
    log = tmp_path / "log.txt"
    log.write_text(" 00007 19970101  2   11.77\n", encoding="utf-8")
    assert read_log(log).to_dict("records") == [{"customer": 7, "day": pd.Timestamp("1997-01-01"), "units": 2, "value_kop": 1177}]
    log.write_text("customer date units value\n7 19970101 two 11.77\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"Line 2 of .* is no purchase"):
        read_log(log)
