"""What is landed of odd or moved dates, of documents before START_DATE, and of receipts that were deleted rather than purged."""

import json
from datetime import UTC, datetime, timedelta

import till_days
from office_nights import RECEIPT
from till_days import NOW, PLAN, UNTIL, key

from ingestion import lake
from ingestion.one_c import VENDOR
from sandbox.faults import Fault
from sandbox.one_c import till_papers
from sandbox.one_c.shelf import dated
from sandbox.one_c.wire import made_key

TILL_RETURN = made_key("return", key(6, 7))


def edited(office, resource, one, *, since=NOW, gone=False, **members):
    """From then on the paper `one` is gone, or has these members."""
    whole = getattr(till_papers, resource)

    def some(book, now):
        shelf = whole(book, now)
        entries = []
        for row, at in enumerate(shelf.keys):
            if at != one or now < since:
                entries.append((shelf.dates[row], at, shelf.record(row)))
            elif not gone:
                entries.append((members.get("Date", shelf.dates[row]), at, {**shelf.record(row), "DataVersion": "EDITED", **members}))
        return dated(entries, dict)

    office.patch.setattr(till_papers, resource, some)


def operations(office, resource, one):
    return [row["operation"] for row in office.landed(resource) if row["document_key"] == one]


def test_a_receipt_that_the_plan_reports_as_deleted_goes_and_an_archived_one_stays(nights):
    office = nights(EXCHANGE_PLAN=PLAN)
    office.night()
    later = NOW + timedelta(minutes=20)
    edited(office, "receipts", RECEIPT[103], since=later, gone=True)
    edited(office, "receipts", RECEIPT[101], since=later, gone=True)
    edited(office, "receipt_returns", TILL_RETURN, since=later, gone=True)
    office.night(minutes=30)
    assert operations(office, "receipts", RECEIPT[103]) == ["upsert", "delete"]
    assert operations(office, "receipts", RECEIPT[101]) == ["upsert"]
    assert operations(office, "receipt_returns", TILL_RETURN) == ["upsert", "delete"]


def test_a_receipt_purged_at_the_close_of_its_shift_is_explained_by_the_report(nights):
    office = nights(EXCHANGE_PLAN=PLAN, receipts_kept_days="0")
    office.night()
    assert office.history("receipts", RECEIPT[103], "Статус") == [("Пробит",)]
    office.night(hours=2)
    assert any("НомерСменыККМ eq 2" in one for one in office.asked("Document_ОтчетОРозничныхПродажах?"))
    assert operations(office, "receipts", RECEIPT[103]) == ["upsert"]


def test_where_nothing_tells_whether_it_was_archived_it_stays_and_is_told(nights, caplog):
    office = nights(EXCHANGE_PLAN=PLAN, unpublished="Document_ЧекККМ.Статус,Document_ЧекККМ.ОтчетОРозничныхПродажах_Key")
    office.night()
    edited(office, "receipts", RECEIPT[103], since=NOW + timedelta(minutes=20), gone=True)
    office.night(minutes=30)
    assert operations(office, "receipts", RECEIPT[103]) == ["upsert"]
    assert f"one_c/main receipts: the exchange plan reports 1 as deleted ({RECEIPT[103]})" in caplog.text


def test_a_mistyped_year_is_told_and_landed_and_no_history_begins_with_it(nights, caplog):
    office = nights()
    edited(office, "receipts", RECEIPT[101], Date="0202-09-10T12:30:05")
    lake.prepare()
    (account,) = VENDOR.accounts()
    assert VENDOR.oldest(account) == datetime(2026, 9, 10, 10, tzinfo=UTC) + timedelta(hours=2)
    report = office.night()
    assert (report.status, report.history_left_days, report.documents["receipts"]) == ("success", 0.0, 3)
    sentence = f"one_c/main receipts: 1 of Document_ЧекККМ are dated before 1990: 0202-09-10T12:30:05 {RECEIPT[101]}. They are loaded"
    assert sentence in caplog.text
    assert len([one for one in office.asked("Document_ЧекККМ?") if "Date" in one]) < 20
    # One that is mistyped later is found by the scan.
    edited(office, "receipts", RECEIPT[102], since=NOW + timedelta(hours=1), Date="0001-01-01T00:00:00")
    office.night(days=1)
    assert office.history("receipts", RECEIPT[102], "Date") == [("2026-09-10T15:00:00",), ("0001-01-01T00:00:00",)]
    assert operations(office, "receipts", RECEIPT[101]) == ["upsert"]


def test_start_date_is_kept_when_the_plan_tells_of_something_older(nights):
    changes = json.dumps([{"order_id": 101, "at": (UNTIL + timedelta(hours=1)).isoformat(), "net_kop": 20_000}])
    office = nights(EXCHANGE_PLAN=PLAN, START_DATE="2026-10-01", changes=changes)
    office.night()
    office.night(days=1)
    assert {row["record"]["Date"] >= "2026-10-01" for row in office.landed("receipts")} == {True}
    assert RECEIPT[101] not in office.newest("receipts")


def test_a_receipt_whose_date_is_moved_out_of_the_scan_is_found_by_its_key(nights):
    office = nights(START_DATE="2026-10-01")
    office.night()
    edited(office, "receipts", RECEIPT[103], since=NOW + timedelta(hours=1), Date="2026-09-30T18:00:00")
    office.night(days=1)
    assert office.history("receipts", RECEIPT[103], "Date") == [("2026-10-31T18:00:00",), ("2026-09-30T18:00:00",)]


def test_a_message_of_record_sets_alone_is_confirmed(nights):
    office = nights(EXCHANGE_PLAN=PLAN, START_DATE="2026-10-20")
    office.night()
    feed = till_days.SPACES["a"]
    entry = "<entry><id>http://host/odata/standard.odata/InformationRegister_Цены(Период=datetime'2026-01-01T00:00:00')</id></entry>"
    office.sandbox.faults.plant(Fault("one_c", path="SelectChanges", status=200, body=f'<feed xmlns="{feed}">{entry}</feed>'))
    office.night()
    office.night()
    assert "NotifyChangesReceived 1" in [f"{one.partition('?')[0]} {one.rpartition('MessageNo=')[2]}" for one in office.heard]
