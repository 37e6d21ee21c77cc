"""The register of revenue and cost: both forms that it has, what it may lack, how far back it is read. Figures are till_days'."""

import shutil
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import till_days
from office_nights import ITEM, SHIPMENT
from till_days import key

from ingestion.one_c.registers import rewritten_from
from orchestration.dbt import run_dbt
from sandbox.one_c import registers
from sandbox.one_c.shelf import Shelf
from sandbox.one_c.wire import made_key

REGISTER = "AccumulationRegister_ВыручкаИСебестоимостьПродаж"
KEYS = "Catalog_КлючиАналитикиУчетаНоменклатуры"
CORRECTED = till_days.moment("2026-12-09")
SHOP, WAREHOUSE = (made_key("place", key(3, number)) for number in (1, 1000))


def staged(own_data: Path, parsed_project: Path) -> set[tuple]:
    """(item, place, revenue, cost) of what is known to have cost something."""
    shutil.copytree(parsed_project / "dbt" / "target", own_data / "dbt" / "target", dirs_exist_ok=True)
    outcome = run_dbt(["build", "--select", "+stg_one_c__sale_costs", "--exclude-resource-type", "unit_test"], refresh_id="night")
    assert (outcome.error, [node.message for node in outcome.failed]) == (None, [])
    with duckdb.connect(str(own_data / "warehouse.duckdb"), read_only=True) as connection:
        return set(connection.execute("""select product_record_id, store_record_id, revenue, cost from staging.stg_one_c__sale_costs
                                         where cost is not null""").fetchall())


def told(cost: str = "1") -> set[tuple]:
    """September's, of shift 1 and shipment 201; `cost`: what share of it is told."""
    rows = ((1, SHOP, "290", "150"), (2, SHOP, "50.5", "25.25"), (1, WAREHOUSE, "100", "50"), (2, WAREHOUSE, "101", "50.5"))
    return {(ITEM[item], place, Decimal(revenue), (Decimal(own) / Decimal(cost)).quantize(Decimal("0.01")))
            for item, place, revenue, own in rows}


@pytest.mark.parametrize(("options", "share"), [({}, "1"), ({"flat_costs": "1"}, "1"), ({"COST_FIELD": "СтоимостьБезНДС"}, "1.2")])
def test_costs_are_read_by_keys_of_analytics_and_flat(nights, own_data, parsed_project, options, share):
    office = nights(**options)
    assert office.night().error == ""
    assert office.newest("settings")["settings"]["record"]["unread"] == ""
    assert len(office.newest("item_keys")) == (0 if "flat_costs" in options else 6)
    assert staged(own_data, parsed_project) == told(share)


def test_what_the_register_lacks_is_told_and_stops_nothing_else(nights, caplog):
    office = nights(unpublished=f"{REGISTER}.RecordSet.Стоимость,{KEYS}")
    report = office.night()
    assert (report.status, report.documents["receipts"]) == ("success", 3)
    assert office.landed("sale_costs") + office.landed("item_keys") == []
    lacks = (f"of {REGISTER} (SOURCES__ONE_C__OBJECT_SALE_COSTS) the object {KEYS} (SOURCES__ONE_C__OBJECT_ITEM_KEYS), to which "
             "RecordSet/АналитикаУчетаНоменклатуры_Key leads, or the field RecordSet/Номенклатура_Key, the field "
             "RecordSet/Стоимость or Себестоимость")
    sentence = f"one_c/main sale_costs: it is not read and the rest is: the published interface lacks {lacks}. Publish it in 1C"
    assert sentence in caplog.text
    settings = office.newest("settings")["settings"]["record"]
    assert (settings["unread"], settings["objects"]["sale_costs"]) == (f"sale_costs: {lacks}", "")
    caplog.clear()
    office.night()
    assert sentence in caplog.text  # each night


def test_a_setting_names_the_cost_and_a_mended_register_is_read_from_the_beginning(nights, caplog):
    office = nights(unpublished=f"{REGISTER}.RecordSet.СтоимостьБезНДС", COST_FIELD="СтоимостьБезНДС", COST_MONTHS="0")
    assert office.night().status == "success"
    assert "the field RecordSet/СтоимостьБезНДС (SOURCES__ONE_C__COST_FIELD)." in caplog.text
    assert office.landed("sale_costs") == []
    office.patch.setenv("SOURCES__ONE_C__COST_FIELD", "")
    assert office.night().status == "success"
    assert key(5, 1) in office.newest("sale_costs")
    assert office.newest("settings")["settings"]["record"]["unread"] == ""
    office.patch.setenv("SOURCES__ONE_C__COST_FIELD", "Цена")
    assert "SOURCES__ONE_C__COST_FIELD is 'Цена'; what is read as a cost is Стоимость, Себестоимость" in office.night().error


def test_a_missing_catalogue_of_keys_is_told_with_all_else_that_is_missing(nights):
    office = nights(unpublished=f"{KEYS},Catalog_Склады.Description")
    error = office.night().error
    assert "lacks 2 things that are read here: of Catalog_Склады (SOURCES__ONE_C__OBJECT_STORES) the field Description; " in error
    assert f"the object {KEYS} (SOURCES__ONE_C__OBJECT_ITEM_KEYS)" in error


def corrected(office, *, since: datetime, cost: int, recorder: str = key(5, 1)):
    """From then on shift 1 had cost that much."""
    whole = registers.sale_costs

    def some(book, now):
        shelf = whole(book, now)

        def make(row):
            record = shelf.record(row)
            if record["Recorder"] == recorder and now >= since:
                record["RecordSet"] = [{**line, "Стоимость": cost} for line in record["RecordSet"]]
            return record

        return Shelf(shelf.keys, make, shelf.dates)

    office.patch.setattr(registers, "sale_costs", some)


def costs(office, recorder=key(5, 1)):
    return [[line["Стоимость"] for line in lines] for lines, in office.history("sale_costs", recorder, "RecordSet")]


def test_costs_corrected_long_after_are_seen_once_a_week(nights):
    office = nights()
    office.night()
    corrected(office, since=CORRECTED, cost=777)
    office.night(days=36)  # of December 6: September is three months back
    assert costs(office) == [[150, 25.25]]
    office.night(days=4)
    assert costs(office) == [[150, 25.25]]
    office.night(days=3)
    assert costs(office) == [[150, 25.25], [777, 777]]


def test_how_many_months_costs_are_read_again_is_a_setting(nights):
    assert rewritten_from(till_days.moment("2026-12-10"), 3) == till_days.moment("2026-09-01")
    office = nights(COST_MONTHS="3")
    office.night()
    corrected(office, since=CORRECTED, cost=777)
    office.night(days=36)
    office.night(days=4)
    assert costs(office) == [[150, 25.25], [777, 777]]


def test_record_sets_are_taken_from_the_exchange_plan(nights):
    office = nights(EXCHANGE_PLAN=till_days.PLAN, registers_in_plan=REGISTER, COST_MONTHS="0")
    office.night()
    corrected(office, since=till_days.NOW + timedelta(hours=1), cost=777)
    office.night(days=1)
    assert costs(office) == [[150, 25.25], [777, 777]]
    assert f"Recorder eq cast(guid'{key(5, 1)}', 'Document_ОтчетОРозничныхПродажах')" in " ".join(office.asked(f"{REGISTER}?"))
    # Order 202 was taken back after it was shipped: its record set is gone, and of a month that is not read any more.
    office.night(days=1)
    assert office.history("sale_costs", SHIPMENT[202], "Recorder") == [(SHIPMENT[202],), "deleted"]
