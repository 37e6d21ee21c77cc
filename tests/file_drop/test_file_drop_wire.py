"""The sandbox's drop folder: its pages and files, how they change with the clock, and reading it over a network that has faults."""

import gzip
import io

import httpx
import pyarrow.parquet as pq
import pytest
from drop_nights import contact, landed, payload

from ingestion.files import listed
from sandbox.faults import Fault, Poison


def links(url: str) -> list[str]:
    page = httpx.get(url)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return [line.split('"')[1] for line in page.text.splitlines() if '<a href="' in line and "../" not in line.split('"')[1]]


def test_pages_list_folders_and_files_and_files_have_their_formats(served):
    root = f"{served.url}/file_drop"
    assert links(f"{root}/") == ["app_sessions/", "channel_costs/", "event_visits/", "messages/", "promotions/", "store_entrants/",
                                 "survey_answers/", "wifi_visits/"]
    assert links(f"{root}/channel_costs/") == ["costs-2026-09.csv", "costs-2026-10.csv"]
    assert links(f"{root}/wifi_visits/2026/") == ["2026-10.csv.gz"]
    assert httpx.get(f"{root}/loyalty/").status_code == 404
    costs = httpx.get(f"{root}/channel_costs/costs-2026-09.csv")
    assert costs.content.decode("cp1251").splitlines() == [
        "cost_on;channel;campaign;utm_campaign;impressions;clicks;cost",
        '30.09.2026;paid_search;"Осень; поиск";autumn;12000;300;12345,50']
    assert httpx.head(f"{root}/channel_costs/costs-2026-09.csv").headers["etag"] == costs.headers["etag"]
    wifi = gzip.decompress(httpx.get(f"{root}/wifi_visits/2026/2026-10.csv.gz").content).decode()
    assert wifi.splitlines()[1] == "msk-1\tAA:BB:CC:00:11:22\t2026-10-30 13:00:00\t2026-10-30 13:20:00\t+79161234567\tAP-1"
    messages = pq.read_table(io.BytesIO(httpx.get(f"{root}/messages/2026-10.parquet").content)).to_pylist()
    assert [(row["message_id"], row["clicked_at"], row["failed_reason"]) for row in messages] == [
        ("m1", None, None), ("m2", None, "no such subscriber")]
    assert httpx.get(f"{root}/store_entrants/2026/2026-10.csv").text.splitlines() == [
        "\ufeffstore,counted_at,entrants", "msk-1,2026-10-30,210"]


def test_loyalty_dumps_are_there_when_they_are_asked_for(served):
    world = served.sandbox.world
    assert len(world.loyalty_accounts) == 1
    served.sandbox.options["file_drop.loyalty"] = "yes"
    root = f"{served.url}/file_drop"
    assert links(f"{root}/loyalty_accounts/") == ["accounts-2026-10.csv"]
    assert httpx.get(f"{root}/loyalty_accounts/accounts-2026-10.csv").content.decode("cp1251").splitlines() == [
        "account_id;card;phone;status;enrolled_at;closed_at", "5;290000000005;+79161234567;;05.10.2026 13:00:00;"]
    points = gzip.decompress(httpx.get(f"{root}/loyalty_operations/2026-10.csv.gz").content).decode("utf-8-sig")
    assert points.splitlines() == ["operation_id,account_id,operation_type,cancels_type,points,occurred_at,available_on,order_number",
                                   "1,5,earned,,50,2026-10-06 13:00:00,2026-10-20,7A"]
    report = contact("r1")
    assert (report.error, report.documents["loyalty_accounts"], report.documents["loyalty_operations"]) == ("", 1, 1)


def test_the_next_day_changes_the_files_that_had_news(served):
    first = contact("r1")
    assert (first.error, first.documents) == ("", {
        "app_sessions": 1, "channel_costs": 2, "event_visits": 1, "messages": 2, "promotions": 1, "settings": 1, "store_entrants": 1,
        "survey_answers": 2, "wifi_visits": 1})
    asked = served.sandbox.requests["file_drop"]
    assert contact("r2").documents == {}
    # 10 pages of folders and the mark of each of 9 files; nothing is fetched again.
    assert served.sandbox.requests["file_drop"] - asked == 20
    served.sandbox.advance(days=1)
    # Costs and entrants of the 31st, and the click: their three files are read whole again.
    assert contact("r3").documents == {"channel_costs": 2, "messages": 2, "store_entrants": 2}
    assert payload("messages", "messages/2026-10.parquet:1")["row"]["clicked_at"] == "2026-11-01T07:00:00+00:00"
    assert payload("survey_answers", "survey_answers/2026-10.jsonl:1")["row"]["comment"] == "Спасибо 🙂"


@pytest.mark.parametrize("fault", [
    Fault("file_drop", "costs-2026-10", "status", status=503, times=2), Fault("file_drop", "channel_costs/[?]", "status", status=429),
    Fault("file_drop", "costs-2026-10", "html"), Fault("file_drop", "costs-2026-10", "html", after=1),
    Fault("file_drop", "costs-2026-10", "truncated", after=2), Fault("file_drop", "costs-2026-10", "truncated_without_length", after=2),
    Fault("file_drop", "costs-2026-10", "reset", times=2), Fault("file_drop", "messages/[?]", "truncated"),
    Fault("file_drop", "messages/[?]", "reset"), Fault("file_drop", "2026-10.parquet", "empty", after=2),
    Fault("file_drop", "2026-10.parquet", "empty", after=1, times=2), Fault("file_drop", "costs-2026-10", "html", after=1, times=2),
    Fault("file_drop", "messages/[?]", "empty"), Fault("file_drop", "event_visits/[?]", "truncated_without_length"),
], ids=lambda fault: f"{fault.kind} {fault.path} {fault.after}")
def test_a_fault_that_passes_costs_nothing(served, fault):
    def digests() -> dict[str, str]:
        files = listed(f"{served.url}/file_drop", suffixes=(".csv", ".parquet"), who="file_drop/main", first_pause=0.01)
        return {file.name: file.digest for file in files}

    clean = digests()
    assert list(clean) == ["channel_costs/costs-2026-09.csv", "channel_costs/costs-2026-10.csv", "event_visits/Мероприятия 2026-10.csv",
                           "messages/2026-10.parquet", "promotions/promotions.csv", "store_entrants/2026/2026-10.csv"]
    served.sandbox.faults.plant(fault)
    assert digests() == clean
    assert served.sandbox.faults.met == fault.times


@pytest.mark.parametrize(("fault", "sentence"), [
    (Fault("file_drop", "costs-2026-10", "status", status=503, times=99),
     "file_drop/main: channel_costs/costs-2026-10.csv at {folder}: the server answered 503, 6 times in a row. Nothing "),
    (Fault("file_drop", "costs-2026-10", "status", status=403, times=99),
     "file_drop/main: channel_costs/costs-2026-10.csv at {folder} may not be read. Nothing was loaded"),
    (Fault("file_drop", "file_drop/[?]", "status", status=401, times=99),
     "file_drop/main: the folder at {folder} may not be read. Nothing was loaded"),
    (Fault("file_drop", "event_visits/[?]", "truncated_without_length", times=99),
     "file_drop/main: event_visits at {folder}: the page broke off, 6 times in a row. Nothing "),
])
def test_a_fault_that_stays_is_a_sentence_and_lands_nothing(served, fault, sentence):
    served.sandbox.faults.plant(fault)
    assert contact("r1").error.startswith(sentence.format(folder=f"{served.url}/file_drop/"))
    assert landed("promotions") == []
    served.sandbox.faults.clear()
    assert contact("r2").documents["channel_costs"] == 2


def test_poison_breaks_its_file_and_no_other(served):
    plant = served.sandbox.tampering.plant
    plant(Poison("file_drop", "channel_costs", "1", set={"cost": "много"}))
    plant(Poison("file_drop", "channel_costs", "0", set={"news": "of a column"}))
    plant(Poison("file_drop", "survey_answers", "a1", find="Спасибо 🙂".encode(), raw=b"\\ud83d"))
    plant(Poison("file_drop", "messages", "m1", set={"sent_at": "вчера"}))
    plant(Poison("file_drop", "wifi_visits", "1", set={"mac": Poison.GONE}))
    report = contact("r1")
    assert (report.error, report.documents) == ("", {
        "app_sessions": 1, "channel_costs": 2, "event_visits": 1, "messages": 1, "promotions": 1, "settings": 1, "store_entrants": 1,
        "survey_answers": 1, "wifi_visits": 1})
    told = {name: payload(name.partition("/")[0], name)["refusal"].removesuffix(" No row of the file was loaded.") for name in (
        "channel_costs/costs-2026-09.csv", "channel_costs/costs-2026-10.csv", "survey_answers/2026-10.jsonl",
        "messages/2026-10.parquet", "wifi_visits/2026/2026-10.csv.gz")}
    assert told == {
        "channel_costs/costs-2026-09.csv": "file: line 2 has 8 fields and the header 7.",
        "channel_costs/costs-2026-10.csv": "cost: the value in line 2 is no number (a number of money is expected).",
        "survey_answers/2026-10.jsonl": told["survey_answers/2026-10.jsonl"],
        "messages/2026-10.parquet": "sent_at: the value in line 1 is no time (a time, YYYY-MM-DD HH:MM:SS or DD.MM.YYYY HH:MM:SS, "
                                    "or a date alone is expected).",
        "wifi_visits/2026/2026-10.csv.gz": "mac: line 2 leaves it empty."}
    assert told["survey_answers/2026-10.jsonl"].startswith("file: line 1 is no JSON (")
