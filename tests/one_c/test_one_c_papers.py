"""What 1C's stand-in tells of the retailer: papers, registers, edits, archive, exchange; figures are those of till_days.py, by hand."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from xml.etree import ElementTree

import pytest
import requests
import till_days
from till_days import NOW, PARTNER, SPACES, UNTIL, Office, key, numbers

from sandbox import server
from sandbox.one_c.configuration import NAMES
from sandbox.one_c.wire import NIL, made_key

RECEIPTS, REPORTS, COSTS, ORDERS = (NAMES[name] for name in ("receipts", "shift_reports", "sale_costs", "customer_orders"))
STOCK, PRICES, ITEMS = (NAMES[name] for name in ("stock", "prices", "items"))
FIRST, SECOND, THIRD = (made_key("receipt", key(1, number)) for number in (101, 102, 103))


@pytest.fixture(scope="module")
def serve(tmp_path_factory) -> Iterator[Callable[..., Office]]:
    yield from till_days.serving(tmp_path_factory)


@pytest.fixture(scope="module")
def office(serve) -> Office:
    """The back office as it is; its clock stands."""
    return serve()


def test_an_archived_receipt(office):
    told = office.get(f"{RECEIPTS}(guid'{SECOND}')").json()
    assert told.pop("odata.metadata") == f"{office.url}/$metadata#{RECEIPTS}/@Element"
    own = f"{RECEIPTS}(guid'{SECOND}')"
    links = {name: told.pop(name) for name in list(told) if "@" in name}
    assert links == {f"{name}@navigationLinkUrl": f"{own}/{name}" for name in (
        "КассаККМ", "Склад", "Кассир", "Партнер", "КартаЛояльности", "ОтчетОРозничныхПродажах")}
    assert office.get(links["Партнер@navigationLinkUrl"]).json()["Description"] == "Белова Анна"
    version = told.pop("DataVersion")
    assert len(version) == 12
    assert told == {
        "Ref_Key": SECOND, "DeletionMark": False, "Number": "0000-000102", "Date": "2026-09-10T15:00:00", "Posted": True,
        "Статус": "Архивный", "КассаККМ_Key": made_key("till", 1), "Склад_Key": made_key("place", key(3, 1)),
        "Кассир_Key": made_key("user", key(4, 1)), "Партнер_Key": PARTNER, "КартаЛояльности_Key": made_key("card", PARTNER, "290000000001"),
        "НомерСменыККМ": "1", "НомерЧекаККМ": "2", "ЗаводскойНомерФН": "9960440300000001", "НомерФискальногоДокумента": "102",
        "ОтчетОРозничныхПродажах_Key": key(5, 1), "СуммаДокумента": 90, "ПолученоНаличными": 0, "БаллыНачислено": 4,
        "Товары": [{"Ref_Key": SECOND, "LineNumber": "1", "Номенклатура_Key": made_key("item", key(2, 1)), "Количество": 1, "Цена": 100,
                    "СуммаАвтоматическойСкидки": 0, "СуммаПерсональнойСкидки": 0, "СуммаСкидкиПоПромокоду": 0,
                    "СуммаБонусныхБалловКСписанию": 10, "Сумма": 90}],
        "ОплатаПлатежнымиКартами": [{"Ref_Key": SECOND, "LineNumber": "1", "ВидОплаты": "Карта", "Сумма": 90}],
        "ПодарочныеСертификаты": [],
    }


def test_a_receipt_of_an_open_shift_is_in_no_report(office):
    told = office.get(f"{RECEIPTS}(guid'{THIRD}')").json()
    assert (told["Статус"], told["ОтчетОРозничныхПродажах_Key"], told["Партнер_Key"]) == ("Пробит", NIL, NIL)
    assert [row["Сумма"] for row in told["ПодарочныеСертификаты"]] == [999]


def test_a_report_tells_what_its_receipts_told(office):
    (report,) = office.rows(REPORTS)
    lines = [(row["Количество"], row["Сумма"], row["СуммаСкидки"]) for row in report["Товары"]]
    assert (report["Ref_Key"], report["КоличествоЧеков"], report["СуммаДокумента"]) == (key(5, 1), "2", 340.5)
    assert (report["Date"], lines) == ("2026-09-10T22:30:00", [(3, 290, 10), (1, 50.5, 0)])


def test_returns_go_to_the_till_or_the_office(office):
    (till,), (back,) = office.rows(NAMES["receipt_returns"]), office.rows(NAMES["customer_returns"])
    assert (till["ЧекККМ_Key"], till["ЗаводскойНомерФН"], till["НомерФискальногоДокумента"], till["СуммаДокумента"]) == (
        FIRST, "9960440300000002", "7", 100)
    assert (back["ЗаказКлиента_Key"], back["СуммаДокумента"]) == (made_key("order", key(1, 201)), 50.5)


def test_orders_of_the_shop_with_struck_lines_and_empty_dates(office):
    told = {row["НомерПоДаннымКлиента"]: row for row in office.rows(ORDERS)}
    assert {number: (row["Статус"], row["ДатаОтгрузки"]) for number, row in told.items()} == {
        "201A": ("Закрыт", "2026-09-21T11:00:00"),
        "202A": ("КОтгрузке", "2026-10-30T11:00:00"),
        "203A": ("КОбеспечению", "0001-01-01T00:00:00"),
    }
    assert [(row["Отменено"], row["Сумма"]) for row in told["203A"]["Товары"]] == [(False, 50.5), (True, 0)]


def test_dictionaries(office):
    items = {row["Description"]: row for row in office.rows(ITEMS)}
    assert [(row["IsFolder"], row["Parent_Key"]) for row in (items["Подарки"], items["Наборы"], items["Свеча"])] == [
        (True, NIL), (True, items["Подарки"]["Ref_Key"]), (False, items["Наборы"]["Ref_Key"])]
    places = {row["Code"]: row for row in office.rows(f"{NAMES['stores']}?$filter=IsFolder eq false")}
    assert {code: (row["ТипСклада"], row["Франшиза"], row["ДатаОткрытия"], row["ДатаЗакрытия"]) for code, row in places.items()} == {
        "ST0001": ("РозничныйМагазин", False, "2020-05-01T00:00:00", "0001-01-01T00:00:00"),
        "ST0002": ("РозничныйМагазин", True, "2021-05-01T00:00:00", "2026-10-01T00:00:00"),
        "WH1000": ("ОптовыйСклад", False, "0001-01-01T00:00:00", "0001-01-01T00:00:00")}
    (partner,), (card,) = office.rows(NAMES["partners"]), office.rows(NAMES["cards"])
    assert (partner["ЮрФизЛицо"], partner["Пол"], partner["ДатаРождения"]) == ("ФизЛицо", "Женский", "1990-03-08T00:00:00")
    assert [row["Представление"] for row in partner["КонтактнаяИнформация"]] == ["+79160000001"]
    assert (card["Штрихкод"], card["Партнер_Key"], card["Статус"]) == ("290000000001", PARTNER, "Действует")
    (sold,) = office.rows(NAMES["gift_card_sales"])
    assert (sold["СуммаДокумента"], sold["ПодарочныеСертификаты"][0]["СерийныйНомер"]) == (3000, "2800000000017")


# --- registers

def test_the_balance_of_stock_at_a_moment_and_by_condition(office):
    item, place = made_key("item", key(2, 2)), made_key("place", key(3, 1000))
    assert office.rows(f"{STOCK}/Balance()?$filter=Склад_Key eq guid'{place}'") == [
        {"Номенклатура_Key": item, "Склад_Key": place, "ВНаличииBalance": 1, "ВРезервеСоСкладаBalance": 0}]
    for quoted in (f"'Номенклатура_Key eq guid'{item}''", f"'Номенклатура_Key eq guid''{item}'''"):
        found = office.rows(f"{STOCK}/Balance(Period=datetime'2026-10-17T23:59:59',Condition={quoted})")
        assert [row["ВНаличииBalance"] for row in found] == [17]
    assert sum(row["ВНаличииBalance"] for row in office.rows(f"{STOCK}/Balance(Dimensions='Склад')")) == 6
    assert office.refused(f"{STOCK}/Balance(Periodicity='day')") == (400, "21")
    assert office.refused(f"{STOCK}/Turnovers()") == (404, "11")


def test_the_prices_in_force(office):
    kinds = {row["Ref_Key"]: row["Description"] for row in office.rows(NAMES["price_types"])}
    told = {(kinds[row["ВидЦены_Key"]], row["Цена"]) for row in office.rows(f"{PRICES}/SliceLast()")}
    assert told == {*(("Розничная", price) for price in (100, 50.5, 999)), *(("Закупочная", price) for price in (50, 25.25, 499.5))}
    assert office.rows(f"{PRICES}/SliceLast(Period=datetime'2025-12-31T00:00:00')") == []


def costs(office: Office, since: str = "2026-01-01", until: str = "2027-01-01") -> dict[str, list[tuple]]:
    within = f"RecordSet/any(d: d/Period ge datetime'{since}T00:00:00' and d/Period lt datetime'{until}T00:00:00')"
    return {one["Recorder"]: [(row["Количество"], row["СуммаВыручки"], row["Стоимость"]) for row in one["RecordSet"]]
            for one in office.rows(f"{COSTS}?$filter={within}")}


def test_costs_are_told_by_recorder_and_known_when_the_month_is_closed(serve):
    office = serve()
    sent, late = made_key("shipment", key(1, 201)), made_key("shipment", key(1, 202))
    september = {key(5, 1): [(3, 290, 150), (1, 50.5, 25.25)], sent: [(1, 100, 50), (2, 101, 50.5)]}
    assert costs(office) == {**september, late: [(1, 999, 0)]}
    assert costs(office, "2026-10-01", "2026-11-01") == {late: [(1, 999, 0)]}
    rows = office.rows(f"{COSTS}_RecordType?$filter=Recorder eq cast(guid'{late}', 'Document_РеализацияТоваровУслуг')")
    assert [(row["Recorder_Type"], row["LineNumber"], row["ЗаказКлиента_Key"], row["Active"]) for row in rows] == [
        ("StandardODATA.Document_РеализацияТоваровУслуг", "1", made_key("order", key(1, 202)), True)]
    assert office.rows(f"{COSTS}?$filter=Recorder eq guid'{late}'") == []  # a composite attribute needs cast()
    office.running.sandbox.set_clock(till_days.moment("2026-10-04 20:59:59+00:00"))
    assert costs(office) == {one: [(*row[:2], 0) for row in rows] for one, rows in september.items()}
    office.running.sandbox.set_clock(till_days.moment("2026-10-04 21:00:00+00:00"))
    assert costs(office) == september
    office.running.sandbox.set_clock(UNTIL + timedelta(days=5))
    told = costs(office)
    assert told[key(5, 2)] == [(1, 999, 0)]  # the shift closed on 1 November, at three in the morning
    assert late not in told  # taken back: the order was cancelled after it was shipped


# --- edits, archive, exchange

def test_what_is_edited_in_1c_alone_changes_the_version_and_not_the_report(serve):
    edits = [{"order_id": 101, "at": "2026-10-20T10:00:00+00:00", "net_kop": 24_000},
             {"order_id": 102, "at": "2026-10-20T10:00:00+00:00", "posted": False},
             {"order_id": 103, "at": "2026-10-31T16:00:00+00:00", "quantity": 2, "employee_id": 1, "deletion_mark": True}]
    office, early = serve(changes=json.dumps(edits)), serve(changes=json.dumps(edits), at=UNTIL - timedelta(days=20))
    now, before = ({row["Ref_Key"]: row for row in one.rows(RECEIPTS)} for one in (office, early))
    first, second, third = now[FIRST], now[SECOND], now[THIRD]
    assert (first["СуммаДокумента"], first["Товары"][0]["СуммаАвтоматическойСкидки"], first["Товары"][0]["Сумма"]) == (240, 10.5, 189.5)
    assert (second["Posted"], second["СуммаДокумента"], third["DeletionMark"], third["СуммаДокумента"]) == (False, 90, True, 1998)
    assert third["Кассир_Key"] == made_key("user", key(4, 1))
    assert all(now[one]["DataVersion"] != before[one]["DataVersion"] for one in before)
    assert office.rows(REPORTS) == [{**early.rows(REPORTS)[0]}]


@pytest.mark.parametrize(("days", "left"), [("365", [101, 102, 103]), ("50", [103]), ("0", [103])])
def test_archived_receipts_are_purged_after_a_while(serve, days, left):
    office = serve(receipts_kept_days=days)
    assert sorted(numbers(office.rows(RECEIPTS))) == left
    assert [row["КоличествоЧеков"] for row in office.rows(REPORTS)] == ["2"]


def test_the_exchange_tells_changes_until_they_are_confirmed(serve):
    office = serve(receipts_kept_days="52")  # the first shift's receipts go on 1 November, at 19:30 UTC
    node = f"{till_days.PLAN}?$format=json"
    assert ElementTree.fromstring(office.post("SelectChanges", 1).content).findall("*") == []
    office.running.sandbox.set_clock(UNTIL + timedelta(hours=2))

    def told(number: int) -> tuple[set[str], set[str]]:
        feed = ElementTree.fromstring(office.post("SelectChanges", number).content)
        changed = {one.text.rpartition("/")[2] for one in feed.findall("a:entry/a:id", SPACES)}
        return changed, {one.attrib["ref"].rpartition("/")[2] for one in feed.findall("at:deleted-entry", SPACES)}

    closed = {f"{RECEIPTS}(guid'{THIRD}')", f"{REPORTS}(guid'{key(5, 2)}')"}
    assert told(2) == told(2) == (closed, set())
    assert office.post("NotifyChangesReceived", 2).status_code == 200
    assert (office.get(node).json()["ReceivedNo"], told(3)) == ("2", (set(), set()))
    office.running.sandbox.set_clock(UNTIL + timedelta(hours=21))
    changed, gone = told(4)
    assert gone == {f"{RECEIPTS}(guid'{FIRST}')", f"{RECEIPTS}(guid'{SECOND}')"}
    assert f"{RECEIPTS}(guid'{made_key('receipt', key(1, 104))}')" in changed
    refused = requests.post(f"{office.url}/SelectChanges?MessageNo=1&$format=json", auth=till_days.AUTH, timeout=30)
    assert (refused.status_code, refused.json()["odata.error"]["code"]) == (400, "12")


def test_the_server_writes_its_own_time(serve):
    (first, *_) = serve(time_zone="Asia/Yekaterinburg").rows(f"{RECEIPTS}?$orderby=Date asc")
    assert first["Date"] == "2026-09-10T14:30:05"


def test_the_books_are_told_whole(small_world, tmp_path, monkeypatch):
    monkeypatch.setattr(server, "VENDORS", ("one_c",))
    books = small_world.ledger(UNTIL)
    tests = {row["number"] for row in small_world.rows("orders") if row["is_test"]}
    with till_days.office(small_world, tmp_path, sessions="100") as office:
        receipts = office.rows(RECEIPTS)
        orders = [row for row in office.rows(ORDERS) if row["НомерПоДаннымКлиента"] not in tests and row["Статус"] != "Отменен"]
        sums = {name: round(100 * sum(row["СуммаДокумента"] for row in office.rows(NAMES[name])))
                for name in ("receipt_returns", "customer_returns", "gift_card_sales")}
        cost = sum(round(100 * row["Стоимость"]) for one in office.rows(COSTS) for row in one["RecordSet"])
        shifts = office.rows(REPORTS)
        stock = office.rows(f"{STOCK}/Balance()")
    assert (len(receipts), round(100 * sum(row["СуммаДокумента"] for row in receipts))) == (books["receipts"], books["receipts_net_kop"])
    ordered = round(100 * sum(row["СуммаДокумента"] for row in orders))
    assert (len(orders), ordered) == (books["online_orders"], books["online_orders_net_kop"])
    assert sums == {"receipt_returns": books["till_returns_kop"], "customer_returns": books["online_returns_kop"],
                    "gift_card_sales": books["gift_cards_sold_kop"]}
    assert (len(shifts), len(stock)) == (books["shifts"], books["stock_rows"])
    assert cost == books["cost_of_goods_sold_kop"]
    assert sum(int(row["КоличествоЧеков"]) for row in shifts) == len([row for row in receipts if row["Статус"] == "Архивный"])
    assert small_world.until == NOW
