"""The stand-in member by member: what user-info and the history tell, by which card or phone, and what is refused."""

from datetime import timedelta

import programme_world as made
import pytest

NOT_FOUND = {"code": 404, "message": f"User {made.card(made.TOMORROW)} not found"}


def test_user_info_tells_the_account_as_it_stands(installation, ask):
    answer = ask(installation, "card", made.card(made.ANNA))
    assert answer.status_code == 200
    assert answer.json() == {
        "id": 1, "cardNumber": "290000000001",
        "cards": [{"number": "290000000901", "status": "BLOCKED"}, {"number": "290000000001", "status": "ACTIVE"}],
        "phone": "79160000001", "lastName": "Фамилия1", "firstName": "Анна", "middleName": None, "birthDate": "1990-05-17",
        "gender": "female", "status": "ACTIVE", "registrationDate": "2026-09-12T01:59:00", "closeDate": None,
        "balance": 70, "pendingBalance": 50,
    }
    assert [ask(installation, kind, token).json()["id"] for kind, token in (
        ("card", made.OLD_CARD), ("phone", "79160000001"), ("phone", "+79160000001"))] == [1, 1, 1]
    assert {number: ask(installation, "card", made.card(number)).json()["status"] for number in (made.BORIS, made.VERA, made.GLEB)} == {
        made.BORIS: "ACTIVE", made.VERA: "NOT_CONFIRMED", made.GLEB: "CLOSED"}


def test_the_history_is_the_accounts_own_since_a_day(installation, ask):
    whole = ask(installation, "card", made.card(made.GLEB), "bonus-history").json()
    assert (whole["userId"], whole["total"], len(whole["operations"])) == (made.GLEB, 4, 4)
    assert [(one["type"], one["amount"]) for one in whole["operations"]] == [
        ("ACCRUAL", 80), ("WRITE_OFF", 5), ("WRITE_OFF_CANCEL", 5), ("ACCRUAL_CANCEL", 80)]
    anna = ask(installation, "phone", "79160000001", "bonus-history", dateFrom="2026-10-12").json()["operations"]
    assert anna == [
        {"id": 2, "type": "WRITE_OFF", "amount": 30, "date": "2026-10-12T02:00:00", "activationDate": None, "checkNumber": "9001A"},
        {"id": 3, "type": "ACCRUAL", "amount": 50, "date": "2026-10-30T02:00:00", "activationDate": "2026-11-12", "checkNumber": "9001A"}]
    boris = ask(installation, "card", made.card(made.BORIS), "bonus-history").json()["operations"]
    assert [(one["type"], one["amount"]) for one in boris] == [("CORRECTION", 200), ("CORRECTION", -50), ("EXPIRATION", 150)]


@pytest.mark.parametrize(("kind", "token", "last", "more", "status"), [
    ("card", made.card(made.TOMORROW), "user-info", {}, 404), ("phone", "79990000000", "bonus-history", {}, 404),
    ("email", "anna", "user-info", {}, 400), ("card", "anna", "user-info", {}, 400),
    ("card", made.card(made.ANNA), "bonus-history", {"dateFrom": "12.10.2026"}, 400),
    ("card", made.card(made.ANNA), "user-info", {"key": "another"}, 401),
])
def test_what_is_refused(installation, ask, kind, token, last, more, status):
    answer = ask(installation, kind, token, last, **more)
    assert (answer.status_code, answer.json()["code"]) == (status, status)
    assert token != made.card(made.TOMORROW) or answer.json() == NOT_FOUND


def test_the_clock_decides_and_too_many_questions_are_refused(serve, ask):
    running = serve(rate=0.2)
    running.sandbox.advance(days=1)
    assert ask(running, "card", made.card(made.TOMORROW)).json()["status"] == "ACTIVE"
    assert ask(running, "card", made.card(made.ANNA)).json()["balance"] == made.BALANCES[made.ANNA][0] - 10
    statuses = [ask(running, "card", made.card(made.ANNA)).status_code for _ in range(12)]
    assert set(statuses) == {200, 429}


def test_a_card_is_known_from_the_day_it_was_given(installation, ask):
    installation.sandbox.set_clock(made.UNTIL - timedelta(days=8))
    assert ask(installation, "card", made.card(made.ANNA)).status_code == 404
    assert ask(installation, "card", made.OLD_CARD).json()["cards"] == [{"number": made.OLD_CARD, "status": "ACTIVE"}]
