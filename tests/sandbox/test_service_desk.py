"""What the simulated service desk hears: pure by seed, appended to by a longer future, and with the shares it names."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from sandbox import call_lives, calls

# What says when a row came into being, table by table.
BORN = {
    "tickets": "created_at",
    "ticket_comments": "written_at",
    "ticket_statuses": "changed_at",
    "ticket_ratings": "rated_at",
    "calls": "ended_at",
    "leads": "created_at",
    "survey_answers": "answered_at",
    "store_traffic": "day",
    "wifi_visits": "left_at",
    "event_visits": "attended_at",
    "app_sessions": "ended_at",
    "dropped_messages": "sent_at",
    "promotions": "starts_on",
}


@pytest.mark.parametrize("name", BORN)
def test_a_longer_future_only_appends(world, shorter, name):
    before, after = getattr(shorter, name), getattr(world, name)
    assert len(before) > 0
    assert (before[BORN[name]] <= shorter.ends_at).all()
    pd.testing.assert_frame_equal(before, after[after[BORN[name]] <= shorter.ends_at].reset_index(drop=True))


def test_help_desk_clients_are_appended_to_as_well(world, shorter):
    for system in ("usedesk", "calltouch"):
        pd.testing.assert_frame_equal(shorter.profiles_at(system, shorter.ends_at), world.profiles_at(system, shorter.ends_at))


def test_a_ticket_changes_from_the_status_it_has(crowd):
    changes = crowd.ticket_statuses
    first = ~changes["ticket_id"].duplicated()
    assert changes["old_status"].isna().equals(first)
    pd.testing.assert_series_equal(
        changes.loc[~first, "old_status"], changes.groupby("ticket_id")["new_status"].shift()[~first], check_names=False
    )
    assert set(crowd.tickets["ticket_id"]) == set(changes["ticket_id"])
    born = changes[first].set_index("ticket_id")["changed_at"]
    assert (born == crowd.tickets.set_index("ticket_id")["created_at"]).all()


def test_every_writer_has_a_client_who_was_there(crowd):
    desk = crowd.profiles[crowd.profiles["system"] == "usedesk"].set_index("record_id")
    tickets = crowd.tickets.join(desk[["created_at", "kind", "person_id"]], on="client_record_id", rsuffix="_client")
    assert (tickets["created_at_client"] <= tickets["created_at"]).all()
    of_people = tickets[tickets["kind"] == "person"]
    assert (of_people["person_id"] == of_people["person_id_client"]).all()
    bare = desk[["email", "phone", "messenger_id", "first_name"]].isna().all(axis=1)
    assert (bare == (desk["kind"] == "visitor")).all()
    reach = desk[desk["kind"] == "person"][["email", "phone", "messenger_id"]].notna()
    assert {tuple(row) for row in reach.to_numpy().tolist()} >= {(True, False, False), (False, True, False), (False, False, True)}


def test_the_order_of_a_ticket_stands_in_its_subject(crowd):
    about = crowd.tickets[crowd.tickets["order_id"].notna()].merge(crowd.orders[["order_id", "number", "person_id"]], on="order_id")
    assert [n for n, s in zip(about["number"], about["subject"], strict=True) if n not in s] == []
    assert (about["person_id_x"] == about["person_id_y"]).all()


def test_what_was_written_twice_is_merged_into_the_first(crowd):
    merged = crowd.tickets[crowd.tickets["merged_into"].notna()].merge(
        crowd.tickets, left_on="merged_into", right_on="ticket_id", suffixes=("", "_kept")
    )
    assert len(merged) > 0
    assert (merged["created_at_kept"] < merged["created_at"]).all()
    assert (merged["client_record_id_kept"] == merged["client_record_id"]).all()


def test_calls_and_their_legs_agree(crowd):
    heard = crowd.calls[~crowd.calls["is_external"]].set_index("call_id")
    legs = crowd.call_legs
    assert set(legs["call_id"]) <= set(heard.index)
    spoke = legs[(legs["kind"] == "phone") & (legs["result"] == "answered")].set_index("call_id")
    answered = heard[heard["result"] == "answered"]
    pd.testing.assert_frame_equal(spoke[["employee_id", "extension", "answered_at", "ended_at"]].sort_index(),
                                  answered[["employee_id", "extension", "answered_at", "ended_at"]].sort_index())
    queued = legs[legs["kind"] == "queue"].set_index("call_id")
    assert set(queued.index) == set(heard.index[heard["queue"].notna()])
    bounds = legs.join(heard[["started_at", "ended_at"]], on="call_id", rsuffix="_call")
    assert (bounds["started_at"] >= bounds["started_at_call"]).all()
    assert (bounds["ended_at"] <= bounds["ended_at_call"]).all()
    assert (bounds["ended_at"] >= bounds["started_at"]).all()
    back = crowd.calls[crowd.calls["returns_call_id"].notna()].merge(
        crowd.calls, left_on="returns_call_id", right_on="call_id", suffixes=("", "_missed")
    )
    assert (back["result_missed"] == "missed").all()
    assert (back["customer_phone"] == back["customer_phone_missed"]).all()
    assert (back["started_at"] > back["ended_at_missed"]).all()


def test_a_tracked_call_with_a_browser_falls_into_its_visit(crowd):
    tracked = crowd.calls[crowd.calls["client_id"].notna()]
    assert tracked["is_tracked"].all()
    visits = crowd.visits.assign(year=crowd.visits["started_at"].dt.year)
    met = tracked.assign(year=tracked["started_at"].dt.year).merge(visits, on=["visit_id", "client_id"], suffixes=("", "_visit"))
    assert set(tracked["call_id"]) == set(met["call_id"])
    assert (met["person_id"].fillna("") == met["person_id_visit"].fillna("")).all()
    assert (met["traffic_source"] == met["traffic_source_visit"]).all()
    off = (tracked["tracked_at"] - tracked["started_at"]).dt.total_seconds().abs()
    assert off.max() <= 3


def test_shares_are_those_named(crowd):
    tickets, heard = crowd.tickets, crowd.calls
    last = crowd.ticket_statuses.groupby("ticket_id")["new_status"].agg(set)
    queued = heard[heard["queue"].isin(calls.QUEUES)]
    fell = crowd.call_legs[crowd.call_legs["kind"] == "queue"].set_index("call_id")["started_at"]
    wait = (queued["answered_at"] - queued["call_id"].map(fell)) / np.timedelta64(1, "s")
    missed = heard[(heard["direction"] == "in") & (heard["result"] == "missed") & heard["customer_phone"].notna() & ~heard["is_external"]]
    back = heard[heard["returns_call_id"].notna()]
    missed_at = back["returns_call_id"].astype("int64").map(heard.set_index("call_id")["ended_at"])
    soon = back["started_at"] - missed_at <= np.timedelta64(15, "m")
    to_sales = heard[(heard["direction"] == "in") & (heard["own_phone"] == call_lives.OWN_PHONES["sales"])]
    tracked = heard[heard["is_tracked"]]
    figures = {
        "about an order": (tickets["order_id"].notna().mean(), 0.25, 0.45),
        "by a bot alone": (tickets["employee_id"].isna().mean(), 0.06, 0.18),
        "merged": (tickets["merged_into"].notna().mean(), 0.005, 0.03),
        "spam": (last.map(lambda s: "spam" in s).mean(), 0.005, 0.04),
        "deleted": (last.map(lambda s: "deleted" in s).mean(), 0.003, 0.025),
        "rated by webhook": ((crowd.ticket_ratings["comes_by"] == "webhook").mean(), 0.7, 0.9),
        "service level": ((wait <= 20).mean(), 0.70, 0.80),
        "returned in time": (soon.sum() / len(missed), 0.48, 0.72),
        "returned": (len(back) / len(missed), 0.70, 0.90),
        "tracked": (to_sales["is_tracked"].mean(), 0.30, 0.50),
        "tracked with a browser": (tracked["client_id"].notna().mean(), 0.60, 0.80),
        "external": (tracked["is_external"].mean(), 0.01, 0.06),
    }
    assert {name: figure for name, figure in figures.items() if not figure[1] <= figure[0] <= figure[2]} == {}


def test_entrants_are_more_than_receipts(crowd):
    receipts = crowd.orders[crowd.orders["kind"] == "receipt"]
    day = (receipts["created_at"] + pd.Timedelta(hours=3)).dt.normalize()
    sold = receipts.groupby([receipts["store_id"].astype("int64"), day]).size()
    counted = crowd.store_traffic.set_index(["store_id", "day"])["entrants"]
    both = counted.to_frame().join(sold.rename("sold").rename_axis(["store_id", "day"]), how="inner")
    assert len(both) > 1000
    assert (both["entrants"] > both["sold"]).all()


def test_a_device_says_its_phone_once_and_macs_are_written_in_four_ways(crowd):
    seen = crowd.wifi_visits.assign(key=crowd.wifi_visits["mac"].str.replace(r"[^0-9A-Fa-f]", "", regex=True).str.lower())
    assert seen["key"].str.fullmatch(r"[0-9a-f]{12}").all()
    assert seen["mac"].str.replace(r"[0-9A-Fa-f]", "", regex=True).nunique() == 4
    assert not seen[seen["phone"].notna()].duplicated("key").any()
    assert seen.groupby("key")["person_id"].nunique().max() == 1
    assert seen.loc[seen["person_id"].isna(), "phone"].isna().all()


def test_promo_codes_of_orders_are_promotions_of_their_day(crowd):
    used = crowd.orders[crowd.orders["promo_code"].notna()].merge(crowd.promotions, on="promo_code")
    valid = used[(used["starts_on"] <= used["created_at"]) & (used["created_at"] < used["ends_on"] + pd.Timedelta(days=1, hours=3))]
    assert set(valid["order_id"]) == set(crowd.orders.loc[crowd.orders["promo_code"].notna(), "order_id"])


def test_answers_keep_their_scales_and_some_complain_afterwards(crowd):
    answers = crowd.survey_answers
    assert (answers["score"] >= answers["scale_min"]).all()
    assert (answers["score"] <= answers["scale_max"]).all()
    assert set(zip(answers["survey"], answers["scale_min"], answers["scale_max"], strict=True)) == {
        ("nps", 0, 10), ("nps", 1, 10), ("csi", 1, 10), ("csat", 1, 5)}  # fmt: skip
    assert set(answers.loc[answers["importance"].notna(), "survey"]) == {"csi"}
    named = answers[answers["survey"].eq("nps") & answers["person_id"].notna()]
    month = named["answered_at"].dt.strftime("%Y-%m")
    assert named.groupby([named["person_id"], month]).size().max() > 1
    low = named[named["score"] <= 4]
    wrote = low.merge(crowd.tickets, on="person_id")
    called = low.merge(crowd.calls.loc[crowd.calls["direction"] == "in", ["person_id", "started_at"]], on="person_id")
    for found, moment in ((wrote, "created_at"), (called, "started_at")):
        after = found[moment] - found["answered_at"]
        assert ((after > pd.Timedelta(0)) & (after <= pd.Timedelta(days=3))).any()


def test_the_ledger_counts_what_can_be_told_by_now(crowd):
    """Counted again, row by row in plain Python, at a moment inside a day."""
    now = crowd.until.replace(hour=11, minute=30)
    today = now.replace(hour=0, minute=0)
    told = crowd.ledger(now)
    ended = [row for row in crowd.rows("visits") if row["ended_at"] <= now and not (row["gone_at"] and row["gone_at"] <= now)]
    heard = [row for row in crowd.rows("calls") if row["ended_at"] <= now]
    last: dict[int, datetime] = {}
    sessions = 0
    for row in sorted(crowd.rows("app_actions"), key=lambda row: row["happened_at"]):
        if row["created_at"] <= now:
            before = last.get(row["mindbox_id"])
            sessions += before is None or row["happened_at"] - before > timedelta(minutes=30)
            last[row["mindbox_id"]] = row["happened_at"]
    expected = {
        "tickets": sum(row["created_at"] <= now for row in crowd.rows("tickets")),
        "calls": len(heard),
        "calls_in_both": sum(row["is_tracked"] and not row["is_external"] for row in heard),
        "visits": len(ended),
        "visits_of_past_days": sum(row["started_at"] < today - timedelta(hours=3) for row in ended),
        "app_sessions_by_gap": sessions,
        "survey_answers": sum(row["answered_at"] <= now for row in crowd.rows("survey_answers")),
        "entrants": sum(row["entrants"] for row in crowd.rows("store_traffic") if row["day"] < today.date()),
        "channel_costs_kop": sum(row["cost_kop"] for row in crowd.rows("channel_costs") if row["cost_on"] < today.date()),
    }
    assert {name: told[name] for name in expected} == expected
    assert told["calls"] == told["calls_in_exchange"] + told["calls_in_tracker"] - told["calls_in_both"]
    assert told["survey_answers"] == told["survey_nps"] + told["survey_csi"] + told["survey_csat"]
    later = crowd.ledger(crowd.ends_at)
    of_a_moment = ("visits_thrown_out", "stock_", "told_market_")
    assert {name for name in told if later[name] < told[name] and not name.startswith(of_a_moment)} == set()


def test_the_service_desk_is_a_plausible_one(crowd):
    """Bands of the brief for 5 000 people and 730 days, scaled to the people of this retailer."""
    told, scale = crowd.ledger(crowd.until), 1500 / 5000 * 700 / 730
    wanted = {"tickets": 4000, "calls": 12000, "leads": 1200, "survey_answers": 6000}
    assert {name: told[name] for name, many in wanted.items() if not 0.6 * many * scale <= told[name] <= 1.6 * many * scale} == {}
