"""The protocol of 1C's stand-in against the manual's chapter 17.4 and what clients saw (apis/1c_odata.md), over till_days.py."""

import threading
from collections.abc import Callable, Iterator
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
import requests
import till_days
from till_days import PARTNER, SPACES, Office, key, numbers

from sandbox.faults import Poison
from sandbox.one_c.configuration import NAMES
from sandbox.one_c.gate import Gate
from sandbox.one_c.wire import NIL, made_key

RECEIPTS, REPORTS, COSTS, PRICES, ITEMS = (NAMES[name] for name in ("receipts", "shift_reports", "sale_costs", "prices", "items"))
FIRST, SECOND, THIRD = (made_key("receipt", key(1, number)) for number in (101, 102, 103))


@pytest.fixture(scope="module")
def serve(tmp_path_factory) -> Iterator[Callable[..., Office]]:
    yield from till_days.serving(tmp_path_factory)


@pytest.fixture(scope="module")
def office(serve) -> Office:
    """The back office as it is; its clock stands."""
    return serve()


def test_credentials_are_read_as_utf_8(office):
    url = f"{office.url}/{ITEMS}"
    assert requests.get(url, auth=till_days.AUTH, timeout=30).status_code == 200
    for wrong in (None, ("Выгрузка".encode("cp1251"), till_days.AUTH[1]), (till_days.AUTH[0], b"other")):
        answer = requests.get(url, auth=wrong, timeout=30)
        assert (answer.status_code, answer.headers["WWW-Authenticate"][:5]) == (401, "Basic")


def test_atom_is_the_default_and_json_is_asked_for(office):
    plain = office.get(f"{RECEIPTS}(guid'{FIRST}')", accept="*/*")
    assert plain.headers["content-type"] == "application/atom+xml;type=entry;charset=utf-8"
    assert plain.headers["DataServiceVersion"] == "3.0"
    entry = ElementTree.fromstring(plain.content)
    assert entry.findtext("a:id", namespaces=SPACES) == f"{office.url}/{RECEIPTS}(guid'{FIRST}')"
    told = entry.find("a:content/m:properties", SPACES)
    assert told.findtext("d:Date", namespaces=SPACES) == "2026-09-10T12:30:05"
    assert [one.text for one in told.findall("d:Товары/d:element/d:LineNumber", SPACES)] == ["1", "2"]
    feed = ElementTree.fromstring(office.get(f"{ITEMS}?$inlinecount=allpages&$top=2", accept="*/*").content)
    assert (len(feed.findall("a:entry", SPACES)), feed.findtext("m:count", namespaces=SPACES)) == (2, "5")
    for asked in (office.get(ITEMS), office.get(f"{ITEMS}?$format=json", accept="*/*"),
                  office.get(f"{ITEMS}?$format=application/json;odata%3Dnometadata", accept="*/*")):
        assert asked.headers["content-type"].startswith("application/json")
        assert asked.headers["DataServiceVersion"] == "3.0"


def test_names_of_options_may_be_encoded_and_a_plus_is_no_space(office):
    address = f"{office.url}/{quote(RECEIPTS)}?%24orderby={quote('Date desc')}&%24top=1&%24format=json"
    assert numbers(requests.get(address, auth=till_days.AUTH, timeout=30).json()["value"]) == [103]
    assert office.refused(f"{RECEIPTS}?$orderby=Date+desc") == (400, "14")


def test_no_session_is_free_when_all_are_taken(serve):
    busy, one_more = serve(sessions="0.02"), threading.Event()  # times a rate of 100: two
    gate, entered = Gate(busy.running.sandbox), threading.Semaphore(0)
    request = requests.Request("GET", busy.url, auth=till_days.AUTH).prepare()

    def slow(_: object) -> None:
        entered.release()
        one_more.wait(10)

    held = [threading.Thread(target=gate.admit, args=(request, slow)) for _ in range(2)]
    for thread in held:
        thread.start()
        entered.acquire(timeout=10)
    with pytest.raises(Exception, match="лицензии") as refused:
        gate.admit(request, slow)
    one_more.set()
    for thread in held:
        thread.join()
    assert (refused.value.status, refused.value.code) == (500, -1)
    assert gate.admit(request, lambda _: "free again") == "free again"


# --- collections

def test_a_collection_tells_its_count_as_text_and_no_next_page(office):
    told = office.get(f"{RECEIPTS}?$inlinecount=allpages&$top=1").json()
    assert {name: told[name] for name in told if name != "value"} == {
        "odata.metadata": f"{office.url}/$metadata#{RECEIPTS}", "odata.count": "3"}
    assert "odata.count" not in office.get(f"{RECEIPTS}?$top=1").json()
    assert office.get(f"{RECEIPTS}/$count").content == b"\xef\xbb\xbf3"
    assert office.get(f"{RECEIPTS}/$count?$filter=Date lt datetime'2026-10-01T00:00:00'").content == b"\xef\xbb\xbf2"


def test_skip_comes_before_top_and_an_order_must_be_asked_for(office):
    assert numbers(office.rows(f"{RECEIPTS}?$orderby=Date asc, Ref_Key asc&$top=1&$skip=1")) == [102]
    assert numbers(office.rows(f"{RECEIPTS}?$skip=3")) == []
    keys = [row["Ref_Key"] for row in office.rows(RECEIPTS)]
    assert keys == sorted(keys)
    assert numbers(office.rows(f"{RECEIPTS}?$orderby=СуммаДокумента desc")) == [103, 101, 102]


def test_a_count_goes_with_the_whole_collection_where_the_manual_is_kept_to(serve):
    told = serve(counting_is_whole="1").get(f"{RECEIPTS}?$inlinecount=allpages&$top=1&$skip=1").json()
    assert (told["odata.count"], len(told["value"])) == ("3", 3)


@pytest.mark.parametrize(("filter_", "found"), [
    ("Date ge datetime'2026-09-10T12:30:05' and Date lt datetime'2026-09-10T15:00:00'", [101]),
    ("Date gt datetime'2026-09-10T12:30:05' and Date le datetime'2026-09-10T15:00:00'", [102]),
    ("Date eq datetime'2026-09-10T15:00:00' or СуммаДокумента ge 999", [102, 103]),
    (f"Ref_Key eq guid'{FIRST}' or Ref_Key eq guid'{THIRD.upper()}'", [101, 103]),
    (f"(Ref_Key eq guid'{FIRST}' or Ref_Key eq guid'{NIL}') and Posted eq true", [101]),
    ("not (Статус eq 'Архивный')", [103]),
    ("Статус ne 'Архивный' and DeletionMark eq false", [103]),
    ("substringof('103', Number) eq true or startswith(Number, '0000-000102')", [102, 103]),
    (f"Партнер_Key eq guid'{PARTNER}'", [102]),
    ("НомерЧекаККМ eq 2L", [102]),
    ("Товары/any(d: d/Количество gt 1 and d/Цена eq 100)", [101]),
    ("Товары/all(d: d/Количество eq 1)", [102, 103]),
    ("ПодарочныеСертификаты/any()", [103]),
    ("month(Date) eq 10", [103]),
])
def test_filters(office, filter_, found):
    assert sorted(numbers(office.rows(f"{RECEIPTS}?$filter={quote(filter_)}"))) == found


def test_a_quote_in_a_text_is_doubled(office):
    found = office.rows(f"{ITEMS}?$filter={quote(chr(39).join(('Description eq ', 'Мыло O', '', 'Нил', '')))}")
    assert [row["Code"] for row in found] == ["P1"]


def test_select_names_attributes_sections_and_what_is_expanded(office):
    assert office.rows(f"{RECEIPTS}?$select=Ref_Key, DataVersion&$top=1")[0].keys() == {"Ref_Key", "DataVersion"}
    whole = office.rows(f"{RECEIPTS}?$select=**&$top=1")[0]
    assert not [name for name, value in whole.items() if isinstance(value, list)]
    told = office.rows(f"{NAMES['tills']}?$expand=Склад&$select=Склад/Code,Description&$orderby=Description asc")
    assert [row["Склад"] for row in told] == [{"Code": "ST0002"}, {"Code": "ST0001"}]
    assert office.refused(f"{RECEIPTS}?$select=Нет") == (404, "10")


def test_sections_are_sets_of_their_own(office):
    rows = office.rows(f"{RECEIPTS}_Товары?$filter=Ref_Key eq guid'{FIRST}'&$orderby=LineNumber desc&$select=LineNumber,Сумма")
    assert rows == [{"LineNumber": "2", "Сумма": 50.5}, {"LineNumber": "1", "Сумма": 200}]
    line = office.get(f"{RECEIPTS}_Товары(Ref_Key=guid'{FIRST}', LineNumber=2)").json()
    assert (line["Ref_Key"], line["Количество"]) == (FIRST, 1)
    assert office.refused(f"{RECEIPTS}_Товары(guid'{FIRST}')") == (400, "7")


def test_the_metadata_describes_every_set_as_it_is_told(office):
    described = ElementTree.fromstring(office.get("$metadata").content)
    types = {one.get("Name"): {member.get("Name"): member.get("Type") for member in one.findall("e:Property", SPACES)}
             for one in described.iter() if one.tag.endswith(("}EntityType", "}ComplexType"))}
    sets = {one.get("Name") for one in described.iter(f"{{{SPACES['e']}}}EntitySet")}
    assert {*NAMES.values(), f"{RECEIPTS}_Товары", f"{COSTS}_RecordType"} <= sets
    for resource, name in NAMES.items():
        path = {"stock": f"{name}/Balance()", "prices": f"{name}/SliceLast()"}.get(resource, name)
        kind = f"{name}_Balance" if resource == "stock" else name
        for record in office.rows(path):
            assert {one for one in record if "@" not in one} == set(types[kind]), name
            for member, value in record.items():
                if isinstance(value, list) and value:
                    row = types[kind][member].removeprefix("Collection(StandardODATA.").removesuffix(")")
                    assert set(value[0]) == set(types[row]), f"{name}/{member}"
    assert types[RECEIPTS]["НомерСменыККМ"] == "Edm.Int64"
    assert office.refused("$metadata?$format=json") == (406, "3")


def test_objects_may_be_missing_or_be_called_otherwise(serve):
    gone = f"{NAMES['brands']},{REPORTS}.КоличествоЧеков,{RECEIPTS}.Товары.Цена"
    office = serve(unpublished=gone, renamed=f"{RECEIPTS}=Document_КассовыйЧек")
    text = office.get("$metadata").text
    assert f'Name="{RECEIPTS}"' not in text
    assert 'Name="Document_КассовыйЧек"' in text
    assert office.refused(NAMES["brands"]) == (404, "8")
    assert "КоличествоЧеков" not in office.rows(REPORTS)[0]
    assert "Цена" not in office.rows("Document_КассовыйЧек")[0]["Товары"][0]


def test_a_row_that_the_user_may_not_see_fails_the_query_unless_allowed_only(serve):
    office, till = serve(restricted=NAMES["tills"]), made_key("till", 1)
    assert office.refused(NAMES["tills"]) == (401, "20")
    assert [row["Ref_Key"] for row in office.rows(f"{NAMES['tills']}?allowedOnly=true")] == [made_key("till", 2)]
    assert office.refused(f"{NAMES['tills']}?$filter=Ref_Key eq guid'{till}'") == (401, "20")
    assert office.get(f"{NAMES['tills']}/$count?allowedOnly=true").content == b"\xef\xbb\xbf1"


@pytest.mark.parametrize(("path", "refusal"), [
    ("Document_Нет", (404, "8")),
    ("Document_Нет(guid'00000000-0000-0000-0000-000000000001')", (404, "8")),
    (f"{RECEIPTS}(guid'00000000-0000-0000-0000-000000000001')", (404, "9")),
    (f"{RECEIPTS}(привет)", (400, "6")),
    (f"{RECEIPTS}?$filter=Date ge 'вчера'", (400, "14")),
    (f"{RECEIPTS}?$filter=Date ge datetime'вчера'", (400, "14")),
    (f"{RECEIPTS}?$filter=Нет eq 1", (400, "14")),
    (f"{RECEIPTS}?$filter=Date ge", (400, "14")),
    (f"{RECEIPTS}?$filter=substringof(Number, 1)", (400, "21")),
    (f"{RECEIPTS}?$top=много", (400, "14")),
    (f"{RECEIPTS}?$nonsense=1", (400, "14")),
    (f"{RECEIPTS}?$orderby=Товары", (400, "14")),
    (f"{RECEIPTS}?$expand=Товары", (400, "0")),
    (f"{RECEIPTS}(guid'{FIRST}')?$expand=Склад", (400, "0")),
    (f"{RECEIPTS}(guid'{FIRST}')/Нет", (404, "10")),
    (f"{PRICES}(Period=datetime'2026-01-01T03:00:00')", (400, "7")),
])
def test_refusals_carry_the_documented_codes(office, path, refusal):
    assert office.refused(path) == refusal
    told = ElementTree.fromstring(office.get(path, accept="*/*").content)
    assert told.findtext("m:code", namespaces=SPACES) == refusal[1]


def test_nothing_is_written_here(office):
    answer = requests.patch(f"{office.url}/{RECEIPTS}(guid'{FIRST}')?$format=json", json={}, auth=till_days.AUTH, timeout=30)
    assert (answer.status_code, answer.json()["odata.error"]["code"]) == (405, "19")


def test_poison_is_served_by_our_name_of_the_resource(serve):
    office = serve()
    office.running.sandbox.tampering.plant(Poison("one_c", "receipts", FIRST, set={"Товары.0.Количество": "много"}))
    told = {row["Ref_Key"]: row for row in office.rows(RECEIPTS)}
    assert (told[FIRST]["Товары"][0]["Количество"], told[SECOND]["Товары"][0]["Количество"]) == ("много", 1)
    assert len(office.rows(f"{RECEIPTS}?$select=Ref_Key,DataVersion")) == 3
