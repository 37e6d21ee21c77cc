"""The source against the sandbox over real HTTP: whom it asks, how a night goes on, who is no member, faults, masked cards and phones."""

import logging
import re
from datetime import timedelta

import programme_world as made
import pytest

from ingestion import lake
from ingestion.abm_loyalty import round as rounds
from sandbox.abm_loyalty.methods import API_KEY
from sandbox.faults import Fault

STRANGER = ("299999999999", "+79990000000")
ANY_NUMBER = re.compile(rf"{made.card(made.ANNA)[:7]}\d|7?916000\d|2999999|9990000000")


def keys(rows):
    return sorted(row["key"] for row in rows)


def results(rows):
    return sorted((row["type"], row["result"]) for row in rows)


def told(world, *accounts, until=made.NOW):
    """The ids of what these accounts did by then."""
    return sorted(str(row["operation_id"]) for row in world.rows("loyalty_operations")
                  if row["account_id"] in accounts and row["created_at"] <= until)


def test_a_first_night_knows_nobody_and_says_so_and_the_second_asks_everybody(night, installation, publish, landed, programme, caplog):
    with caplog.at_level(logging.WARNING):
        first = night()
    assert (first.status, first.error, first.documents) == ("success", "", {"settings": 1})
    assert installation.sandbox.requests["abm_loyalty"] == 0
    assert "abm_loyalty/main: nobody was asked, since no customer is known yet" in caplog.text
    # Boris without a card, Anna twice (two customers with one card), and somebody who is no member.
    contacts = [(None if phone == made.phone(made.BORIS) else card, phone) for card, phone in made.everybody()]
    publish(*contacts, (made.card(made.ANNA), None), STRANGER)
    installation.sandbox.advance(days=1)
    assert night().error == ""
    assert keys(landed("accounts")) == sorted(str(number) for number in made.BALANCES)
    assert keys(landed("operations")) == told(programme, *made.BALANCES, until=made.NOW + timedelta(days=1))
    # The phone of a member whose card was found is not asked for; who is no member by card is asked for by phone.
    assert results(landed("answers")) == sorted(
        [("card", "member")] * (len(contacts) - 1) + [("phone", "member"), ("card", "not_a_member"), ("phone", "not_a_member")])
    anna = next(row for row in landed("accounts") if row["key"] == str(made.ANNA))["told"]
    assert (anna["balance"], anna["pendingBalance"]) == (made.BALANCES[made.ANNA][0] - 10, 50)


def test_a_night_spends_its_calls_and_the_next_goes_on(night, installation, publish, landed, programme, monkeypatch):
    publish(*made.everybody())
    monkeypatch.setenv("SOURCES__ABM_LOYALTY__CALLS_PER_NIGHT", "20")
    for count in (10, 20, 30):
        assert night().error == ""
        assert len(landed("accounts")) == count
        installation.sandbox.advance(hours=1)
    assert installation.sandbox.requests["abm_loyalty"] == 60
    night()
    assert keys(landed("accounts")) == sorted(str(number) for number in made.BALANCES)
    assert set(keys(landed("operations"))) == set(told(programme, *made.BALANCES))
    # Everybody was answered just now; half a day later those asked longest ago come again, and no news with them.
    assert night().documents == {}
    installation.sandbox.advance(hours=9)
    assert night().documents == {}
    installation.sandbox.set_clock(made.UNTIL + timedelta(hours=16))
    monkeypatch.setenv("SOURCES__ABM_LOYALTY__CALLS_PER_NIGHT", "12")
    assert night().documents == {"answers": 6}
    asked = {row["key"]: 0 for row in landed("answers")}
    for row in landed("answers"):
        asked[row["key"]] += 1
    assert sorted(asked.values()) == [1] * 28 + [2] * 6


def test_a_quiet_night_lands_answers_alone_and_news_only_what_is_new(night, installation, publish, landed, programme):
    publish(*made.everybody())
    night()
    first = {name: len(landed(name)) for name in ("accounts", "operations")}
    installation.sandbox.advance(hours=9)
    assert night().documents == {}
    installation.sandbox.set_clock(made.UNTIL + timedelta(hours=13))
    assert night().documents == {"answers": len(made.BALANCES), "accounts": 1, "operations": 1}
    installation.sandbox.advance(hours=13)
    assert night().documents == {"answers": len(made.BALANCES)}
    assert first == {"accounts": len(made.BALANCES), "operations": len(told(programme, *made.BALANCES))}


def test_whom_the_nights_own_publication_brings_is_asked_by_the_next_night(night, installation, publish, landed):
    publish(*made.everybody()[:5])
    night()
    publish(*made.everybody())
    installation.sandbox.advance(hours=1)
    assert night().documents == {}
    installation.sandbox.advance(days=1)
    night()
    assert keys(landed("accounts")) == sorted([*map(str, made.BALANCES), str(made.ANNA)])


def test_no_member_is_asked_again_after_a_rest(night, installation, publish, landed):
    publish(STRANGER)
    for days, asked in ((0, 2), (29, 2), (2, 4)):
        installation.sandbox.advance(days=days)
        assert night().error == ""
        assert installation.sandbox.requests["abm_loyalty"] == asked
    assert results(landed("answers")) == [("card", "not_a_member")] * 2 + [("phone", "not_a_member")] * 2


def test_two_cards_of_one_member_are_one_account(night, installation, publish, landed, programme):
    publish((made.OLD_CARD, None), (made.card(made.ANNA), None))
    night()
    assert keys(landed("accounts")) == [str(made.ANNA)]
    assert keys(landed("operations")) == told(programme, made.ANNA)
    installation.sandbox.set_clock(made.UNTIL + timedelta(hours=13))
    assert night().documents == {"answers": 2, "accounts": 1, "operations": 1}


def test_operations_without_an_id_are_told_apart_by_what_happened(night, installation, publish, landed, programme):
    installation.sandbox.options["abm_loyalty.without_ids"] = "yes"
    publish(*made.everybody())
    night()
    found = keys(landed("operations"))
    assert len(set(found)) == len(found) == len(told(programme, *made.BALANCES))
    assert len([key for key in found if key.endswith(":2")]) == made.MANY
    installation.sandbox.set_clock(made.UNTIL + timedelta(hours=13))
    assert night().documents == {"answers": len(made.BALANCES), "accounts": 1, "operations": 1}


def test_a_file_names_customers_before_the_first_publication(night, installation, landed, tmp_path, monkeypatch):
    file = tmp_path / "cards.csv"
    file.write_text(f"\ufeffcard;phone;name\n{made.card(made.ANNA)};;Анна\n;8 (916) 000-00-02;Борис\n;;nobody\n", encoding="utf-8")
    monkeypatch.setenv("SOURCES__ABM_LOYALTY__CUSTOMERS_FILE", str(file))
    assert night().error == ""
    assert keys(landed("accounts")) == [str(made.ANNA), str(made.BORIS)]
    monkeypatch.setenv("SOURCES__ABM_LOYALTY__ASK_BY", "card")
    installation.sandbox.advance(days=1)
    assert night().documents == {"answers": 1, "accounts": 1, "operations": 1}


PASSING_FAULTS = (
    Fault("abm_loyalty", status=503, path="user-info", after=3, times=2), Fault("abm_loyalty", status=429, path="bonus-history", times=1),
    Fault("abm_loyalty", kind="html", path="user-info", after=9, times=1), Fault("abm_loyalty", kind="truncated", path="bonus", times=1),
    Fault("abm_loyalty", kind="truncated_without_length", path="user-info", after=5, times=1),
    Fault("abm_loyalty", kind="reset", path="bonus-history", after=7, times=1), Fault("abm_loyalty", kind="empty", path="user", after=30),
    Fault("abm_loyalty", kind="slow", seconds=0.1, path="user-info", times=1),
    Fault("abm_loyalty", status=200, body='{"data":null}', path="bonus-history", after=5, times=1),
    Fault("abm_loyalty", status=200, body='{"id":77,"cardNumber":"290000000077"}', path="user-info", after=12, times=2),
)


def test_a_passing_fault_loses_nothing(night, installation, publish, landed, programme):
    publish(*made.everybody())
    for fault in PASSING_FAULTS:
        installation.sandbox.faults.plant(fault)
    report = night()
    assert (report.error, installation.sandbox.faults.met) == ("", sum(fault.times for fault in PASSING_FAULTS))
    assert keys(landed("accounts")) == sorted(str(number) for number in made.BALANCES)
    assert keys(landed("operations")) == told(programme, *made.BALANCES)


def test_a_customer_who_is_never_answered_stops_nobody(night, installation, publish, landed, caplog):
    publish(*((card, None) for card, _ in made.everybody()))
    installation.sandbox.options["abm_loyalty.failing"] = f"{made.card(11)},{made.card(12)}"
    with caplog.at_level(logging.DEBUG):
        assert night().error == ""
    assert len(landed("accounts")) == len(made.BALANCES) - 2
    assert results(landed("answers")).count(("card", "failed")) == 2
    assert ("abm_loyalty/main accounts: a customer asked for by card was not answered: answered 500 with "
            "application/json. What was known of him stays.") in caplog.text
    installation.sandbox.options.clear()
    installation.sandbox.advance(minutes=5)
    night()
    assert keys(landed("accounts")) == sorted(str(number) for number in made.BALANCES)


@pytest.mark.parametrize(("times", "lost"), [(3, set()), (6, {str(made.ANNA), str(made.BORIS)})], ids=["once", "at the end too"])
def test_another_customers_account_is_not_believed_and_whom_it_hit_is_asked_again_at_the_end(
        night, installation, publish, landed, times, lost):
    publish(*((card, None) for card, _ in made.everybody()))
    other = '{"id":77,"cardNumber":"290000000077","phone":"79160000077"}'
    installation.sandbox.faults.plant(Fault("abm_loyalty", status=200, body=other, path=f"{made.card(made.ANNA)}/user-info", times=times))
    history = '{"userId":77,"operations":[{"id":1,"type":"ACCRUAL","amount":5,"date":"2026-10-01T10:00:00"}]}'
    installation.sandbox.faults.plant(Fault("abm_loyalty", status=200, body=history, path=f"{made.card(made.BORIS)}/bonus", times=times))
    assert night().error == ""
    missing = {str(number) for number in made.BALANCES} - set(keys(landed("accounts")))
    assert missing == lost


def test_a_vendor_that_is_down_fails_and_one_that_falls_keeps_what_was_told(night, installation, publish, landed, caplog, monkeypatch):
    publish(*made.everybody())
    installation.sandbox.faults.plant(Fault("abm_loyalty", status=502, body="{}", times=1000))
    assert night().error == (
        "abm_loyalty/main accounts: answered 502 with application/json, for 10 customers in a row and no other. Nothing of this load was "
        "kept; the data of the last finished load stays, and the next run goes on.")
    installation.sandbox.faults.clear()
    # So many of so few are no success either, the last ten included.
    installation.sandbox.faults.plant(Fault("abm_loyalty", status=502, body="{}", path="user-info", after=1, times=1000))
    assert "abm_loyalty/main accounts: 10 of 11 customers were not answered, the last because: answered 502" in night().error
    installation.sandbox.faults.clear()
    monkeypatch.setattr(rounds, "IN_A_ROW", 5)
    installation.sandbox.faults.plant(Fault("abm_loyalty", status=502, body="{}", path="user-info", after=24, times=1000))
    with caplog.at_level(logging.WARNING):
        assert night().documents["accounts"] == 24
    assert "5 customers in a row were not answered (answered 502 with application/json), so the round ends after 24." in caplog.text
    assert results(landed("answers")) == [("card", "member")] * 24
    installation.sandbox.faults.clear()
    night()
    assert keys(landed("accounts")) == sorted(str(number) for number in made.BALANCES)


def test_a_large_share_that_fails_fails_the_night(night, installation, publish, landed, monkeypatch):
    publish(*((card, None) for card, _ in made.everybody()))
    monkeypatch.setattr(rounds, "IN_A_ROW", 8)
    installation.sandbox.options["abm_loyalty.failing"] = ",".join(made.card(number) for number in range(11, 40, 3))
    assert "10 of 34 customers were not answered, the last because: answered 500" in night().error
    assert landed("accounts") == []


def test_a_dead_key_is_a_sentence_and_a_wrong_address_no_lack_of_members(night, installation, publish, monkeypatch, landed):
    publish(*made.everybody())
    dead = Fault("abm_loyalty", status=401, body='{"code":401,"message":"Unauthorized"}', path="user-info", after=5, times=1000)
    installation.sandbox.faults.plant(dead)
    error = night().error
    assert re.fullmatch(r"abm_loyalty/main: GET http://127\.0\.0\.1:\d+/abm_loyalty/partner/operation/user/card/…/user-info answered 401 "
                        r"with application/json\. This is not retried: .*", error)
    installation.sandbox.faults.clear()
    assert landed("accounts") == []
    monkeypatch.setenv("SOURCES__ABM_LOYALTY__HISTORY_PATH", "partner/history/{token}?from={since}")
    assert night().error == (
        "abm_loyalty/main operations: the path answered 404, and not for want of a member. Nothing of this load was kept; set "
        "SOURCES__ABM_LOYALTY__BASE_URL and SOURCES__ABM_LOYALTY__HISTORY_PATH to what the vendor's documents for this installation say.")
    monkeypatch.setenv("SOURCES__ABM_LOYALTY__HISTORY_PATH", "none")
    assert night().documents == {"settings": 1, "accounts": len(made.BALANCES), "answers": len(made.BALANCES)}


def test_nobody_is_a_member_is_not_believed(night, installation, publish, monkeypatch):
    monkeypatch.setattr(rounds, "NOBODY", 4)
    publish(STRANGER, ("299999999998", None), ("299999999997", None))
    assert night().error.startswith("abm_loyalty/main accounts: none of 4 customers is a member. Nothing of this load was kept; check ")


@pytest.mark.parametrize(("setting", "value", "sentence"), [
    ("HISTORY_PATH", "history?from={since}", "is no path to ask for a customer by: it lacks {token}."),
    ("HISTORY_PATH", "history/{token}", "is no path to ask for a customer by: it lacks {since}."),
    ("INFO_PATH", "user/{card}/{token}", "it may name {type}, {token} and nothing else in braces."),
    ("ASK_BY", "email", "may name card, phone or both, separated by commas."),
    ("CUSTOMERS_FILE", "nowhere.csv", "names nowhere.csv, which cannot be read (FileNotFoundError)."),
])
def test_a_setting_that_makes_no_sense_is_a_sentence(night, installation, publish, monkeypatch, setting, value, sentence):
    publish(*made.everybody())
    monkeypatch.setenv(f"SOURCES__ABM_LOYALTY__{setting}", value)
    assert sentence in night().error


def test_no_card_phone_or_key_stands_in_a_log_line_or_in_what_the_lake_keeps_of_the_questions(night, installation, publish, caplog):
    publish(*made.everybody(), STRANGER)
    caplog.set_level(logging.DEBUG)
    echo = f'{{"path":"/partner/operation/user/card/{made.card(made.ANNA)}/user-info"}}'
    installation.sandbox.faults.plant(Fault("abm_loyalty", status=500, body=echo, path=f"{made.card(made.ANNA)}/user-info", times=2))
    installation.sandbox.options["abm_loyalty.failing"] = made.card(12)
    assert night().error == ""
    assert "GET /abm_loyalty/partner/operation/user/card/…/user-info HTTP/1.1" in caplog.text
    assert "GET /abm_loyalty/partner/operation/user/card/…/bonus-history?… HTTP/1.1" in caplog.text
    assert [line for line in caplog.text.splitlines() if ANY_NUMBER.search(line) or API_KEY in line] == []
    files = [path for path in lake.root().rglob("*") if path.is_file() and not {"accounts", "operations"} & set(path.parts)]
    assert [path for path in files if made.card(made.ANNA).encode() in path.read_bytes() or API_KEY.encode() in path.read_bytes()] == []
