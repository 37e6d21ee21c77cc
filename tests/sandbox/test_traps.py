"""The traps are planted as often as they say, and the retailer's figures are those of a plausible one."""

import numpy as np
import pandas as pd
import pytest

from sandbox import traps
from sandbox.profiles import written_phone
from sandbox.world import World


@pytest.mark.parametrize(("style", "written"), enumerate(traps.PHONE_FORMATS))
def test_a_phone_is_written_in_five_ways(style, written):
    assert written_phone("+79161234567", style) == written


def planted(world: World) -> dict[str, tuple[float, float]]:
    """trap -> (share met, share planted)."""
    people, profiles, orders, accounts = world.people, world.profiles, world.orders, world.loyalty_accounts
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
        "leaving told": (accounts.loc[accounts["closed_at"].notna(), "leaving_is_told"].mean(), traps.LEAVING_IS_TOLD),
        "balances astray": ((accounts["astray_points"] != 0).mean(), traps.BALANCE_ASTRAY),
        "goods without a cost": ((world.products["cost_kop"] == 0).mean(), traps.WITHOUT_COST),
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
    assert set(cards["system"]) == {"retailcrm", "moysklad", "one_c"}
    assert crowd.orders["is_b2b"].any()
    assert crowd.orders["is_employee_purchase"].any()
    assert set(crowd.message_events["event"]) >= {
        "sent",
        "delivered",
        "opened",
        "machine_opened",
        "machine_clicked",
        "clicked",
        "unsubscribed",
        "hard_bounced",
        "soft_bounced",
        "not_sent",
    }


def test_what_guards_a_firms_mailbox_follows_the_links_at_once(crowd):
    """Clicks of no person: soon enough for messaging.machine_click_seconds, on mailboxes of firms alone, and no visit comes of them."""
    events = crowd.message_events
    delivered = events[events["event"] == "delivered"].set_index("message_id")["happened_at"]
    guarded = crowd.messages["contact_point"].str.startswith("office@").to_numpy()
    machines = events[events["event"] == "machine_clicked"]
    waited = machines["happened_at"] - machines["message_id"].map(delivered)
    assert waited.dt.total_seconds().between(1, 3).all()
    let_in = set(crowd.messages.loc[guarded, "message_id"]) & set(delivered.index)
    assert set(machines["message_id"]) < let_in
    assert machines["message_id"].nunique() / len(let_in) == pytest.approx(traps.FOLLOWED_BY_GATEWAY, abs=0.05)
    assert machines["message_id"].duplicated().any()
    persons = events.loc[events["event"] == "clicked", "message_id"]
    assert set(crowd.visits["clicked_message_id"].dropna()) <= set(persons)
    by_persons = events[events["event"] == "clicked"]
    assert (by_persons["happened_at"] - by_persons["message_id"].map(delivered)).dropna().min() > pd.Timedelta(seconds=30)


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
        "receipts": (len(receipts) / len(crowd.orders), 0.5, 0.85),  # "Orders placed online" of sandbox/plausible.toml, turned round
        "anonymous receipts": (receipts["person_id"].isna().mean(), 0.3, 0.42),
        "omnichannel share": ((year.groupby("person_id")["kind"].nunique() == 2).mean(), 0.12, 0.25),
        "participation": (len(crowd.loyalty_accounts) / crowd.truth()["person_id"].nunique(), 0.4, 0.65),
        "redemption": (-(signed["charge_for_order"] + signed["cancel_of_charge"]) / issued, 0.5, 0.75),
        "open rate": (opened["message_id"].nunique() / by_event["delivered"], 0.18, 0.25),
        "click-through rate": (by_event["clicked"] / by_event["delivered"], 0.015, 0.03),
        "unsubscribe rate": (by_event["unsubscribed"] / by_event["delivered"], 0.001, 0.004),
    }
    assert {name: figure for name, figure in figures.items() if not figure[1] <= figure[0] <= figure[2]} == {}
