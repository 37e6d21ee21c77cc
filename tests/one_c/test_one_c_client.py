"""A client from PyPI, PyOData1C 0.0.9, reads from the sandbox: Cyrillic paths and option names percent-encoded, JSON by the header."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest
import till_days
from pydantic import Field
from PyOData1C.exeptions import ResponseError
from PyOData1C.http import Connection, auth
from PyOData1C.models import ODataModel
from PyOData1C.odata import OData, Q

from sandbox import server


class Line(ODataModel):
    item: UUID = Field(alias="Номенклатура_Key")
    quantity: Decimal = Field(alias="Количество")


class Receipt(ODataModel):
    key: UUID = Field(alias="Ref_Key")
    number: str = Field(alias="Number")
    date: datetime = Field(alias="Date")
    shift: int = Field(alias="НомерСменыККМ")
    total: Decimal = Field(alias="СуммаДокумента")
    lines: list[Line] = Field(alias="Товары")

    nested_models = {"lines": Line}  # noqa: RUF012 - as the client wants it


class Place(ODataModel):
    name: str = Field(alias="Description")


class Till(ODataModel):
    name: str = Field(alias="Description")
    place: Place = Field(alias="Склад")

    nested_models = {"place": Place}  # noqa: RUF012 - as the client wants it


class Receipts(OData):
    database = "one_c/erp"
    entity_model = Receipt
    entity_name = "Document_ЧекККМ"


class Tills(OData):
    database = "one_c/erp"
    entity_model = Till
    entity_name = "Catalog_КассыККМ"


@pytest.fixture(scope="module")
def connection(tmp_path_factory) -> Iterator[Connection]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "VENDORS", ("one_c",))
        with till_days.office(till_days.made(), tmp_path_factory.mktemp("office")) as office:
            host = office.running.url.removeprefix("http://")
            with Connection(host, "http", auth.HTTPBasicAuth(*till_days.AUTH)) as made:
                yield made


def test_the_client_reads_receipts_of_a_time_with_their_lines(connection):
    manager = Receipts.manager(connection)
    since, until = till_days.moment("2026-09-10"), till_days.moment("2026-09-11")
    found = manager.filter(date__ge=since, date__lt=until).top(10).skip(0).all()
    assert "%D0%A7%D0%B5%D0%BA" in manager.response.request.url
    assert "%24select=Ref_Key%2C%20Number" in manager.response.request.url
    assert [(one.number, one.date, one.shift, one.total) for one in sorted(found, key=lambda one: one.number)] == [
        ("0000-000101", till_days.moment("2026-09-10 12:30:05"), 1, Decimal("250.5")),
        ("0000-000102", till_days.moment("2026-09-10 15:00"), 1, Decimal("90")),
    ]
    assert sorted(line.quantity for one in found for line in one.lines) == [1, 1, 2]


def test_the_client_reads_one_receipt_by_its_key_and_several_by_their_numbers(connection):
    numbers = ["0000-000101", "0000-000103"]
    found = {one.number: one for one in Receipts.manager(connection).filter(number__in=numbers).all()}
    assert sorted(found) == numbers
    last = found["0000-000103"]
    assert Receipts.manager(connection).get(str(last.key)) == last
    assert Receipts.manager(connection).filter(~Q(number="0000-000101") & Q(key__eq__guid=last.key)).all() == [last]


def test_the_client_expands_what_a_till_refers_to(connection):
    found = Tills.manager(connection).expand("place").all()
    assert sorted(one.place.name for one in found) == ["Мира", "Тверская"]


def test_the_client_hears_of_an_error(connection):
    with pytest.raises(ResponseError, match=r'404.*"code":"9"'):
        Receipts.manager(connection).get("00000000-0000-0000-0000-000000000001")
