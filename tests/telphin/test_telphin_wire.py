"""The stand-in answers as the exchange does, field by field; where a shape comes from stands beside it."""

import json
import threading
from datetime import timedelta

import exchange

WHOLE = {"start_datetime": "2026-08-01 00:00:00", "end_datetime": "2026-12-31 00:00:00"}
CALLS = "client/@me/call_history/"
# Recorded answer of xdimedrolx/telphin-go-sdk, testdata/get_call_history_200_1.json: a call that went out and was talked.
RECORDED_CALL = {
    "to_username", "result", "cdr", "duration", "to_domain", "bridged_domain", "hangup_time_gmt", "from_username", "start_time_gmt",
    "ext_number_reg", "hangup_cause", "hangup_disposition", "extension_group_owner_id", "init_time_gmt", "from_domain", "did_number",
    "extension_type", "flow", "did_domain", "from_screen_name", "bridged_duration", "bridged_time_gmt", "extension_name",
    "bridged_username", "extension_id", "call_uuid", "client_owner_id",
}
RECORDED_LEG = {
    "to_username", "source_number", "result", "duration", "hangup_time_gmt", "to_domain", "record_file_size", "from_username",
    "ani_number", "application", "start_time_gmt", "ext_number_reg", "hangup_cause", "hangup_disposition", "extension_group_owner_id",
    "init_time_gmt", "dest_domain", "record_uuid", "from_domain", "source_domain", "extension_type", "did_domain", "from_screen_name",
    "extension_name", "flow", "dest_number", "extension_id", "did_number", "client_owner_id",
}


def test_a_call_that_goes_out_has_the_members_of_a_recorded_one(exchange_api, ask):
    call = next(one for one in ask(exchange_api, CALLS, per_page=100, **WHOLE).json()["call_history"] if one["flow"] == "out")
    assert set(call) == RECORDED_CALL
    assert set(call["cdr"][0]) == RECORDED_LEG
    assert call["result"] == "bridged"
    assert call["from_username"] == "01111*0541"
    assert call["extension_name"] == "01111*0541@sipproxy.telphin.ru"
    assert call["bridged_time_gmt"] == call["cdr"][0]["start_time_gmt"]
    assert call["cdr"][0]["ani_number"] == "78123092854"


def test_a_call_handed_over_is_told_leg_by_leg(exchange_api, ask):
    call = ask(exchange_api, f"{CALLS}{11:032X}").json()
    legs = call.pop("cdr")
    assert {name: value for name, value in call.items() if not name.startswith("extension")} == {
        "call_uuid": "0000000000000000000000000000000B",
        "flow": "in",
        "result": "bridged",
        "init_time_gmt": "2026-09-04 11:45:14",
        "start_time_gmt": "2026-09-04 11:45:14",
        "hangup_time_gmt": "2026-09-04 11:46:11",
        "duration": 57,
        "from_username": "+79160000011",
        "from_domain": "sipproxy.telphin.ru",
        "from_screen_name": "+79160000011",
        "to_username": "78123092854",
        "to_domain": "sipproxy.telphin.ru",
        "did_number": "78123092854",
        "did_domain": "sipproxy.telphin.ru",
        "ext_number_reg": None,
        "hangup_cause": "NORMAL_CLEARING",
        "hangup_disposition": "caller_bye",
        "client_owner_id": 48211,
        "bridged_time_gmt": "2026-09-04 11:45:40",
        "bridged_duration": 31,
        "bridged_username": "01111*0544",
        "bridged_domain": "sipproxy.telphin.ru",
    }
    told = [(leg["extension_type"], leg["flow"], leg["result"], leg["init_time_gmt"], leg["duration"]) for leg in legs]
    assert told == [
        ("phone", "transfer", "answered", "2026-09-04 11:45:55.81", 16),
        ("phone", "in", "answered", "2026-09-04 11:45:24.44", 15),
        ("queue", "in", "answered", "2026-09-04 11:45:24.07", 0),
        ("ivr", "in", "answered", "2026-09-04 11:45:14.7", 10),
    ]


def test_what_was_not_talked_has_no_bridge(exchange_api, ask):
    missed, menu = (ask(exchange_api, f"{CALLS}{number:032X}").json() for number in (5, 7))
    assert (missed["result"], menu["result"]) == ("answered", "answered")  # the menu took both
    assert [leg["result"] for leg in missed["cdr"]] == ["not answered", "not answered", "answered"]
    assert [leg["extension_type"] for leg in menu["cdr"]] == ["ivr"]
    assert not [name for name in (*missed, *menu) if name.startswith("bridged")]


def test_the_envelope_has_no_total_and_the_newest_comes_first(exchange_api, ask):
    first = ask(exchange_api, CALLS, **WHOLE).json()
    assert {name: value for name, value in first.items() if name != "call_history"} == {"page": 1, "per_page": 20, "order": "desc"}
    times = [one["init_time_gmt"] for one in first["call_history"]]
    assert times == sorted(times, reverse=True)
    oldest = ask(exchange_api, CALLS, order="asc", per_page=500, page=3, **WHOLE).json()
    assert (oldest["per_page"], oldest["page"], len(oldest["call_history"])) == (100, 3, exchange.CALLS + 2 - 200)
    assert ask(exchange_api, CALLS, page=99, **WHOLE).json()["call_history"] == []
    assert ask(exchange_api, CALLS, start_datetime="yesterday").json() == {"message": "Bad request"}


def test_a_call_appears_when_it_has_ended(exchange_api, ask):
    key = f"{exchange.LONG_CALL:032X}"
    assert ask(exchange_api, CALLS + key).status_code == 404
    exchange_api.sandbox.advance(hours=1, minutes=2)
    call = ask(exchange_api, CALLS + key).json()
    assert call["init_time_gmt"] == "2026-10-31 20:00:00"
    newest = ask(exchange_api, CALLS, start_datetime="2026-10-31 20:00:00", end_datetime="2026-10-31 20:00:00").json()
    assert [one["call_uuid"] for one in newest["call_history"]] == [key]  # both ends count


def test_extensions_are_a_bare_array(exchange_api, ask):
    listed = ask(exchange_api, "client/48211/extension/").json()
    assert [(one["name"], one["type"], one["label"], one["status"]) for one in listed] == [
        ("01111*9000", "ivr", "Голосовое меню", "active"),
        ("01111*0999", "phone", None, "active"),
        ("01111*9100", "queue", "Сервис", "active"),
        ("01111*0541", "phone", "Анна Белова", "active"),
        ("01111*0544", "phone", "Пётр Орлов", "active"),
    ]
    assert [one["name"] for one in ask(exchange_api, "client/@me/extension", type="queue").json()] == ["01111*9100"]
    assert ask(exchange_api, "client/1/extension/").status_code == 404
    assert ask(exchange_api, "user").json()["client_id"] == 48211


def test_a_token_may_say_nothing_of_its_life_and_dies_early(serve, ask, token):
    running = serve(**{"telphin.token_requests": "2"})
    first, second = token(running).json(), token(running).json()
    assert (first["token_type"], first["expires_in"], "expires_in" in second) == ("Bearer", 3600, False)
    statuses = [ask(running, "user", bearer=first["access_token"]).status_code for _ in range(3)]
    assert statuses == [200, 200, 401]
    assert token(running, client_secret="wrong").status_code == 401
    assert token(running, grant_type="password").status_code == 400


def test_the_hours_budget_is_told_on_each_answer(serve, ask):
    running = serve(rate=1, **{"telphin.requests_an_hour": "2"})
    told = [ask(running, "user") for _ in range(3)]
    assert [(one.status_code, one.headers["X-RateLimit-Limit"], one.headers["X-RateLimit-Remaining"]) for one in told] == [
        (200, "2", "1"), (200, "2", "0"), (429, "2", "0")]
    assert told[2].json()["status"] == "rate_limit_exceeded"
    assert 0 < int(told[2].headers["X-RateLimit-Reset"]) <= 3600


def test_statistics_are_asked_for_one_at_a_time(serve, ask):
    running = serve(**{"telphin.stats_seconds": "0.4"})
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask(running, CALLS, **WHOLE))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.status_code for one in answers) == [200, 429]
    refused = next(one for one in answers if one.status_code == 429)
    # xdimedrolx/telphin-go-sdk, testdata/get_call_history_429.json
    assert json.loads(refused.text) == {"message": "Stats request already exists, concurrent request not allowed"}


def test_two_calls_at_midnight_in_moscow_are_a_second_apart(exchange_api, ask):
    around = {"start_datetime": exchange.BEFORE_MIDNIGHT, "end_datetime": exchange.BEFORE_MIDNIGHT + timedelta(seconds=1)}
    found = ask(exchange_api, CALLS, order="asc", **around).json()["call_history"]
    assert [one["init_time_gmt"] for one in found] == ["2026-10-30 20:59:59", "2026-10-30 21:00:00"]
