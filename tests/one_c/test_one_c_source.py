"""The source against the stand-in over real HTTP: windows, versions, registers, the check of the configuration. Figures are till_days'.

Most of it is one story of four nights, told once: the first; one without news; one a day later, after edits in 1C and the close of a shift;
one two days later, when receipts were purged and objects removed.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import till_days
from office_nights import ITEM, ORDER, RECEIPT, SHIPMENT, Nights, open_nights, without
from till_days import key

from ingestion import lake
from ingestion.contact import AccountReport
from ingestion.one_c import VENDOR, versions
from ingestion.one_c.names import NEEDS
from ingestion.one_c.registers import rewritten_from
from sandbox.one_c import office_papers, things, till_papers
from sandbox.one_c.shelf import Shelf
from sandbox.one_c.wire import NIL, made_key
from sandbox.world import World

EDITED = till_days.UNTIL + timedelta(hours=1)


def edits(*changes):
    return json.dumps([{"at": EDITED.isoformat(), **change} for change in changes])


@dataclass(frozen=True)
class Story:
    """The four nights. heard: what each asked for; raw: the first night's addresses as sent; seen, left: all receipts, before the first and
    after the last."""

    office: Nights
    reports: tuple[AccountReport, ...]
    heard: tuple[list[str], ...]
    raw: list[str]
    seen: str
    left: str

    def asked(self, night, name):
        return [one for one in self.heard[night] if one.startswith(name)]


@pytest.fixture(scope="module")
def story(hand_made, tmp_path_factory):
    changes = edits({"order_id": 101, "net_kop": 20_000}, {"order_id": 102, "posted": False}, {"order_id": 203, "deletion_mark": True})
    with open_nights(hand_made, tmp_path_factory.mktemp("story"), receipts_kept_days="53", changes=changes) as office:
        reports, heard = [], []

        def night(**later):
            reports.append(office.night(**later))
            heard.append(list(office.heard))

        seen = till_days.Office(office.running).get("Document_ЧекККМ").text
        night()
        raw = list(office.raw)
        night()
        night(days=1)
        for room, resource, *keys in ((things, "partners", till_days.PARTNER), (things, "items", ITEM[3]),
                                      (office_papers, "customer_orders", ORDER[201], ORDER[203])):
            without(office.patch, room, resource, *keys)
        rows = World.rows

        def changed(world, name):
            other = {"barcode": None, "price_kop": 11_100}
            return [row | other if name == "products" and row["product_id"] == 1 else row for row in rows(world, name)]

        office.patch.setattr(World, "rows", changed)
        night(days=1)
        left = till_days.Office(office.running).get("Document_ЧекККМ").text
    return Story(office, tuple(reports), tuple(heard), raw, seen, left)


def test_the_first_load_brings_everything_once_and_the_second_nothing(story):
    first, second = story.reports[:2]
    assert (first.status, first.error, first.history_left_days) == ("success", "", 0.0)
    assert {name: count for name, count in first.documents.items() if name not in ("items", "stores")} == {
        "settings": 1, "brands": 1, "barcodes": 3, "price_types": 2, "prices": 6, "item_keys": 6, "tills": 2, "cashiers": 2, "partners": 1,
        "cards": 1, "receipts": 3, "receipt_returns": 1, "shift_reports": 1, "customer_orders": 3, "customer_returns": 1,
        "gift_card_sales": 1,
        "stock": 2, "sale_costs": 3}
    assert (second.status, sum(second.documents.values())) == ("success", 0)
    found = {name: set(story.office.newest(name)) for name in ("receipts", "customer_orders", "sale_costs")}
    assert found == {"receipts": set(RECEIPT.values()), "customer_orders": set(ORDER.values()),
                     "sale_costs": {key(5, 1), key(5, 2), key(5, 3), *SHIPMENT.values()}}


def test_what_lands_is_the_vendors_text_with_its_key_and_version(story):
    office = story.office
    first = office.landed("receipts")[:3]
    assert all(row["payload"] in story.seen for row in first)
    assert all((row["document_key"], row["cursor"]) == (row["record"]["Ref_Key"], row["record"]["DataVersion"]) for row in first)
    shop, warehouse = (made_key("place", key(3, number)) for number in (1, 1000))
    assert set(office.newest("stock")) == {f"{row}:2026-11-{day:02d}" for row in (f"{ITEM[1]}:{shop}", f"{ITEM[2]}:{warehouse}")
                                           for day in (1, 2, 3)}
    assert set(office.newest("prices")) == {f"{item}:{made_key('price type', name)}" for item in ITEM.values()
                                            for name in ("Закупочная", "Розничная")}
    assert office.newest("settings")["settings"]["record"] == {
        "time_zone": "Europe/Moscow", "purchase_price_type": "Закупочная", "retail_price_type": "Розничная",
        "cost_field": "", "unread": "", "objects": {needs.resource: needs.default for needs in NEEDS}}


def test_what_is_asked_of_1c_field_by_field(story):
    heard = story.heard[0]
    assert heard[0] == "$metadata?"  # before where the history begins is asked for, and anything else
    rest = "&$orderby=Date asc,Ref_Key asc&$top=1000&$inlinecount=allpages&allowedOnly=true"
    day = "ge datetime'2026-10-02T02:00:00' and {} lt datetime'2026-10-03T02:00:00'"
    assert f"Document_ЧекККМ?$format=json&$filter=Date {day.format('Date')}{rest}" in heard
    assert "Catalog_Марки?$format=json&$orderby=Ref_Key asc&$top=1000&$inlinecount=allpages&allowedOnly=true" in heard
    shop, retail = (f"guid''{made_key(*parts)}''" for parts in (("place", key(3, 1)), ("price type", "Розничная")))
    assert f"AccumulationRegister_СвободныеОстатки/Balance(Condition='Склад_Key eq {shop}')?$format=json" in heard
    assert f"InformationRegister_ЦеныНоменклатуры/SliceLast(Condition='ВидЦены_Key eq {retail}')?$format=json" in heard
    assert ("AccumulationRegister_ВыручкаИСебестоимостьПродаж?$format=json"
            f"&$filter=RecordSet/any(d: d/Period {day.format('d/Period')})"
            "&$orderby=Recorder asc&$top=100&$inlinecount=allpages&allowedOnly=true") in heard
    queries = [one.partition("?")[2] for one in story.raw]
    assert not [one for one in queries if "+" in one or " " in one]
    assert any("$orderby=Date%20asc,Ref_Key%20asc" in one for one in queries)


def test_a_night_asks_for_versions_and_fetches_the_news_alone(story):
    assert story.reports[2].documents == {"receipts": 4, "customer_orders": 1, "shift_reports": 2, "sale_costs": 2, "stock": 2}
    versions_of, fetched = [], []
    for one in story.asked(2, "Document_ЧекККМ?"):
        (versions_of if "$select=Ref_Key,DataVersion,Date&" in one else fetched).append(one)
    assert sorted(number for number, one in RECEIPT.items() for ask in fetched[:-1] if f"Ref_Key eq guid'{one}'" in ask) == [101, 102, 103]
    assert "$filter=Date ge datetime'2026-11-01T02:00:00'&" in fetched[-1]  # without an end
    assert all("$top=10000" in one for one in versions_of)
    assert len(versions_of) < 6  # fifty-two days, in windows that grow while they are empty
    assert [one for one in story.asked(2, "Catalog_Партнеры") if "$select=Ref_Key,DataVersion&" not in one] == []


def test_edits_made_long_after_arrive_as_states_of_the_document(story):
    assert story.office.history("receipts", RECEIPT[101], "СуммаДокумента", "Posted", "DeletionMark") == [
        (250.5, True, False), (200, True, False)]
    assert story.office.history("receipts", RECEIPT[102], "Posted") == [(True,), (False,)]
    assert story.office.history("receipts", RECEIPT[103], "Статус", "ОтчетОРозничныхПродажах_Key") == [
        ("Пробит", NIL), ("Архивный", key(5, 2))]


def test_a_purged_receipt_stays_and_so_does_what_receipts_name(story):
    assert (RECEIPT[101] in story.seen, RECEIPT[101] in story.left) == (True, False)
    assert {row["operation"] for row in story.office.landed("receipts")} == {"upsert"}
    assert len(story.office.history("items", ITEM[3], "DeletionMark")) == 1


def test_other_things_that_are_gone_are_let_go_but_for_what_was_marked(story):
    assert story.office.history("partners", till_days.PARTNER, "Code")[-1] == "deleted"
    assert story.office.history("customer_orders", ORDER[201], "DeletionMark") == [(False,), "deleted"]
    # The mark is why it was removed, and the order stays as marked.
    assert story.office.history("customer_orders", ORDER[203], "DeletionMark") == [(False,), (True,)]
    assert any(ORDER[201] in one for one in story.asked(3, "Document_ЗаказКлиента"))  # it was asked for once more


def test_rows_of_registers_that_differ_or_are_gone_are_told(story):
    barcode, retail = f"4600000000001:{ITEM[1]}", f"{ITEM[1]}:{made_key('price type', 'Розничная')}"
    assert [row["operation"] for row in story.office.landed("barcodes") if row["document_key"] == barcode] == ["upsert", "delete"]
    assert story.office.history("prices", retail, "Цена") == [(100,), (111,)]
    assert len(story.office.landed("prices")) == 7
    # Order 202 was taken back after it was shipped.
    assert story.office.history("sale_costs", SHIPMENT[202], "Recorder") == [(SHIPMENT[202],), "deleted"]


def test_an_edit_before_the_scan_waits_and_a_document_moved_there_is_found_by_its_key(nights, caplog):
    office = nights(changes=edits({"order_id": 101, "net_kop": 20_000}), SCAN_DAYS="40")
    office.patch.setattr(versions, "MOST_GONE", 0)
    office.night()
    whole = office_papers.customer_orders

    def moved(book, now):
        shelf = whole(book, now)
        rows = sorted(range(len(shelf.keys)), key=lambda row: shelf.keys[row] != ORDER[202])
        dates = ["2026-09-11T00:00:00", *(shelf.dates[row] for row in rows[1:])]
        return Shelf([shelf.keys[row] for row in rows],
                     lambda row: shelf.record(rows[row]) | ({} if row else {"Date": dates[0], "DataVersion": "AAAAAAAAAAE="}), dates)

    office.patch.setattr(office_papers, "customer_orders", moved)
    without(office.patch, things, "partners", till_days.PARTNER)
    office.night(days=1)
    assert office.history("receipts", RECEIPT[101], "СуммаДокумента") == [(250.5,)]
    assert office.history("customer_orders", ORDER[202], "Date") == [("2026-10-29T11:00:00",), ("2026-09-11T00:00:00",)]
    # More at once than is removed by hand, which is set to nothing here.
    assert len(office.history("partners", till_days.PARTNER, "Code")) == 1
    assert "one_c/main partners: 1 objects that were never marked for deletion are not told any more" in caplog.text
    office.patch.setenv("SOURCES__ONE_C__SCAN_DAYS", "100")
    office.night()
    assert office.history("receipts", RECEIPT[101], "СуммаДокумента") == [(250.5,), (200,)]


def test_cost_arrives_when_the_month_is_closed(nights):
    office = nights(at=datetime(2026, 10, 3, 23, tzinfo=UTC))
    office.night()
    office.night(days=2)
    told = [[line["Стоимость"] for line in rows] for rows, in office.history("sale_costs", key(5, 1), "RecordSet")]
    assert told == [[0, 0], [150, 25.25]]


@pytest.mark.parametrize(("now", "since"), [((2026, 11, 30), (2026, 9, 1)), ((2026, 1, 5), (2025, 11, 1)), ((2026, 2, 1), (2025, 12, 1))])
def test_what_the_close_of_a_month_may_rewrite_begins_with_the_month_before_last(now, since):
    assert rewritten_from(datetime(*now, tzinfo=UTC)).timetuple()[:3] == since


def test_windows_are_asked_in_the_servers_zone_and_the_future_belongs_to_the_first(nights):
    office = nights(time_zone="Asia/Vladivostok", TIMEZONE="Asia/Vladivostok", START_DATE="2026-10-20")
    whole = till_papers.gift_card_sales

    def late(book, now):
        return Shelf(whole(book, now).keys, lambda row: whole(book, now).record(row) | {"Date": "2027-05-01T00:00:00"},
                     ["2027-05-01T00:00:00"])

    office.patch.setattr(till_papers, "gift_card_sales", late)
    office.night()
    assert any("Date ge datetime'2026-10-20T00:00:00' and Date lt datetime'2026-10-21T00:00:00'" in one for one in office.heard)
    assert set(office.newest("receipts")) == {RECEIPT[103]}
    assert len(office.landed("gift_card_sales")) == 1


def test_objects_are_settings_what_is_optional_is_only_told_and_hidden_rows_do_not_stop_the_rest(nights, caplog):
    office = nights(renamed="Document_ЧекККМ=Document_ЧекККМПродажи", restricted="Document_ЧекККМПродажи,Catalog_Номенклатура",
                    unpublished="InformationRegister_ЦеныНоменклатуры,Document_ОтчетОРозничныхПродажах.КоличествоЧеков,Catalog_ВидыЦен",
                    OBJECT_RECEIPTS="Document_ЧекККМПродажи", OBJECT_PRICES="none", OBJECT_PRICE_TYPES="None")
    assert office.night().status == "success"
    assert set(office.newest("receipts")) == {RECEIPT[101], RECEIPT[102], RECEIPT[103]}
    assert office.landed("prices") + office.landed("price_types") == []
    assert "one_c/main shift_reports: Document_ОтчетОРозничныхПродажах lacks the field КоличествоЧеков; it stays empty." in caplog.text


def test_without_the_servers_zone_nothing_is_read(nights):
    office = nights()
    office.patch.delenv("SOURCES__ONE_C__TIMEZONE")
    (account,) = VENDOR.accounts()
    assert VENDOR.refused(account) == ("one_c/main is half configured: SOURCES__ONE_C__TIMEZONE is missing. "
                                  "Set it, or unset the rest to switch it off.")


def test_history_begins_at_the_first_document_or_where_the_setting_says(nights):
    office = nights()
    lake.prepare()
    (account,) = VENDOR.accounts()
    assert VENDOR.oldest(account) == datetime(2026, 9, 10, 9, 30, 5, tzinfo=UTC)
    office.patch.setenv("SOURCES__ONE_C__START_DATE", "2026-10-01")
    assert VENDOR.oldest(account) == datetime(2026, 9, 30, 21, tzinfo=UTC)


def test_everything_that_is_missing_is_named_at_once(nights):
    office = nights(
        renamed="Document_ЧекККМ=Document_ЧекККМПродажи",
        unpublished="InformationRegister_ЦеныНоменклатуры,Catalog_Склады.Description,Document_ЗаказКлиента.Товары,"
                    "Document_ВозвратТоваровОтКлиента.Товары.Сумма,Document_ОтчетОРозничныхПродажах.КоличествоЧеков")
    report = office.night()
    assert report.status == "failed"
    assert report.error == (
        "one_c/main $metadata: the published interface lacks 5 things that are read here: "
        "the object InformationRegister_ЦеныНоменклатуры (SOURCES__ONE_C__OBJECT_PRICES; there is "
        "InformationRegister_ШтрихкодыНоменклатуры); "
        "of Catalog_Склады (SOURCES__ONE_C__OBJECT_STORES) the field Description; "
        "the object Document_ЧекККМ (SOURCES__ONE_C__OBJECT_RECEIPTS; there is Document_ЧекККМПродажи, Document_ЧекККМВозврат); "
        "of Document_ЗаказКлиента (SOURCES__ONE_C__OBJECT_CUSTOMER_ORDERS) the table Товары; "
        "of Document_ВозвратТоваровОтКлиента (SOURCES__ONE_C__OBJECT_CUSTOMER_RETURNS) the field Товары/Сумма. Nothing was loaded. "
        "Publish it in 1C (УстановитьСоставСтандартногоИнтерфейсаOData, or «Настройка стандартного интерфейса OData»), name what this "
        "configuration has instead in the setting, or write `none` there if it has nothing of the kind.")
    assert office.heard == ["$metadata?"]
