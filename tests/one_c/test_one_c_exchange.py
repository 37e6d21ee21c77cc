"""Changes by an exchange plan: what is asked instead of the scan, and that no change is lost whatever dies when."""

import json
from datetime import timedelta

import pytest
import till_days
from office_nights import RECEIPT, Nights

from ingestion.one_c.exchange import Entry, NotAMessage, entries
from sandbox.faults import Fault
from sandbox.one_c import things
from sandbox.one_c.shelf import Shelf

POINT = f"DataExchangePoint='{{}}{till_days.ROOT}/{till_days.PLAN}'"
CALLS = ("SelectChanges", "NotifyChangesReceived")


def edits(**by_hours):
    """101 comes to so many kopecks, that many hours after the first night: edits(h1=20_000)."""
    return json.dumps([{"order_id": 101, "net_kop": net, "at": (till_days.UNTIL + timedelta(hours=int(hours[1:]))).isoformat()}
                       for hours, net in by_hours.items()])


def exchanged(office: Nights) -> list[str]:
    """What was said to the plan: [`SelectChanges 1`]."""
    return [f"{one.partition('?')[0]} {one.rpartition('MessageNo=')[2]}" for one in office.heard if one.startswith(CALLS)]


def amounts(office: Nights) -> list[float]:
    return [net for net, in office.history("receipts", RECEIPT[101], "СуммаДокумента")]


def scanned(office: Nights) -> list[str]:
    return [one for one in office.heard if one.startswith("Catalog_Партнеры?") and "$select=Ref_Key,DataVersion&" in one]


def test_the_plan_tells_what_changed_and_is_confirmed_by_the_night_after(nights):
    office = nights(EXCHANGE_PLAN=till_days.PLAN, changes=edits(h1=20_000), receipts_kept_days="53")
    office.night()
    assert exchanged(office) == []  # only where the node stands is looked up, before any list is read
    assert office.heard.index(f"{till_days.PLAN}?$format=json") < min(map(office.heard.index, office.asked("Catalog_")))
    report = office.night(days=1)
    assert exchanged(office) == ["SelectChanges 1"]
    assert POINT.format(office.running.url) in next(one for one in office.heard if one.startswith("SelectChanges"))
    assert report.documents == {"receipts": 3, "shift_reports": 2, "sale_costs": 2, "stock": 2}
    assert amounts(office) == [250.5, 200]
    # Nothing but the last days is looked through: 101 is of September.
    assert scanned(office) == []
    days = [one.partition("Date ge datetime'")[2][:10] for one in office.asked("Document_ЧекККМ?") if "Date ge" in one]
    assert min(days) == "2026-10-25"
    whole = things.partners
    office.patch.setattr(things, "partners", lambda book, now: Shelf([], whole(book, now).make))
    office.night(days=1)
    assert exchanged(office) == ["NotifyChangesReceived 1", "SelectChanges 2"]
    # To the plan the partner who was removed and the receipts that were purged are deleted alike.
    assert office.history("partners", till_days.PARTNER, "Code")[-1] == "deleted"
    assert {row["operation"] for row in office.landed("receipts")} == {"upsert"}
    assert sum(office.night().documents.values()) == 0
    assert exchanged(office) == ["NotifyChangesReceived 2", "SelectChanges 3"]
    office.night(days=7)
    assert exchanged(office) == ["SelectChanges 3"]  # an empty message is not confirmed
    assert len(scanned(office)) == 1  # once a week every version is looked at, whatever the plan says


def test_a_load_that_dies_and_a_confirmation_that_dies_lose_no_change(nights):
    office = nights(EXCHANGE_PLAN=till_days.PLAN, START_DATE="2026-09-01", changes=edits(h1=20_000, h30=21_000))
    office.night()
    # Before the load is finished: the same number is asked for again, and what changed meanwhile comes with it.
    office.sandbox.faults.plant(Fault("one_c", status=403, path="InformationRegister", times=1))
    assert office.night(days=1).status == "failed"
    assert exchanged(office) == ["SelectChanges 1"]
    assert office.night(hours=8).status == "success"
    assert exchanged(office) == ["SelectChanges 1"]
    assert amounts(office) == [250.5, 210]
    # Between the load and its confirmation.
    office.sandbox.faults.plant(Fault("one_c", status=503, path="NotifyChangesReceived", times=6))
    assert office.night(hours=1).error.startswith("one_c/main exchange_plan: answered 503")
    # After the confirmation, and before the next load: the node says what it has received.
    office.sandbox.faults.plant(Fault("one_c", status=403, path="InformationRegister", times=1))
    assert office.night(days=1).status == "failed"
    assert exchanged(office) == ["NotifyChangesReceived 1", "SelectChanges 2"]
    assert office.night().status == "success"
    assert exchanged(office) == ["SelectChanges 2"]
    assert amounts(office) == [250.5, 210]
    assert set(office.newest("receipts")) == set(RECEIPT.values())


def test_what_another_reader_confirmed_is_found_by_the_scan(nights):
    office = nights(EXCHANGE_PLAN=till_days.PLAN, START_DATE="2026-10-20", changes=edits(h1=20_000))
    office.night()
    office.sandbox.advance(days=1)
    other = till_days.Office(office.running)
    assert (other.post("SelectChanges", 5).status_code, other.post("NotifyChangesReceived", 5).status_code) == (200, 200)
    office.night()
    assert exchanged(office) == ["SelectChanges 6"]
    assert len(scanned(office)) == 1
    assert office.history("receipts", RECEIPT[103], "Статус") == [("Пробит",), ("Архивный",)]


def test_a_node_that_is_not_there_is_named(nights):
    office = nights(EXCHANGE_PLAN="ExchangePlan_Иной(guid'1c0e0001-0000-4000-8000-00000000d0e5')", START_DATE="2026-10-20")
    assert office.night().error.startswith("one_c/main exchange_plan: ExchangePlan_Иной(guid'1c0e0001-0000-4000-8000-00000000d0e5') "
                                           "answered 404, code 9: Экземпляр сущности не найден")


def test_a_message_is_read_by_the_addresses_in_it():
    catalogue, document = "a0a0a0a0-0000-4000-8000-000000000001", "A0A0A0A0-0000-4000-8000-000000000002"
    feed = f"""<?xml version="1.0" encoding="UTF-8"?>
    <feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">
      <entry><id>http://host/base/odata/standard.odata/Catalog_%D0%A2%D0%BE%D0%B2%D0%B0%D1%80%D1%8B(guid'{catalogue}')</id></entry>
      <entry><id>http://host/base/odata/standard.odata/Constant_Валюта</id></entry>
      <entry><id>http://host/base/odata/standard.odata/AccumulationRegister_Продажи(Recorder=guid'{catalogue}',Recorder_Type='StandardODATA.Document_Чек')</id></entry>
      <at:deleted-entry ref="http://host/base/odata/standard.odata/Document_Чек(guid'{document}')" when="2026-01-01T00:00:00Z"/>
    </feed>""".encode()
    assert list(entries(feed)) == [
        Entry(False, "Catalog_Товары", catalogue), Entry(False, "http://host/base/odata/standard.odata/Constant_Валюта"),
        Entry(False, "AccumulationRegister_Продажи", catalogue, "Document_Чек"), Entry(True, "Document_Чек", document.lower())]
    for broken in (feed[:-20], b"<html><body>Maintenance</body></html>", b""):
        with pytest.raises(NotAMessage):
            list(entries(broken))
