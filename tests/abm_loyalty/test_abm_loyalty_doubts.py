"""What the vendor says and should not be believed at once, or not for everybody: late operations, refusals, storms, files of customers."""

import logging
from datetime import timedelta

import programme_world as made
import pytest

from ingestion.abm_loyalty.balance import IN_DOUBT, is_explained
from ingestion.abm_loyalty.customers import _national
from ingestion.documents import Record
from sandbox.abm_loyalty.methods import Methods
from sandbox.faults import Fault

FILE = "SOURCES__ABM_LOYALTY__CUSTOMERS_FILE"
CARDS = [(card, None) for card, _ in made.everybody()]


def keys(rows):
    return sorted(row["key"] for row in rows)


def test_a_history_that_was_not_read_or_under_another_start_is_read_whole(night, installation, publish, landed, monkeypatch, programme):
    publish((made.card(made.ANNA), None), (made.card(made.BORIS), None))
    monkeypatch.setenv("SOURCES__ABM_LOYALTY__HISTORY_PATH", "none")
    night()
    assert [row["through"] for row in landed("answers")] == [None, None]
    monkeypatch.delenv("SOURCES__ABM_LOYALTY__HISTORY_PATH")
    monkeypatch.setenv("SOURCES__ABM_LOYALTY__START_DATE", "2026-10-29")
    installation.sandbox.set_clock(made.UNTIL + timedelta(hours=13))
    night()
    # Anna's accrual of two days ago and tomorrow's purchase; of Boris what burnt.
    late = keys(landed("operations"))
    assert len(late) == 3
    monkeypatch.delenv("SOURCES__ABM_LOYALTY__START_DATE")
    installation.sandbox.advance(hours=13)
    night()
    whole = {str(row["operation_id"]) for row in programme.rows("loyalty_operations") if row["account_id"] in (made.ANNA, made.BORIS)}
    assert set(keys(landed("operations"))) == whole
    assert set(late) < whole


def test_operations_that_came_late_are_found_by_the_balance(night, installation, publish, landed, monkeypatch):
    publish((made.card(made.FIRST_OF_MANY), None))
    real, hidden = Methods._operations, 1
    monkeypatch.setattr(Methods, "_operations", lambda self, account: real(self, account)[hidden:])
    night()
    assert len(landed("operations")) == 2
    hidden = 0
    installation.sandbox.advance(days=1)
    night()
    # A week is between two whole readings.
    assert len(landed("operations")) == 2
    installation.sandbox.advance(days=7)
    night()
    assert len(set(keys(landed("operations")))) == 3
    before = installation.sandbox.requests["abm_loyalty"]
    installation.sandbox.advance(days=8)
    night()
    assert installation.sandbox.requests["abm_loyalty"] - before == 2


@pytest.mark.parametrize(("before", "now", "told", "expected"), [
    ("10", "10", "", True), ("10", "15", "", False), ("", "15", "", True), (IN_DOUBT, "15", "", False),
    ("10", "5", '{"type":"WRITE_OFF","amount":5}', True), ("10", "15", '{"type":"WRITE_OFF","amount":5}', False),
    ("10", "15", '{"type":"GIFT","amount":5}', True), ("10", "5.5", '{"type":"CORRECTION","amount":"-4.50"}', True),
    ("10", "99", '{"type":"GIFT"}', True),
])
def test_a_change_of_points_is_explained_by_operations(before, now, told, expected):
    operations = [Record("1", None, f'{{"account":"1","told":{told}}}')] if told else []
    assert is_explained(before, now, operations) == expected


def test_a_storm_of_404_is_a_fault_and_one_former_member_never_rests(night, installation, publish, landed):
    publish(*CARDS)
    night()
    installation.sandbox.advance(days=1)
    installation.sandbox.faults.plant(Fault("abm_loyalty", status=404, body='{"message":"no Route"}', times=1000))
    assert night().error.startswith(
        "abm_loyalty/main accounts: 34 of 34 members who were asked for are none any more, by the vendor's answers of 404. Nothing of this")
    assert len(landed("answers")) == 34
    installation.sandbox.faults.clear()
    installation.sandbox.faults.plant(Fault("abm_loyalty", status=404, body='{"code":404}', path=f"{made.card(12)}/", times=1))
    assert night().error == ""
    assert [row["account"] for row in landed("answers") if row["result"] == "not_a_member"] == ["12"]
    installation.sandbox.advance(days=1)
    assert night().documents["answers"] == 34


@pytest.mark.parametrize("status", [400, 500])
def test_cards_that_are_refused_are_tried_once_and_stop_nobody(night, installation, publish, landed, status):
    publish(*CARDS)
    night()
    wrong = [(f"29110{number:02d}", None) for number in range(12)]
    installation.sandbox.faults.plant(Fault("abm_loyalty", status=status, path="card/29110", body="{}", times=1000))
    publish(*CARDS, *wrong, ("2911099", made.phone(made.SPOILED)))
    installation.sandbox.advance(days=1)
    report = night()
    assert (report.error, report.documents["answers"]) == ("", 34 + 13 + 1)
    assert [row["result"] for row in landed("answers")].count("failed") == 13
    # By phone, since the card was refused.
    assert str(made.SPOILED) in keys(landed("accounts"))


@pytest.mark.parametrize("status", [403, 423, 451, 501])
def test_an_odd_status_is_one_customers_own_but_not_everybodys(night, installation, publish, landed, status):
    publish(*CARDS)
    installation.sandbox.faults.plant(Fault("abm_loyalty", status=status, path=f"card/{made.card(12)}/", body="{}", times=10))
    assert (night().error, len(landed("accounts"))) == ("", 33)
    installation.sandbox.faults.plant(Fault("abm_loyalty", status=status, body="{}", times=1000))
    installation.sandbox.advance(days=1)
    assert f"accounts: answered {status}, for 10 customers in a row and no other." in night().error
    publish(*CARDS[:2])
    assert f"accounts: answered {status}, for all 2 customers who were asked." in night().error


def test_no_word_of_an_answer_is_told(night, installation, publish, caplog):
    publish(*CARDS)
    caplog.set_level(logging.DEBUG)
    body = '{"message":"User +7 (916) 000-00-01, anna@example.com"}'
    installation.sandbox.faults.plant(Fault("abm_loyalty", status=500, body=body, path=f"{made.card(made.ANNA)}/user-info", times=3))
    shapeless = '{"anna@example.com":{"list":[]}}'
    installation.sandbox.faults.plant(Fault("abm_loyalty", status=200, body=shapeless, path=f"{made.card(made.BORIS)}/bonus", times=3))
    report = night()
    assert (report.error, [word for word in ("000-00-01", "anna@") if word in caplog.text]) == ("", [])
    assert "the answer has not the shape that was expected, 3 times in a row" in caplog.text


def test_a_total_in_quotes_is_a_total(night, installation, publish, landed):
    publish(*CARDS)
    history = '{"userId":1,"total":"3","operations":[{"id":1,"type":"ACCRUAL","amount":5,"date":"2026-10-01T10:00:00"}]}'
    installation.sandbox.faults.plant(Fault("abm_loyalty", status=200, body=history, path=f"{made.card(made.ANNA)}/bonus", times=6))
    assert night().error == ""
    assert str(made.ANNA) not in keys(landed("accounts"))


@pytest.mark.parametrize(("text", "sentence"), [
    ('card,phone\n290000000001,\n"290000000002,\n290000000003,\n', "which is no CSV after line 2: quotes do not match."),
    ("card,phone\n290000000001,\n2.90000000001E+11,\n", "in whose line 3 a card or phone is a rounded number, as 2.9E+11."),
    ("number\n290000000001\n", "whose first line names neither card nor phone."), ("", "whose first line names neither card nor phone."),
])
def test_a_file_that_is_no_list_of_customers_is_a_sentence(night, installation, tmp_path, monkeypatch, text, sentence):
    file = tmp_path / "cards.csv"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv(FILE, str(file))
    assert sentence in night().error


def test_a_header_may_be_written_in_capitals(night, installation, landed, tmp_path, monkeypatch):
    file = tmp_path / "cards.csv"
    file.write_text(f"Card\t PHONE\n{made.card(made.ANNA)}\t\n", encoding="utf-8")
    monkeypatch.setenv(FILE, str(file))
    night()
    assert keys(landed("accounts")) == [str(made.ANNA)]


def test_only_phones_of_russia_get_a_seven():
    told = {"9160000001": "79160000001", "8 (916) 000-00-01": "79160000001", "+7 916 000 00 01": "79160000001", "4951234567": "4951234567",
            "+9160000001": "9160000001", "+81312345678": "81312345678"}
    assert {phone: _national(phone) for phone in told} == told
