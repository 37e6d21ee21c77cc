"""What can go wrong between 1C and the source: the network, refusals, lists that move while they are read."""

import json

import pytest
from office_nights import ITEM, ORDER, RECEIPT, without

from sandbox.faults import Fault
from sandbox.one_c import things

RECENT = "2026-10-20"


def envelope(code, text):
    return json.dumps({"odata.error": {"code": code, "message": {"lang": "ru", "value": text}}}, ensure_ascii=False)


def fault(path, kind="status", **how):
    return Fault("one_c", path=path, kind=kind, **how)


def xml(code, text):
    return ('<?xml version="1.0" encoding="UTF-8"?><m:error xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">'
            f"<m:code>{code}</m:code><m:message>{text}</m:message></m:error>")


PASSING_FAULTS = (
    fault(r"\$metadata", status=503, times=2),
    fault(r"\$metadata", "html"),
    fault(r"\$metadata", "truncated"),
    fault(r"\$metadata", "truncated_without_length"),
    fault("Catalog_Марки", status=429, headers={"Retry-After": "0"}, times=2),
    fault("Catalog_Склады", status=408),
    fault("Catalog_КассыККМ", status=500, body=envelope("-1", "Не обнаружено свободной лицензии!")),
    fault("Catalog_КартыЛояльности", "html"),
    fault("Catalog_Партнеры", "slow", seconds=0.2),
    fault("Catalog_Пользователи", "empty"),
    fault("Catalog_Номенклатура.*skip=2", "repeat", times=2),
    fault("InformationRegister_Цены", "truncated"),
    fault("InformationRegister_Штрихкоды", "truncated_without_length"),
    fault("AccumulationRegister_Свободные", "reset"),
    fault("AccumulationRegister_Выручка", status=401, body=""),
    fault("Document_ЧекККМ[?]", "truncated_without_length", after=3),
    fault("Document_ЗаказКлиента", "reset", after=2),
)


def test_passing_faults_of_every_kind_lose_nothing(nights):
    office = nights(START_DATE=RECENT, PAGE_SIZE="1")
    for one in PASSING_FAULTS:
        office.sandbox.faults.plant(one)
    report = office.night()
    assert (report.status, report.error) == ("success", "")
    assert office.sandbox.faults.met == sum(one.times for one in PASSING_FAULTS)
    assert set(office.newest("receipts")) == {RECEIPT[103]}
    assert set(office.newest("customer_orders")) == {ORDER[202], ORDER[203]}
    assert report.documents["items"] == 5
    assert (report.documents["barcodes"], report.documents["prices"], report.documents["stock"]) == (3, 6, 2)


LASTING_FAULTS = {
    "$metadata is not reached": (fault(r"\$metadata", status=503), "one_c/main $metadata: answered 503"),
    "$metadata is a page": (fault(r"\$metadata", "html"), "one_c/main $metadata: the answer"),
    "no right": (
        fault("Document_ЧекККМ[?]", status=401, body=envelope("20", "Недостаточно прав")),
        "one_c/main receipts: 1C says that the user of SOURCES__ONE_C__USERNAME has no right to Document_ЧекККМ (401, code 20: "
        "Недостаточно прав). Give the user the right to read it, by a role of its own, and publish it for OData "
        "(УстановитьСоставСтандартногоИнтерфейсаOData). Nothing of this load was kept; the data of the last finished load stays."),
    "no such set, in XML": (
        fault("Catalog_Марки", status=404, body=xml("8", "Тип сущности не найден")),
        "one_c/main brands: 1C publishes no Catalog_Марки (404, code 8: Тип сущности не найден). Publish it for OData "
        "(УстановитьСоставСтандартногоИнтерфейсаOData) or name another object in SOURCES__ONE_C__OBJECT_BRANDS."),
    "what 1C's own code raised": (
        fault("Catalog_Марки", status=500, body=envelope("-1", "Деление на 0")),
        "one_c/main brands: Catalog_Марки answered 500, code -1: Деление на 0, 6 times in a row. Nothing of this load was kept"),
    "the password is refused": (fault("Catalog_Марки", status=401, body=""),
                                "one_c/main brands: 1C does not let the user in (401): check SOURCES__ONE_C__USERNAME and"),
    "a page that never moves on": (
        fault("Catalog_Номенклатура.*skip=2", "repeat"),
        "one_c/main items: Catalog_Номенклатура: the page from 2 on was asked for and one came whose records had all come before, 3 times "
        "in a row."),
    "no total": (fault("Catalog_Марки", status=200, body='{"value":[]}'),
                 "one_c/main brands: Catalog_Марки: odata.count is None, so the list cannot be proved whole, 3 times in a row."),
}


@pytest.mark.parametrize("name", LASTING_FAULTS)
def test_a_lasting_fault_is_named_and_nothing_is_kept(nights, name):
    planted, sentence = LASTING_FAULTS[name]
    office = nights(START_DATE=RECENT, PAGE_SIZE="1")
    office.sandbox.faults.plant(Fault(**{**vars(planted), "times": 100}))
    report = office.night()
    assert report.status == "failed"
    assert report.error.startswith(sentence)
    assert office.landed("customer_orders") == []


def test_an_answer_of_other_days_is_not_taken_for_these(nights):
    office = nights(START_DATE=RECENT)
    office.night()
    office.sandbox.faults.plant(fault("Document_ЗаказКлиента", "repeat", times=100))
    assert office.night().error.startswith(
        "one_c/main customer_orders: Document_ЗаказКлиента: other days were asked for than came, 3 times in a row.")


@pytest.mark.parametrize("how", ["grew", "shrank"])
def test_a_list_that_moved_while_it_was_read_loses_nothing(nights, caplog, how):
    office = nights(START_DATE=RECENT, PAGE_SIZE="1")
    first, whole, moved = min(ITEM.values()), things.items, []
    meet = office.sandbox.faults.meet

    def shifting(asked):
        if "Номенклатура?" in asked.target and "skip=3" in asked.target and not moved:
            moved.append(asked.target)
            office.sandbox.advance(seconds=1)
        return meet(asked)

    def items(book, now):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(things, "items", whole)
            without(patch, things, "items", *([first] if bool(moved) == (how == "shrank") else []))
            return things.items(book, now)

    office.sandbox.faults.meet = shifting
    office.patch.setattr(things, "items", items)
    assert office.night().status == "success"
    assert ("the list had 5 records and has 4; read again from its start" in caplog.text) == (how == "shrank")
    # What came in before the page that was being read comes with the next night; what was removed stays, as receipts may name it.
    assert (len(office.newest("items")), sum(office.night().documents.values())) == ((4, 1) if how == "grew" else (5, 0))


def test_an_answer_that_begins_with_a_byte_order_mark_is_read(nights):
    office = nights(START_DATE=RECENT)
    office.sandbox.faults.plant(fault("Catalog_Марки", status=200, body='\ufeff{"odata.count":"0","value":[]}'))
    assert office.night().status == "success"
    assert office.landed("brands") == []
