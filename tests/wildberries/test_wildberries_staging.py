"""From the lake through staging. The expected figures are the hand-made marketplace's own, to the kopeck, but for what is written over."""

import shutil
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import marketplace
import pytest

from orchestration.dbt import run_dbt
from sandbox.faults import Poison
from sandbox.wildberries import wire

GONE = Poison.GONE
SPOILED: dict[tuple[str, str], dict[str, Any]] = {
    ("orders", f"{120:024d}.0.0"): {"srid": GONE},
    ("orders", f"{122:024d}.0.0"): {"date": "0001-01-01T00:00:00"},
    ("orders", f"{124:024d}.0.0"): {"priceWithDisc": "дорого"},
    ("orders", f"{126:024d}.0.0"): {"gNumber": None},
    ("orders", f"{128:024d}.0.0"): {"isCancel": "perhaps"},
    ("sales", "S9000000202"): {"saleID": ""},
    ("sales", "S9000000189"): {"saleID": ""},  # its order is spoiled too (basket 126): known by its return alone
    ("sales", "S9000000201"): {"date": "вчера"},
    ("settlements", "1000300"): {"rrDate": GONE},
    ("settlements", "1000301"): {"deliveryService": "много"},
    ("stock", "150000404"): {"quantity": "lots"},
}
PROBLEMS = {
    ("orders", f"{122:024d}.0.0"): "ordered_at: impossible date",
    ("orders", f"{124:024d}.0.0"): "price_with_discount: not money",
    ("orders", f"{126:024d}.0.0"): "basket_number: missing",
    ("orders", f"{128:024d}.0.0"): "is_cancelled: not a boolean",
    ("sales", "S9000000201"): "happened_at: not a time",
    ("settlements", "1000300"): "settled_on: missing",
    ("settlements", "1000301"): "delivery_service: not money",
    ("stock", "150000404:1500004041:-999999:2026-10-31"): "quantity: not a number",
}
# Rows of reports told in another way than the world's own.
PECULIAR: dict[str, dict[str, Any]] = {
    "1000310": {"sellerOperName": "Новый сбор", "docTypeName": "", "forPay": "0", "deliveryService": "0", "additionalPayment": "10.5",
                "paidAcceptance": "865", "retailAmount": "0", "srid": "", "nmId": 0},
    "1000312": {"sellerOperName": "Сторно продаж", "docTypeName": "Возврат", "forPay": "100.25", "deliveryService": "-7.5",
                "retailAmount": "120"},
}


@pytest.fixture
def rows(market, night, own_data: Path, parsed_project: Path):
    """The account landed and staged; a question to the warehouse."""
    shutil.copytree(parsed_project / "dbt" / "target", own_data / "dbt" / "target", dirs_exist_ok=True)
    tampering = market.sandbox.tampering
    for (resource, key), members in SPOILED.items():
        tampering.plant(Poison("wildberries", resource, key, set=members))
    for key, members in PECULIAR.items():
        tampering.plant(Poison("wildberries", "settlements", key, set=members))
    brand = b'"brand":"'
    tampering.plant(Poison("wildberries", "orders", f"{130:024d}.0.0", find=brand, raw=brand + b"\\ud83d "))
    tampering.plant(Poison("wildberries", "orders", f"{132:024d}.0.0", find=brand, raw=b'"note":"\xcf\xf0\xe8",' + brand))
    assert night().error == ""
    outcome = run_dbt(["build", "--select", "path:models/staging/wildberries", "value_mappings"], refresh_id="night")
    assert (outcome.error, [node.message for node in outcome.failed]) == (None, [])

    def ask(question: str) -> list[tuple]:
        with duckdb.connect(str(own_data / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(question).fetchall()

    return ask


def test_a_night_in_staging(rows, market_world):
    rejected = poison_is_set_aside_with_its_reason(rows)
    units = units_by_now(market_world, rejected)
    baskets_are_orders(rows, units)
    units_are_lines(rows, units)
    what_came_back_is_a_return(rows, market_world, units)
    days_are_moscows(rows)
    reports_pay_what_they_pay(rows, market_world, units)
    reports_say_what_they_pay(rows, market_world)
    cards_and_their_stock(rows, market_world)


def poison_is_set_aside_with_its_reason(rows) -> set[str]:
    """The srids of orders that are not believed."""
    found = {(resource, key): problem for resource, key, problem in rows(
        "select resource, document_key, problem from staging.stg_wildberries__verdicts where not is_accepted")}
    keyless = Counter(problem for (_, key), problem in found.items() if key.startswith("sha256:"))
    assert {key: problem for key, problem in found.items() if key in PROBLEMS} == PROBLEMS
    assert {"srid: missing": 1, "sale_id: missing": 2}.items() <= keyless.items()
    # What is no text of its encoding is set aside or kept without loss; it never stops the vendor and is never lost.
    known = {key for (key,) in rows("select srid from staging.stg_wildberries__units")}
    for number in (130, 132):
        key = f"{number:024d}.0.0"
        assert ("orders", key) in found or key in known
    counted = "select count(distinct resource || document_key) from staging.stg_wildberries__"
    assert rows(counted + "receipts") == rows(counted + "verdicts")
    return {key for resource, key in (*SPOILED, *found) if resource == "orders"}


def units_by_now(world, rejected: set[str]) -> dict[str, dict[str, Any]]:
    """What the marketplace has told of each unit by now, spoiled rows taken out; a unit whose order is spoiled is known by its sale."""
    baskets, now, found = {row["market_order_id"]: row for row in world.rows("market_orders")}, marketplace.NOW, {}
    for row in world.rows("market_units"):
        basket = baskets[row["market_order_id"]]
        if not now - wire.KEPT <= basket["ordered_at"] <= now:
            continue
        told = {name: row[name] if row[name] and wire.told_at(row[name]) <= now else None
                for name in ("sold_at", "returned_at", "cancelled_at")}
        if row["unit_id"] in (189, 201, 202):
            told["sold_at"] = None
        by_sale = row["srid"] in rejected
        if by_sale and not told["sold_at"]:
            continue
        found[row["srid"]] = {**row, **told, "basket": basket["g_number"], "by_sale": by_sale,
                              "ordered_at": told["sold_at"] if by_sale else basket["ordered_at"]}
    return found


def roubles(kop: int) -> Decimal:
    return Decimal(kop) / 100


def baskets_are_orders(rows, units):
    expected = {}
    for basket in {unit["basket"] for unit in units.values()}:
        own = [unit for unit in units.values() if unit["basket"] == basket]
        live = [unit for unit in own if not unit["cancelled_at"]]
        if not live:
            status = "cancelled"
        elif not all(unit["sold_at"] or unit["returned_at"] for unit in live):
            status = "created"
        else:
            status = "returned" if all(unit["returned_at"] for unit in live) else "completed"
        gross, net = (roubles(sum(unit[column] for unit in live or own)) for column in ("total_price_kop", "price_kop"))
        expected[basket] = (status, min(unit["ordered_at"] for unit in own), gross, gross - net, net)
    found = {key: tuple(values) for key, *values in rows(
        "select source_record_id, raw_status, ordered_at, gross_amount, discount_amount, net_revenue from staging.stg_wildberries__orders")}
    assert {key: (found.get(key), order) for key, order in expected.items() if found.get(key) != order} == {}
    assert set(found) == set(expected)
    assert min(Counter(order[0] for order in expected.values()).values()) >= 2  # every status there is
    assert sum(1 for unit in units.values() if unit["by_sale"]) >= 4


def units_are_lines(rows, units):
    found = {key: tuple(values) for key, *values in rows("""
        select source_record_id, order_record_id, product_record_id, quantity, unit_price, net_amount, is_cancelled
        from staging.stg_wildberries__order_lines""")}
    assert found == {key: (unit["basket"], str(unit["nm_id"]), 1.0, roubles(unit["total_price_kop"]), roubles(unit["price_kop"]),
                           unit["cancelled_at"] is not None) for key, unit in units.items()}


def what_came_back_is_a_return(rows, world, units):
    """Every fourth one's price is not computed yet or was not for a while; the amount is what it was sold for. One is of no known order."""
    (stray,) = (unit for unit in world.rows("market_units") if unit["unit_id"] == 189)
    assert stray["srid"] not in units
    found = {key: tuple(values) for key, *values in rows(
        "select source_record_id, order_record_id, returned_at, amount from staging.stg_wildberries__returns")}
    assert found == {f"R{unit['return_number']:010d}": (unit["basket"], unit["returned_at"], roubles(unit["price_kop"]))
                     for unit in units.values() if unit["returned_at"]} | {
        "R9500000189": (None, stray["returned_at"], roubles(stray["price_kop"]))}
    assert len(found) > 10


def days_are_moscows(rows):
    found = dict(rows("""select source_record_id, cast(timezone('Europe/Moscow', timezone('UTC', ordered_at)) as date)
                         from staging.stg_wildberries__orders where source_record_id in ('770000000157', '770000000158')"""))
    assert found == {"770000000157": date(2026, 10, 30), "770000000158": date(2026, 10, 31)}


def reports_pay_what_they_pay(rows, world, units):
    spoiled = {key for resource, key in SPOILED if resource == "settlements"} | set(PECULIAR)
    expected = {
        str(row["row_id"]): (
            str(row["report_id"]), row["row_on"], row["operation"], units[row["srid"]]["basket"] if row["srid"] in units else None,
            roubles(row["retail_amount_kop"]),
            roubles(marketplace.payout_kop(row)))
        for row in world.rows("market_settlements") if row["published_at"] <= marketplace.NOW and str(row["row_id"]) not in spoiled}
    found = {key: tuple(values) for key, *values in rows("""
        select source_record_id, report_number, settled_on, operation, order_record_id, sale_amount, payout_amount
        from staging.stg_wildberries__settlements""")}
    assert {key: (found.get(key), row) for key, row in expected.items() if found.get(key) != row} == {}
    assert set(found) - set(expected) == set(PECULIAR)
    assert sum(row[-1] for key, row in found.items() if key not in PECULIAR) == sum(row[-1] for row in expected.values())
    assert {key: (found[key][2], found[key][-1]) for key in PECULIAR} == {
        "1000310": ("unknown", Decimal("-875.50")), "1000312": ("return", Decimal("-92.75"))}
    assert ("Новый сбор",) in rows("select raw_value from staging.stg_wildberries__seen_values")


def reports_say_what_they_pay(rows, world):
    """Where rows are spoiled or told in another way, the two sums differ, and nowhere else."""
    spoiled = {key for resource, key in SPOILED if resource == "settlements"} | set(PECULIAR)
    told, altered = Counter(), set()
    for row in world.rows("market_settlements"):
        if row["published_at"] <= marketplace.NOW:
            told[str(row["report_id"])] += marketplace.payout_kop(row)
            altered |= {str(row["report_id"])} if str(row["row_id"]) in spoiled else set()
    found = {key: tuple(sums) for key, *sums in rows("""
        select source_record_id, told_payout_amount, payout_difference from staging.stg_wildberries__reports""")}
    assert {key: sums[0] for key, sums in found.items()} == {key: roubles(kop) for key, kop in told.items()}
    assert {key for key, sums in found.items() if sums[1]} == altered
    (made,) = rows("select sum(payout_difference) from staging.stg_wildberries__reports")
    (paid,) = rows("select sum(payout_amount) from staging.stg_wildberries__settlements")
    assert made[0] == paid[0] - roubles(sum(told.values()))


def cards_and_their_stock(rows, world):
    assert rows("select source_record_id, article, barcode, name, subcategory from staging.stg_wildberries__products order by 1") == [
        (str(nm_id), article, barcode, f"Товар {key}", subject) for key, (article, barcode, nm_id, subject) in marketplace.CARDS.items()]
    expected = {str(nm_id): wire.stock(nm_id, date(2026, 10, 31), 0, 0)["quantity"] for _, _, nm_id, _ in marketplace.CARDS.values()}
    del expected["150000404"]  # its row is spoiled
    assert dict(rows("""select product_record_id, quantity from staging.stg_wildberries__stock_levels
                        where stock_on = '2026-10-31' and store_record_id = '-999999'""")) == expected
    assert rows("select source_record_id, name, kind from staging.stg_wildberries__stores") == [
        ("-999999", "Склад WB", "marketplace_warehouse")]
