"""The stand-in speaks UseDesk: members, types and habits of its answers, as the vendor's pages show them."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
import requests
from desk_world import NOW, at, hand_made

from sandbox import server
from sandbox.server import Running, Sandbox, serve_in_thread
from sandbox.usedesk.wire import API_TOKENS
from sandbox.world import table


def words(text: str) -> set[str]:
    """The words of a text."""
    return set(text.split())


# Members as the pages' samples have them (api.usedocs.com 51377, 51383, 51384, 51405, 51414); type, priority, from, files: assumed.
TICKET = words("id status_id subject client_id assignee_id group last_updated_at channel_id email published_at company_id additional_id "
               "custom_fields type priority")
COMMENT = words("id message from user_id client_id ticket_id is_first delivered readed published_at type files")
CHANGE = words("id trigger_id user_id ticket_id data changed_at old_status new_status company_id")
CLIENT = words("id name avatar position note company_id spammer vip client_company_id created_at tickets emails phones social_networks "
               "messengers addresses sites client_company")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One stand-in for all that only ask; the last test moves its clock."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "VENDORS", ("usedesk",))
        sandbox = Sandbox(world=hand_made(), clock_file=tmp_path_factory.mktemp("desk") / "clock", rate=100.0)
        sandbox.set_clock(NOW)
        with serve_in_thread(sandbox) as running:
            yield running


@pytest.fixture
def ask(desk: Running) -> Any:
    """`ask("tickets", offset=0)`: a POST of JSON with the token, without any client in between."""

    def post(method: str, *, token: str | None = API_TOKENS[0], **params: Any) -> requests.Response:
        return requests.post(f"{desk.url}/usedesk/{method}", json={"api_token": token, **params}, timeout=30)

    return post


def test_tickets_are_a_bare_array_with_numbers_as_strings(ask):
    tickets = ask("tickets", offset=0).json()
    assert [each["id"] for each in tickets] == ["9004", "9003", "9001", "9000", "9002"]
    assert all(set(each) == TICKET for each in tickets)
    asked = tickets[2]
    assert asked == {
        "id": "9001", "status_id": "3", "subject": "Вопрос", "client_id": "501", "assignee_id": "7", "group": "0",
        "last_updated_at": "2026-10-08 12:00:00", "channel_id": "66231", "email": "anna@old.example",
        "published_at": "2026-10-05 10:00:00", "company_id": "153561", "additional_id": None, "type": "question", "priority": "medium",
        "custom_fields": [{"id": 501, "name": "Номер заказа", "value": "10001A"}, {"id": 502, "name": "Оценка", "value": "3"}]}
    assert (tickets[3]["assignee_id"], tickets[3]["email"]) == (None, "0")
    assert [each["status_id"] for each in tickets] == ["10", "1", "3", "2", "7"]


def test_a_ticket_alone_has_comments_changes_and_timers_only_when_asked(ask):
    detail = ask("ticket", ticket_id=9001, properties=["sla"]).json()
    assert set(detail) == words("ticket comments tags changes sla")
    assert detail["ticket"] == ask("tickets").json()[2]
    assert all(set(each) == COMMENT for each in detail["comments"])
    assert [(each["from"], each["type"], each["is_first"], each["user_id"]) for each in detail["comments"]] == [
        ("client", "public", "1", None), ("trigger", "public", "0", None), ("user", "private", "0", "7"), ("user", "public", "0", "7")]
    assert all(set(each) == CHANGE for each in detail["changes"])
    assert [(each["old_status"], each["new_status"], each["trigger_id"], each["user_id"]) for each in detail["changes"]] == [
        ("0", "8", None, None), ("8", "1", None, "7"), ("0", "0", None, "7"), ("1", "2", None, "7"), ("2", "3", "1260", None)]
    assert detail["sla"] == {"first_reply": "2026-10-05 12:00:00", "next_reply": None, "close": "2026-10-06 10:00:00"}
    assert "sla" not in ask("ticket", ticket_id=9001).json()
    assert "sla" not in ask("ticket", ticket_id=9000, properties=["sla"]).json()


def test_clients_have_numbers_one_email_or_null_and_alone_are_an_array_of_one(ask):
    assert ask("clients").json() == [
        {"id": 501, "name": "Анна Петрова", "emails": "anna@old.example", "phone": "+79161234567", "tickets": [9001, 9003, 9004]},
        {"id": 502, "name": "Ivan", "emails": None, "phone": None, "tickets": [9000]},
        {"id": 503, "name": "Клиент", "emails": None, "phone": None, "tickets": [9002]}]
    [one] = ask("client", client_id=501).json()
    assert set(one["client"]) == CLIENT
    assert one["client"]["emails"] == [{"id": 501, "email": "anna@old.example", "client_id": 501, "status": ""}]
    assert one["emails"] == [None]
    assert [(each["type"], each["identity"]) for each in ask("client", client_id=502).json()[0]["client"]["messengers"]] == [
        ("telegram", "5123456789")]
    assert ask("client", email="anna@mail.example").json()[0]["client"]["id"] == 501


def test_agents_are_those_who_had_to_do_with_tickets(ask):
    assert ask("users").json() == [
        {"id": "7", "name": "Титова Софья", "email": "staff7@omnimart.example", "position": "operator", "role": "employee",
         "phone": "+79889877210", "chat_online_status": "0", "online_status": "0", "groups": []}]


def test_a_form_a_query_and_a_json_body_say_the_same(desk):
    url, asked = f"{desk.url}/usedesk/tickets", {"api_token": API_TOKENS[0], "fstatus": "2,3"}
    answers = [requests.post(url, json=asked, timeout=30), requests.post(url, data=asked, timeout=30), requests.get(url, asked, timeout=30)]
    assert [[each["id"] for each in answer.json()] for answer in answers] == [["9001", "9000"]] * 3


def test_pages_are_counted_by_number_and_offset_is_never_null(serve):
    many = [{"ticket_id": number, "client_record_id": 501, "channel": "email", "created_at": at("2026-10-01") + pd.Timedelta(number, "min")}
            for number in range(1, 251)]
    desk = serve(hand_made(tickets=table("tickets", pd.DataFrame(many))))

    def page(offset):
        return requests.post(f"{desk.url}/usedesk/tickets", json={"api_token": API_TOKENS[0], "offset": offset}, timeout=30)

    assert [len(page(offset).json()) for offset in (0, 1, 2, 3)] == [100, 100, 50, 0]
    assert page(1).json()[0]["id"] == "150"
    assert page(None).json() == {"error": "offset must be a number", "code": 400}


@pytest.mark.parametrize(("zone", "first"), [("utc", "2026-10-05 07:00"), ("local", "2026-10-05 10:00")])
def test_date_filters_are_inclusive_to_the_minute_in_utc_or_the_accounts_zone(ask, desk, zone, first):
    desk.sandbox.options["usedesk.filters"] = zone

    def ids(**params):
        return {each["id"] for each in ask("tickets", **params).json()}

    assert ids(created_before=first) == {"9002", "9001"}
    assert "9001" in ids(created_after=first)
    assert "9001" not in ids(created_after=first[:-1] + "1")
    assert ids(updated_after="2026-10-19 00:00", updated_before="2026-10-21 00:00") == {"9003", "9004"}
    del desk.sandbox.options["usedesk.filters"]


def test_errors_name_themselves_with_their_status_or_with_200(ask, desk):
    missing, wrong = ask("tickets", token=None), ask("tickets", token="nonsense")
    assert (missing.status_code, missing.json()) == (401, {"error": "api_token is missing", "code": 401})
    assert (wrong.status_code, wrong.json()) == (401, {"error": "Wrong api_token", "code": 401})
    assert ask("ticket", ticket_id=1).json() == {"error": "Ticket not found", "code": 404}
    desk.sandbox.options["usedesk.errors"] = "200"
    answer = ask("ticket", ticket_id=1)
    del desk.sandbox.options["usedesk.errors"]
    assert (answer.status_code, answer.json()) == (200, {"error": "Ticket not found", "code": 404})


def test_more_than_150_requests_a_minute_are_answered_429(serve):
    desk = serve(rate=0.02)
    answers = [requests.post(f"{desk.url}/usedesk/users", json={"api_token": API_TOKENS[0]}, timeout=30) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 61


def test_collected_ratings_grow_with_the_clock(desk):
    def lines(month):
        return requests.get(f"{desk.url}/usedesk/ratings/ratings-{month}.jsonl", timeout=30).text.splitlines()

    assert "ratings-2026-10.jsonl" in requests.get(f"{desk.url}/usedesk/ratings/", timeout=30).text
    assert len(lines("2026-10")) == 2
    assert lines("2026-10")[1] == ('{"ticket_id":"9001","rating":"5","comment":"Спасибо","rated_at":"2026-10-05 14:00:00",'
                                   '"received_at":"2026-10-05T11:00:00+00:00"}')
    desk.sandbox.advance(days=1)
    assert len(lines("2026-11")) == 1
