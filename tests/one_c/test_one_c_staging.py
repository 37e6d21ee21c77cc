"""From the lake through staging: every receipt of the tills is told once, by itself or by its shift's report. The expected figures are
the simulated retailer's own, but for what 1C alone changed and what is written over them (back_office.py)."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from back_office import SET_ASIDE, UNTIL, Office, night, roubles

from sandbox import costs, fiscal
from sandbox.one_c.wire import made_key
from sandbox.world import World


@pytest.fixture(scope="module")
def office(small_world: World, parsed_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Office:
    return night(small_world, tmp_path_factory.mktemp("one_c") / "data", parsed_project)


def test_every_receipt_is_told_once(office: Office) -> None:
    """By itself while it is there, by its shift's report once it was purged, or when what came of it is no receipt."""
    gone = office.rung[~office.rung["key"].isin(office.held["key"])]
    refused = office.held[office.held["key"].isin([office.spoiled[name] for name in ("keyless", *SET_ASIDE)])]
    by_report = pd.concat([gone, refused])
    itself = office.held[~office.held["key"].isin(refused["key"])]
    told = office.rows("""select order_kind, count(*), sum(receipts_count), sum(gross_amount), sum(net_revenue) from stg_one_c__orders
                          where order_kind <> 'order' group by 1 order by 1""")
    assert told == [
        ("receipt", len(itself), len(itself), roubles(itself["gross_kop"].sum()), roubles(itself["net_kop"].sum() - 700)),
        (
            "shift_report",
            by_report["shift"].nunique(),
            len(by_report),
            roubles(by_report["gross_kop"].sum()),
            roubles(by_report["net_kop"].sum()),
        ),
    ]
    lines = office.world.order_lines
    sold = lines[lines["order_id"].isin(office.rung["order_id"]) & ~lines["is_cancelled"]].groupby("product_id")["quantity"].sum()
    items = {row["product_id"]: made_key("item", row["uuid"]) for row in office.world.rows("products")}
    assert dict(
        office.rows("""select product_record_id, sum(quantity) from stg_one_c__order_lines where order_record_id not in (
                                   select source_record_id from stg_one_c__orders where order_kind = 'order') group by 1""")
    ) == {items[product]: float(quantity) for product, quantity in sold.items()}


def test_what_is_no_receipt_is_set_aside_with_its_reason(office: Office) -> None:
    problems = dict(office.rows("select document_key, problem from stg_one_c__verdicts where not is_accepted"))
    expected = {office.spoiled[name]: problem for name, (_, problem) in SET_ASIDE.items()}
    assert {key: problems.get(key) for key in expected} == expected
    assert [problem for key, problem in problems.items() if key not in expected] == ["receipt_id: missing"]
    keys = "select resource, count(distinct document_key) from stg_one_c__{} group by 1 order by 1"
    assert office.rows(keys.format("receipts")) == office.rows(keys.format("verdicts"))


def test_receipts_stand_as_1c_has_them(office: Office) -> None:
    told = {
        row[0]: row[1:]
        for row in office.rows("""
        select source_record_id, raw_status, net_revenue, discount_amount, fiscal_key, strftime(ordered_at, '%Y-%m-%d %H:%M')
        from stg_one_c__orders where order_kind = 'receipt'""")
    }
    words = {office.unposted["key"]: "unposted", office.marked["key"]: "deletion_mark", office.spoiled["annulled"]: "Аннулирован"}
    assert {key: row[0] for key, row in told.items() if row[0] != "posted"} == words
    discount = sum(office.corrected[f"{kind}_discount_kop"] for kind in ("mass", "personal", "promo"))
    assert told[office.corrected["key"]][1:3] == (roubles(office.corrected["net_kop"] - 700), roubles(discount + 700))
    printed = {row["key"]: fiscal.of_sale(row["order_id"]).key for row in office.held.to_dict("records") if row["key"] in told}
    assert {key: row[3] for key, row in told.items()} == {**printed, office.spoiled["unprinted"]: None}
    moments = [told[office.spoiled[name]][4] for name in ("midnight", "minute_before")]
    assert moments == ["2026-10-19 21:00", "2026-10-19 20:59"]  # Moscow's clock is three hours ahead
    typed = office.rows(
        """select discount_type, sum(amount) from stg_one_c__order_discounts where order_record_id <> '{}'
                           group by 1 order by 1""".format(office.corrected["key"])
    )
    there = office.held[office.held["key"].isin(told) & (office.held["key"] != office.corrected["key"])]
    columns = {"mass": "mass", "personal": "personal", "points": "points", "promo_code": "promo"}
    sums = [(name, roubles(there[f"{column}_discount_kop"].sum())) for name, column in columns.items()]
    assert typed == [(name, amount) for name, amount in sums if amount]


def test_a_receipt_is_paid_to_the_kopeck(office: Office) -> None:
    """Who gave a thousand and took the change paid what the receipt says."""
    there = office.held[~office.held["key"].isin([office.spoiled[name] for name in ("keyless", *SET_ASIDE)])]
    paid = there["payment_type"].mask(there["key"] == office.spoiled["change_given"], "cash")
    sums = (there["net_kop"] - 700 * (there["key"] == office.corrected["key"])).groupby(paid).sum()
    words = {"card": "Карта", "online": "СБП", "cash": "Наличные", "gift_card": "ПодарочныйСертификат"}
    expected = {words[name]: roubles(total) for name, total in sums.items()}
    assert dict(office.rows("select raw_payment_type, sum(amount) from stg_one_c__payments group by 1")) == expected


def test_customer_orders_are_mirrors_of_the_shops(office: Office) -> None:
    orders, users = office.online, {row["employee_id"]: made_key("user", row["uuid"]) for row in office.world.rows("employees")}
    told = office.rows("""select source_record_id, mirror_number, net_revenue, raw_order_method, employee_record_id, promised_on
                          from stg_one_c__orders where order_kind = 'order'""")
    assert set(told) == {
        (row["key"], row["number"], roubles(row["net_kop"]), "ЗаказКлиента", users.get(row["employee_id"]), None)
        for row in orders.to_dict("records")
    }
    struck = office.world.order_lines[office.world.order_lines["order_id"].isin(orders["order_id"])]["is_cancelled"].sum()
    assert office.rows("select count(*), coalesce(sum(net_amount), 0) from stg_one_c__order_lines where is_cancelled") == [(struck, 0)]


def test_returns_of_both_kinds(office: Office) -> None:
    returns = office.world.returns[office.world.returns["returned_at"] <= UNTIL]
    kinds = returns["order_id"].isin(office.online["order_id"]).map({True: "ВозвратТоваровОтКлиента", False: "ЧекККМВозврат"})
    expected = {
        (
            made_key("return", row["uuid"]),
            kind,
            roubles(row["amount_kop"]),
            None if kind.startswith("В") else fiscal.of_return(row["return_id"]).key,
        )
        for row, kind in zip(returns.to_dict("records"), kinds, strict=True)
    }
    assert set(office.rows("select source_record_id, raw_return_channel, amount, fiscal_key from stg_one_c__returns")) == expected


def test_costs_are_known_once_the_month_is_closed(office: Office) -> None:
    """September's; October is closed on the 5th of November. Nobody ever knows what goods on commission cost."""
    lines = office.world.order_lines[~office.world.order_lines["is_cancelled"]]
    cost, unknown = lines.groupby("order_id")["cost_kop"].sum(), lines[lines["cost_kop"] == 0].groupby("order_id")["net_kop"].sum()
    shipped = office.online[(office.online["shipped_at"] <= UNTIL) & ~(office.online["cancelled_at"] <= UNTIL)]
    expected = []
    for at_till, part, moment in ((False, shipped, "shipped_at"), (True, office.rung, "closed_at")):
        is_closed = (part[moment] + pd.Timedelta(hours=3)).dt.date < costs.first_open_day(UNTIL)
        known, open_net = part[is_closed]["order_id"].map(cost).sum(), part[~is_closed]["net_kop"].sum()
        open_net += int(part[is_closed]["order_id"].map(unknown).sum())
        expected.append((at_till, roubles(known), roubles(open_net), roubles(part["net_kop"].sum())))
    assert (
        office.rows("""select order_number is null, sum(cost), sum(case when cost is null then revenue end), sum(revenue)
                          from stg_one_c__sale_costs group by 1 order by 1""")
        == expected
    )


def test_gift_cards_are_sold_and_their_numbers_kept_secret(office: Office) -> None:
    sold = office.world.gift_card_sales[office.world.gift_card_sales["sold_at"] <= UNTIL]
    assert office.rows("select count(*), sum(amount) from stg_one_c__gift_card_sales") == [(len(sold), roubles(sold["amount_kop"].sum()))]
    told = {number for (number,) in office.rows("select card_number from stg_one_c__gift_card_sales")}
    assert (len(told), {len(number) for number in told}) == (len(sold), {64})


def test_the_catalogue_and_the_stock(office: Office) -> None:
    products = [row for row in office.world.rows("products") if row["created_at"] <= UNTIL]
    assert set(
        office.rows(
            "select external_id, article, barcode, name, brand, category, subcategory, price, cost, is_exclusive, is_archived, "
            "is_gift_card from stg_one_c__products"
        )
    ) == {
        (
            row["external_code"],
            row["article"],
            row["barcode"],
            row["name"],
            row["brand"],
            row["category"],
            row["subcategory"],
            roubles(row["price_kop"]),
            roubles(row["cost_kop"]) if row["cost_kop"] else None,
            row["is_exclusive"],
            False,
            False,
        )
        for row in products
    }
    stock = office.world.stock(date(2026, 11, 1))
    assert office.rows("select stock_on, count(*), sum(quantity), sum(reserved) from stg_one_c__stock_levels group by 1") == [
        (date(2026, 11, 1), len(stock), stock["quantity"].sum(), stock["reserved"].sum())
    ]


def test_places_and_staff(office: Office) -> None:
    today = date(2026, 11, 1)
    stores = [row for row in office.world.rows("stores") if row["opened_on"] <= today]
    expected = {
        (
            row["external_code"],
            row["name"],
            row["region"],
            row["city"],
            row["format"],
            row["time_zone"],
            row["is_franchise"],
            row["opened_on"],
            row["closed_on"] if row["closed_on"] and row["closed_on"] <= today else None,
            "store",
        )
        for row in stores
    }
    columns = "external_id, name, region, city, format, time_zone, is_franchise, opened_on, closed_on, kind"
    assert set(office.rows(f"select {columns} from stg_one_c__stores where kind = 'store'")) == expected
    assert {code for (code,) in office.rows("select external_id from stg_one_c__stores where kind = 'warehouse'")} == {
        row["external_code"] for row in office.world.rows("warehouses")
    }
    staff = [row for row in office.world.rows("employees") if row["hired_at"] <= UNTIL]
    assert set(office.rows("select name, email, phone, is_active from stg_one_c__employees")) == {
        (row["name"], row["email"], row["phone"], not (row["dismissed_at"] and row["dismissed_at"] <= UNTIL)) for row in staff
    }


def test_partners_can_be_recognised(office: Office) -> None:
    known = office.world.profiles_at("one_c", UNTIL)
    known = known[known["merged_into"].isna()]
    expected = {
        (row["record_id"], kind, row[column].strip())
        for row in known.to_dict("records")
        for kind, column in (("email", "email"), ("phone", "phone"), ("loyalty_card", "card_number"))
        if isinstance(row[column], str) and row[column].strip()
    }
    found = set(office.rows("select source_record_id, identifier_type, identifier_value from stg_one_c__identifiers"))
    assert expected - found == set()
    assert {kind for _, kind, _ in found - expected} <= {"loyalty_card"}  # annulled ones were theirs too
    kinds = known["company_id"].notna().map({True: "company", False: "person"})
    assert set(office.rows("select source_record_id, kind, is_b2b from stg_one_c__profiles")) == {
        (key, kind, kind == "company")
        for key, kind in zip(known["record_id"], kinds, strict=True)
        if any(one[0] == key for one in expected)
    }
    bought = office.held[office.held["account_id"].notna() & office.held["person_id"].isin(known["person_id"])]
    named = office.rows("select count(*) from stg_one_c__orders where order_kind = 'receipt' and profile_record_id is not null")
    assert named[0][0] == len(bought[~bought["key"].isin([office.spoiled[name] for name in ("keyless", *SET_ASIDE)])])
