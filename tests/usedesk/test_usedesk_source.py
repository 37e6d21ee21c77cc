"""What a contact with UseDesk lands: everything at first, then only what changed; pages that shift; faults met with patience."""

import json

import pandas as pd
import pytest
from desk_nights import ACCOUNT, landed, night
from desk_world import at, hand_made

from ingestion.accounts import SettingError
from ingestion.documents import Record
from ingestion.http import VendorError
from ingestion.usedesk.api import Api, Part
from ingestion.usedesk.history import oldest
from ingestion.usedesk.ratings import new_lines
from ingestion.usedesk.source import OVERLAP, channels_of
from sandbox.faults import Fault
from sandbox.world import table

EVERYTHING = {"settings": 1, "agents": 1, "tickets": 5, "ticket_details": 5, "clients": 3, "client_details": 3, "ratings": 2}


@pytest.mark.parametrize("zone", ["utc", "local"])
def test_two_nights_bring_everything_once_whichever_zone_the_filters_mean(serve, zone, monkeypatch):
    desk = serve(filters=zone)
    if zone == "utc":
        # Without the setting the beginning is looked for, and found at the ticket of October 2025.
        monkeypatch.delenv("SOURCES__USEDESK__START_DATE")
        assert at("2025-09-01") < oldest(ACCOUNT).replace(tzinfo=None) < at("2025-10-07")
    first = night()
    assert (first.error, first.history_left_days) == ("", 0.0)
    assert {name: len(landed(name)) for name in EVERYTHING} == EVERYTHING
    assert landed("settings") == {"settings": {
        "time_zone": "Europe/Moscow", "rating_field": "Оценка", "order_field": "501",
        "channels": [{"id": number, "kind": kind} for number, kind in (
            ("66231", "email"), ("66232", "chat"), ("66233", "telegram"), ("66234", "whatsapp"), ("66235", "vk"), ("66236", "form"))]}}
    desk.sandbox.advance(minutes=5)
    assert night().documents == {}
    desk.sandbox.advance(days=1)
    second = night()
    # A ticket deleted, two made with their client, a rating; the client of the deleted one is read again and has moved his mailbox.
    assert second.documents == {"tickets": 3, "ticket_details": 3, "clients": 1, "client_details": 2, "ratings": 1}
    load = second.load_ids[-1]
    assert {key: ticket["status_id"] for key, ticket in landed("tickets", load).items()} == {"9003": "4", "9005": "8", "9006": "8"}
    assert set(landed("clients", load)) == {"504"}
    assert landed("client_details", load)["501"]["client"]["emails"][0]["email"] == "anna@mail.example"
    if zone == "local":
        desk.sandbox.advance(days=7)
        # The weekly sweep: whoever is not known to be as he was.
        assert set(landed("clients", night().load_ids[-1])) == {"501"}


def test_what_changes_while_the_first_lists_are_read_comes_with_the_next_night(desk, monkeypatch):
    posted = Api._post

    def and_then_time_passes(api, method, **rest):
        answer = posted(api, method, **rest)
        if method == "tickets" and "created_before" in rest["params"] and desk.sandbox.now() < at("2026-11-01 12:00").tz_localize("UTC"):
            desk.sandbox.advance(days=1)
        return answer

    monkeypatch.setattr(Api, "_post", and_then_time_passes)
    assert night().error == ""
    assert "9005" not in landed("tickets")
    assert night().error == ""
    assert landed("tickets")["9005"]["status_id"] == "8"
    assert landed("tickets")["9003"]["status_id"] == "4"


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_no_ticket_is_lost_when_pages_shift_while_they_are_read(serve, order, monkeypatch):
    many = table("tickets", pd.DataFrame([
        {"ticket_id": number, "client_record_id": 501, "channel": "email", "created_at": at("2026-10-30") + pd.Timedelta(number, "min")}
        for number in range(1, 206)]))
    answers = table("ticket_comments", pd.DataFrame([
        {"comment_id": number, "ticket_id": number, "author": "agent", "is_public": True, "message": "…",
         "written_at": at("2026-10-31 23:00:10")} for number in (3, 104)]))
    desk = serve(hand_made(tickets=many, ticket_comments=answers), order=order)
    posted, asked = Api._post, []

    def and_then_two_are_answered(api, method, **rest):
        answer = posted(api, method, **rest)
        asked.append(rest["params"]["offset"])
        if len(asked) == 1:
            desk.sandbox.advance(minutes=1)
        return answer

    monkeypatch.setattr(Api, "_post", and_then_two_are_answered)
    records = [record for part in Api(ACCOUNT).rows("tickets", resource="tickets", params={}) for record in part.records]
    assert {record.key for record in records} == {str(number) for number in range(1, 206)}
    assert json.loads([record for record in records if record.key == "104"][-1].payload)["last_updated_at"] == "2026-11-01 02:00:10"
    # The second reading brought what the shift had hidden from the first, the third nothing new.
    assert asked == [0, 1, 2] * 3


def test_a_list_that_never_comes_to_rest_is_an_error(desk, monkeypatch):
    made = iter(range(10_000))
    monkeypatch.setattr(Api, "_part", lambda api, method, params, **rest: Part(
        [Record(str(next(made)), None, f"{{}}{params['offset']}") for _ in range(100 if params["offset"] == 0 else 1)], desk.sandbox.now()))
    with pytest.raises(VendorError, match="brought new rows each of the 6 times"):
        list(Api(ACCOUNT).rows("tickets", resource="tickets", params={}))


FAULTS = [
    Fault("usedesk", path="/tickets\\?", kind="status", status=503),
    Fault("usedesk", path="/tickets\\?", kind="status", status=200, body='{"error": "Service is busy", "code": 500}', times=2),
    Fault("usedesk", path="/tickets\\?", kind="truncated_without_length"),
    Fault("usedesk", path="/clients\\?", kind="html", times=2),
    Fault("usedesk", path="/ticket\\?", kind="status", status=429, headers={"Retry-After": "0"}, times=2),
    Fault("usedesk", path="/ticket\\?", kind="truncated"),
    Fault("usedesk", path="/ticket\\?", kind="repeat", after=1),
    Fault("usedesk", path="/client\\?", kind="reset", times=2),
    Fault("usedesk", path="/client\\?", kind="repeat", after=1),
    Fault("usedesk", path="/users\\?", kind="empty"),
    Fault("usedesk", path="/ratings/ratings", kind="status", status=502, times=2),
]


def test_every_fault_that_passes_is_survived(desk):
    for fault in FAULTS:
        desk.sandbox.faults.plant(fault)
    assert night().error == ""
    assert {name: len(landed(name)) for name in EVERYTHING} == EVERYTHING
    assert desk.sandbox.faults.met == sum(fault.times for fault in FAULTS)


def test_a_fault_that_stays_is_a_sentence_and_keeps_nothing(desk, monkeypatch):
    desk.sandbox.faults.plant(Fault("usedesk", path="/client\\?", kind="status", status=500, times=99))
    report = night()
    assert report.error == ('usedesk/main client_details: answered 500 {"success":false,"errorMsg":"planted"}, 6 times in a row. '
                            "Nothing of this load was kept; the data of the last finished load stays, and the next run catches up.")
    desk.sandbox.faults.clear()
    monkeypatch.setenv("SOURCES__USEDESK__API_TOKEN", "old")
    assert night().error == ("usedesk/main: the API refused (401: Wrong api_token). This is not retried: check SOURCES__USEDESK__API_TOKEN "
                             "and the rights of its channel.")


def test_a_page_of_older_rows_is_asked_for_again(serve):
    many = table("tickets", pd.DataFrame([
        {"ticket_id": number, "client_record_id": 501, "channel": "email", "created_at": at("2026-10-30") + pd.Timedelta(number, "min")}
        for number in range(1, 151)]))
    desk = serve(hand_made(tickets=many))
    desk.sandbox.faults.plant(Fault("usedesk", path="/tickets", kind="repeat", times=2, after=1))
    keys = {record.key for part in Api(ACCOUNT).rows("tickets", resource="tickets", params={}) for record in part.records}
    assert len(keys) == 150
    desk.sandbox.faults.plant(Fault("usedesk", path="/tickets", kind="repeat", times=99, after=1))
    with pytest.raises(VendorError, match="page 1 of tickets holds the rows of the pages before it"):
        list(Api(ACCOUNT).rows("tickets", resource="tickets", params={}))


def test_a_record_gone_before_it_was_read_alone_keeps_its_row_in_the_list(desk):
    gone = Fault("usedesk", path="/ticket\\?", kind="status", status=404, body='{"error": "Ticket not found", "code": 404}')
    desk.sandbox.faults.plant(gone)
    assert night().error == ""
    assert (len(landed("tickets")), len(landed("ticket_details"))) == (5, 4)


def test_settings_that_make_no_sense_are_named(desk, monkeypatch):
    monkeypatch.setenv("SOURCES__USEDESK__CHANNELS", "66231")
    with pytest.raises(SettingError, match="SOURCES__USEDESK__CHANNELS must be pairs"):
        channels_of(ACCOUNT)
    monkeypatch.setenv("SOURCES__USEDESK__RATINGS_OPTIONS", "anonymous")
    with pytest.raises(SettingError, match="SOURCES__USEDESK__RATINGS_OPTIONS is no JSON object"):
        list(new_lines(ACCOUNT, {}))


def test_filters_are_right_by_both_readings_of_their_zone(desk):
    moment, api = at("2026-10-31 23:00").tz_localize("UTC").to_pydatetime(), Api(ACCOUNT)
    assert (api.since(moment - OVERLAP), api.until(moment)) == ("2026-10-31 22:45", "2026-11-01 02:01")
