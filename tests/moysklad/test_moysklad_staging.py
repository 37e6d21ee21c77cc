"""From the lake through staging: exact amounts, Moscow's days, quarantine. The expected figures are the simulated retailer's own."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import duckdb
import pytest

from ingestion import lake
from ingestion.contact import refresh_account
from ingestion.moysklad import VENDOR
from orchestration.dbt import run_dbt
from sandbox.faults import Poison
from sandbox.fiscal import of_return, of_sale
from sandbox.moysklad.wire import made_id
from tests.moysklad.balances import balances

POISON = ("keyless", "amount", "year_one", "surrogate", "bytes", "type", "extra", "midnight", "minute_before", "unposted", "tenge", "lost",
          "unnamed")
ENTITY = "https://api.moysklad.ru/api/remap/1.2/entity"


@pytest.fixture
def poisoned(retailer, small_world) -> dict[str, str]:
    """What was done to which receipt: some of the retailer's receipts, by the name of what is wrong or peculiar with them."""
    ids = [row["uuid"] for row in small_world.rows("orders") if row["kind"] == "receipt"][:len(POISON)]
    receipts = dict(zip(POISON, ids, strict=True))

    def plant(name: str, **spoiled) -> None:
        retailer.sandbox.tampering.plant(Poison("moysklad", "retaildemand", receipts[name], **spoiled))

    plant("keyless", set={"id": Poison.GONE})
    plant("amount", set={"sum": "about a hundred"})
    plant("year_one", set={"moment": "0001-01-01 00:00:00.000"})
    plant("surrogate", find=b'"taxSystem":"GENERAL', raw=b'"taxSystem":"\\ud83d GENERAL')
    plant("bytes", find=b'"name":"', raw=b'"note":"\xcf\xf0\xe8\xe2\xe5\xf2","name":"')
    plant("type", set={"agent": "Розничный покупатель"})
    plant("extra", set={"somethingNew": {"of": ["every", "kind"]}})
    plant("midnight", set={"moment": "2026-10-01 00:00:00.000"})
    plant("minute_before", set={"moment": "2026-09-30 23:59:00.000"})
    plant("unposted", set={"applicable": False})
    plant("tenge", set={"rate": {"currency": named("currency", made_id("currency", "KZT")), "value": 0.17}})
    plant("lost", set={"rate": {"currency": named("currency", "gone"), "value": 3}})
    plant("unnamed", set={"rate": Poison.GONE})
    return receipts


def named(kind: str, key: str) -> dict[str, dict[str, str]]:
    """A reference to a paper, as the vendor writes it."""
    return {"meta": {"href": f"{ENTITY}/{kind}/{key}", "type": kind, "mediaType": "application/json"}}


@pytest.fixture
def shipped(retailer, small_world) -> dict[str, list[str]]:
    """An order and a shipment without one, that came back, and of each the operations for its shipment and for its return."""
    back = small_world.returns.merge(small_world.orders[small_world.orders["kind"] == "online"], on="order_id", suffixes=("_return", ""))
    whole, orderless = list(back.itertuples())[:2]
    operations = small_world.loyalty_operations[small_world.loyalty_operations["in_moysklad"]]["uuid"].tolist()[:4]
    shipment = made_id("demand", orderless.uuid)
    parents = [("demand", made_id("demand", whole.uuid)), ("salesreturn", whole.uuid_return),
               ("demand", shipment), ("salesreturn", orderless.uuid_return)]

    def plant(kind: str, key: str, **spoiled) -> None:
        retailer.sandbox.tampering.plant(Poison("moysklad", kind, key, set=spoiled))

    for key, parent in zip(operations, parents, strict=True):
        plant("bonustransaction", key, parentDocument=named(*parent))
    plant("demand", shipment, customerOrder=Poison.GONE)
    plant("salesreturn", orderless.uuid_return, demand=named("demand", shipment))
    return {whole.uuid: operations[:2], shipment: operations[2:]}


@pytest.fixture
def stateless(retailer, small_world) -> dict[str, str]:
    """Three of the app's orders, which are not posted, without a state: by what of them is told to be done."""
    orders = small_world.orders
    told = orders[(orders["sales_channel"] == "app") & (orders["kind"] == "online")]["uuid"].tolist()[:3]
    done = {"nothing": (0.0, 0.0), "paid": (100.0, 0.0), "shipped": (0.0, 100.0)}
    named = dict(zip(done, told, strict=True))
    for name, (paid, shipped) in done.items():
        spoiled = {"state": Poison.GONE, "payedSum": paid, "shippedSum": shipped}
        retailer.sandbox.tampering.plant(Poison("moysklad", "customerorder", named[name], set=spoiled))
    return named


def night(*selection: str) -> None:
    """The account landed, and staged as far as is asked."""
    lake.prepare()
    (account,) = VENDOR.accounts()
    report = refresh_account(VENDOR, account, refresh_id="night", budget=timedelta(minutes=5), say=lambda _: None)
    assert report.error == ""
    outcome = run_dbt(["build", "--select", *selection], refresh_id="night")
    assert (outcome.error, [node.message for node in outcome.failed]) == (None, [])


@pytest.fixture
def ask_warehouse(poisoned, shipped, stateless, parsed, own_data):
    """A night whole; a question to the warehouse."""
    night("value_mappings", "path:models/staging/moysklad")

    def rows(question: str) -> list[tuple]:
        with duckdb.connect(str(own_data / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(question).fetchall()

    return rows


def test_a_night_in_staging(ask_warehouse, poisoned, shipped, stateless, retailer, small_world):
    problems = dict(ask_warehouse("select document_key, problem from staging.stg_moysklad__verdicts where not is_accepted"))
    set_aside = {key for key in poisoned.values() if key in problems} | {poisoned["keyless"]}
    poison_is_set_aside_with_its_reason(ask_warehouse, problems, poisoned)
    days_are_moscows(ask_warehouse, poisoned)
    amounts_are_exact_to_the_kopeck(ask_warehouse, small_world, retailer.sandbox.now().replace(tzinfo=None), set_aside, poisoned)
    what_the_tills_printed_is_told(ask_warehouse, small_world)
    a_shipment_and_its_return_are_one_purchase(ask_warehouse, shipped)
    what_is_not_posted_counts_in_nothing(ask_warehouse, poisoned)
    an_order_that_is_not_posted_stands_where_its_state_says(ask_warehouse, stateless, small_world)
    money_is_of_the_currency_that_its_paper_names(ask_warehouse, poisoned)
    accounts_have_the_vendors_balance(ask_warehouse, small_world, retailer.sandbox.now().replace(tzinfo=None))
    before, now = balances(small_world, retailer.sandbox.now()), retailer.sandbox.advance(days=5)
    night("base_moysklad__counterparties")
    the_newest_balance_is_believed(ask_warehouse, before, balances(small_world, now))


def poison_is_set_aside_with_its_reason(rows, problems, poisoned):
    assert problems[poisoned["amount"]] == "sum_amount: not money"
    assert problems[poisoned["year_one"]] == "moment: impossible date"
    assert problems[poisoned["type"]] == "agent: not an object"
    assert [problem for key, problem in problems.items() if key.startswith("sha256:")] == ["retail_demand_id: missing"]
    accepted = {key for (key,) in rows("select source_record_id from staging.stg_moysklad__orders")}
    assert poisoned["extra"] in accepted
    # What is no text of its encoding is set aside or kept without loss; it never stops the vendor and is never lost.
    assert {poisoned["surrogate"], poisoned["bytes"]} <= set(problems) | accepted
    keys = "select count(distinct document_key) from staging.stg_moysklad__{} where resource = 'retail_demands'"
    assert rows(keys.format("receipts")) == rows(keys.format("verdicts"))


def days_are_moscows(rows, poisoned):
    found = rows("""select source_record_id, strftime(ordered_at, '%Y-%m-%d %H:%M'),
                           cast(timezone('Europe/Moscow', timezone('UTC', ordered_at)) as date)
                    from staging.stg_moysklad__orders""")
    told = {key: (moment, day) for key, moment, day in found}
    assert told[poisoned["midnight"]] == ("2026-09-30 21:00", date(2026, 10, 1))
    assert told[poisoned["minute_before"]] == ("2026-09-30 20:59", date(2026, 9, 30))


def amounts_are_exact_to_the_kopeck(rows, world, now: datetime, set_aside: set[str], poisoned):
    written = now - timedelta(seconds=90)
    orders = world.orders[(world.orders["created_at"] <= written) & ~world.orders["uuid"].isin(set_aside)]
    expected = []
    for kind, name in (("online", "order"), ("receipt", "receipt")):
        part = orders[orders["kind"] == kind]
        discount = part["mass_discount_kop"] + part["personal_discount_kop"] + part["promo_discount_kop"]
        sums = (part["gross_kop"], discount, part["points_discount_kop"], part["net_kop"])
        expected.append((name, len(part), *(roubles(kopecks.sum()) for kopecks in sums)))
    assert rows("""select order_kind, count(*), sum(gross_amount), sum(discount_amount), sum(points_discount_amount), sum(net_revenue)
                   from staging.stg_moysklad__orders group by 1 order by 1""") == expected
    wrong = rows("""select orders.source_record_id from staging.stg_moysklad__orders as orders
                    inner join staging.stg_moysklad__order_lines as lines on orders.source_record_id = lines.order_record_id
                    group by orders.source_record_id, orders.net_revenue, orders.points_discount_amount
                    having sum(lines.net_amount) <> orders.net_revenue
                        or sum(lines.points_discount_amount) <> orders.points_discount_amount""")
    assert wrong == []
    in_roubles = orders[(orders["kind"] == "receipt") & ~orders["uuid"].isin([poisoned["tenge"], poisoned["lost"]])]
    sold = world.order_lines[world.order_lines["order_id"].isin(in_roubles["order_id"])]
    assert rows("select sum(cost_amount) from staging.stg_moysklad__order_lines") == [(roubles(sold["cost_kop"].sum()),)]
    returned = world.returns[world.returns["returned_at"] <= written]
    came_back = (len(returned), roubles(returned["amount_kop"].sum()))
    assert rows("select count(*), sum(amount) from staging.stg_moysklad__returns") == [came_back]
    unpaid = rows("""select count(*) from staging.stg_moysklad__orders as orders
                     where order_kind = 'receipt' and net_revenue <> (
                         select sum(amount) from staging.stg_moysklad__payments where order_record_id = orders.source_record_id)""")
    assert unpaid == [(0,)]
    ledger = world.loyalty_operations[world.loyalty_operations["in_moysklad"] & (world.loyalty_operations["created_at"] <= written)]
    assert rows("select sum(points) from staging.stg_moysklad__loyalty_operations") == [(float(ledger["points"].sum()),)]


def what_the_tills_printed_is_told(rows, world):
    """Receipts and returns at tills by their fiscal documents; what no till printed has none."""
    told = dict(rows("select source_record_id, fiscal_key from staging.stg_moysklad__orders"))
    sold = world.orders[world.orders["uuid"].isin(told)]
    printed = {row.uuid: of_sale(row.order_id).key if row.kind == "receipt" else None for row in sold.itertuples()}
    assert {key: told[key] for key in printed} == printed
    came_back = dict(rows("""select source_record_id, fiscal_key from staging.stg_moysklad__returns
                             where raw_return_channel = 'retailsalesreturn'"""))
    numbers = world.returns.set_index("uuid")["return_id"]
    assert came_back == {key: of_return(int(numbers[key])).key for key in came_back} != {}


def a_shipment_and_its_return_are_one_purchase(rows, shipped):
    told = dict(rows("select source_record_id, order_record_id from staging.stg_moysklad__loyalty_operations"))
    assert {purchase: [told[key] for key in operations] for purchase, operations in shipped.items()} == {
        purchase: [purchase] * 2 for purchase in shipped}
    (order,) = [purchase for purchase in shipped if (purchase,) in rows("select source_record_id from staging.stg_moysklad__orders")]
    (points,) = rows(f"select abs(points) from staging.stg_moysklad__loyalty_operations where source_record_id = '{shipped[order][0]}'")
    assert rows("select greatest(points_earned, points_redeemed) from staging.stg_moysklad__orders "
                f"where source_record_id = '{order}'") == [points]


def money_is_of_the_currency_that_its_paper_names(rows, poisoned):
    told = rows("select source_record_id, currency from staging.stg_moysklad__orders where currency <> 'RUB' or currency is null")
    assert dict(told) == {poisoned["tenge"]: "KZT", poisoned["lost"]: "currency gone"}
    assert rows(f"select currency from staging.stg_moysklad__orders where source_record_id = '{poisoned['unnamed']}'") == [("RUB",)]
    assert rows("select distinct currency from staging.stg_moysklad__returns") == [("RUB",)]


def accounts_have_the_vendors_balance(rows, world, now: datetime):
    """Whoever has posted operations, since the first of them; the balance is the vendor's, of the moment it was asked for."""
    told = rows("select source_record_id, profile_record_id, status, vendor_balance, enrolled_at, balance_told_at "
                "from staging.stg_moysklad__loyalty_accounts")
    ledger = world.loyalty_operations[world.loyalty_operations["in_moysklad"] & (world.loyalty_operations["created_at"] <= now)]
    first = ledger.merge(world.orders[["order_id", "ms_record_id"]], on="order_id").groupby("ms_record_id")["created_at"].min()
    assert {key: enrolled for key, _, _, _, enrolled, _ in told} == {
        key: at.floor("ms").to_pydatetime() for key, at in first.items()}
    assert {(key == profile, status) for key, profile, status, *_ in told} == {(True, "active")}
    wire = dict(rows("select counterparty_id, bonus_points from staging.base_moysklad__counterparties"))
    assert {key: balance for key, _, _, balance, _, _ in told} == {key: wire[key] for key, *_ in told}
    assert any(balance > 0 for *_, balance, _, _ in told)
    assert all(now <= at < now + timedelta(hours=1) for *_, at in told)


def an_order_that_is_not_posted_stands_where_its_state_says(rows, stateless, world):
    """The app's orders are not posted and have the states of others; without one, whatever is paid or shipped is no draft."""
    told = dict(rows("select source_record_id, raw_status from staging.stg_moysklad__orders where order_kind = 'order'"))
    assert {name: told[key] for name, key in stateless.items()} == {
        "nothing": "customerorder, not posted", "paid": "customerorder", "shipped": "customerorder"}
    unposted = {key for (key,) in rows("select document_key from staging.base_moysklad__customer_orders where not is_applicable")}
    assert unposted == set(world.orders[world.orders["sales_channel"] == "app"]["uuid"]) & set(told)
    states = {told[key] for key in unposted - set(stateless.values())}
    assert {"Доставлен", "Отменен"} <= states <= {told[key] for key in told.keys() - unposted}


def the_newest_balance_is_believed(rows, before: dict[str, int], now: dict[str, int]):
    """Points move without the buyer's `updated`: of two documents of one version the one that was asked for later is told."""
    told = dict(rows("select counterparty_id, bonus_points from staging.base_moysklad__counterparties"))
    assert told == now
    assert len([buyer for buyer in before if before[buyer] != now[buyer]]) > 1


def what_is_not_posted_counts_in_nothing(rows, poisoned):
    """Kept as documents, and in neither the returns nor the ledger; amounts_are_exact_to_the_kopeck counts what is left."""
    for kind, counted in (("retail_sales_returns", "returns"), ("sales_returns", "returns"), ("bonus_transactions", "loyalty_operations")):
        drafts = {key for (key,) in rows(f"select document_key from staging.base_moysklad__{kind} where not is_applicable")}
        assert drafts
        assert drafts.isdisjoint(key for (key,) in rows(f"select source_record_id from staging.stg_moysklad__{counted}"))
    assert rows(f"select raw_status from staging.stg_moysklad__orders where source_record_id = '{poisoned['unposted']}'") == [
        ("retaildemand, not posted",)]
    assert rows("select value, mapped_to from seeds.value_mappings where source_system = 'moysklad' and value like '%not posted'") == [
        ("customerorder, not posted", "cancelled"), ("retaildemand, not posted", "cancelled")]


def roubles(kopecks: int) -> Decimal:
    return Decimal(int(kopecks)) / 100
