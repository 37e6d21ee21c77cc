"""Any subset of vendors gives a green build, and either back office tells the whole of the stores' figures.

One retailer, told twice. With 1C alone its older receipts stand in reports of shifts; then a receipt of last month is corrected, one is
unposted, one is marked for deletion, and another day of receipts is purged: the next night has all of it right. And with Mindbox
alone; then Mindbox is switched off, MoySklad and two RetailCRM accounts are switched on. The two accounts are two retailers of their own
with the same record numbers, so that whatever forgets the account in a key shows. And MoySklad alone, whose bonus ledger counts when
nobody else keeps one.
"""

import json
import os
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from sandbox.retailer import simulate
from sandbox.server import Sandbox, serve_in_thread
from tests.conftest import UNTIL
from tests.nights import house, night

KEPT_DAYS = 40  # receipts older than this stand in reports of shifts alone
TAKEN_OFF_KOP = 10_000
# A report of a shift tells what was taken off in one sum, so discounts and points are told apart by receipts alone.
STORES = """
    select month, stores.name, stores.region, stores.city, stores.format, stores.is_franchise, stores.opened_on, orders_count,
        order_revenue, returns_amount, net_revenue, average_order_value, units, units_per_order, gross_amount, days_open,
        revenue_per_day
    from marts.kpi_store_monthly join marts.stores using (store_id) order by all
"""
RECEIPTS = """
    select sum(receipts_count), cast(sum(net_revenue) * 100 as bigint) from marts.orders
    where is_counted and sales_channel = 'store'
"""
COSTS = """
    select (sales_channel, order_lines.cost_method), cast(sum(order_lines.cost_amount) * 100 as bigint)
    from marts.order_lines join marts.orders using (order_id) where is_counted group by all
"""


def receipts(world, *, since_days, until_days):
    """Ids of receipts rung up between so many days ago and so many, oldest first."""
    now = UNTIL.replace(tzinfo=None)
    found = world.orders[(world.orders.kind == "receipt") & (world.orders.created_at > now - timedelta(days=since_days))]
    return found[found.created_at <= now - timedelta(days=until_days)].sort_values("created_at")


@pytest.fixture(scope="module")
def asked_of_one_c(small_world):
    """What is changed in 1C after its first night: the ids of three receipts, and the changes as the sandbox takes them."""
    past = receipts(small_world, since_days=38, until_days=28)
    returned = set(small_world.returns.order_id)
    corrected, unposted, marked = [row for row in past.itertuples() if row.order_id not in returned and row.net_kop > 50_000][:3]
    at = (UNTIL + timedelta(hours=9)).isoformat()
    changes = [
        {"order_id": int(corrected.order_id), "at": at, "net_kop": int(corrected.net_kop) - TAKEN_OFF_KOP},
        {"order_id": int(unposted.order_id), "at": at, "posted": False},
        {"order_id": int(marked.order_id), "at": at, "deletion_mark": True},
    ]
    return SimpleNamespace(corrected=corrected, unposted=unposted, marked=marked, changes=changes)


@pytest.fixture(scope="module")
def one_c(small_world, asked_of_one_c, parsed_project, tmp_path_factory):
    """1C alone: the first night and the night after."""
    data = tmp_path_factory.mktemp("one_c") / "data"
    options = {"one_c.receipts_kept_days": str(KEPT_DAYS), "one_c.changes": json.dumps(asked_of_one_c.changes)}
    sandbox = Sandbox(world=small_world, clock_file=data / "sandbox" / "clock", rate=100.0, options=options)
    sandbox.set_clock(UNTIL)
    with serve_in_thread(sandbox) as running, house(data, parsed_project, running.environment(vendors=("one_c",))):
        first = night("one-c")
        sandbox.advance(days=1)
        return SimpleNamespace(first=first, after=night("one-c-2"))


@pytest.fixture(scope="module")
def moysklad(small_world, parsed_project, tmp_path_factory):
    """MoySklad alone, one night."""
    data = tmp_path_factory.mktemp("moysklad") / "data"
    sandbox = Sandbox(world=small_world, clock_file=data / "sandbox" / "clock", rate=100.0)
    sandbox.set_clock(UNTIL)
    with serve_in_thread(sandbox) as running, house(data, parsed_project, running.environment(vendors=("moysklad",))):
        return night("moysklad")


@pytest.fixture(scope="module")
def story(small_world, parsed_project, tmp_path_factory):
    """Mindbox alone, then MoySklad and two accounts of RetailCRM without it."""
    data = tmp_path_factory.mktemp("subsets") / "data"
    other = simulate(seed=2, customers=120, days=60, stores=3, until=UNTIL)
    told = SimpleNamespace(worlds={"main": small_world, "outlet": other})
    with ExitStack() as stack:
        running = {}
        for account, world in told.worlds.items():
            sandbox = Sandbox(world=world, clock_file=data / "sandbox" / "clock", rate=100.0)
            sandbox.set_clock(UNTIL)
            running[account] = stack.enter_context(serve_in_thread(sandbox))
        stack.enter_context(house(data, parsed_project, running["main"].environment(vendors=("mindbox",))))
        told.mindbox_alone = night("mindbox-alone")
        os.environ.update(running["main"].environment(vendors=("moysklad",)))
        for account, middle in (("main", ""), ("outlet", "OUTLET__")):
            for name, value in running[account].environment(vendors=("retailcrm",)).items():
                os.environ[name.replace("SOURCES__RETAILCRM__", f"SOURCES__RETAILCRM__{middle}")] = value
        for name in list(os.environ):
            if name.startswith("SOURCES__MINDBOX__"):
                del os.environ[name]
        told.switched = night("two-accounts")
    return told


def placed(world):
    online = world.orders[(world.orders.kind == "online") & (world.orders.created_at <= UNTIL.replace(tzinfo=None))]
    return len(online)


def test_every_night_is_green_and_published(story, one_c, moysklad):
    for one in (one_c.first, one_c.after, moysklad, story.mindbox_alone, story.switched):
        assert (one.broken, one.refusal) == ([], "")
        assert one.read("select count(*) from marts.load_reconciliation where not is_balanced") == [(0,)]
        assert one.read("select * from marts.quarantine") == []
        assert one.read("select * from marts.unmapped_values") == []


def test_both_back_offices_tell_the_same_of_the_stores(story, one_c):
    figures = one_c.first.read(STORES)
    assert figures == story.switched.read(STORES)
    assert len({store for _, store, *_ in figures}) == 4


def test_receipts_that_stand_in_reports_alone_count_as_many_as_they_are(story, one_c, small_world):
    books = small_world.ledger(UNTIL)
    for one in (one_c.first, story.switched):
        assert one.read(RECEIPTS) == [(books["receipts"], books["receipts_net_kop"])]
    [(reports, told)] = one_c.first.read("""
        select count(*), sum(orders.receipts_count) from marts.orders join marts.order_records using (order_id)
        where order_records.order_kind = 'shift_report'
    """)
    assert 0 < reports < told < books["receipts"]


def test_the_night_after_has_what_was_corrected_unposted_marked_and_purged(one_c, asked_of_one_c, small_world):
    books = small_world.ledger(UNTIL + timedelta(days=1))
    gone = int(asked_of_one_c.unposted.net_kop + asked_of_one_c.marked.net_kop) + TAKEN_OFF_KOP
    assert one_c.after.read(RECEIPTS) == [(books["receipts"] - 2, books["receipts_net_kop"] - gone)]
    fates = dict(one_c.after.read("""
        select cast(split_part(fiscal_key, '/', 2) as bigint), (orders.status, orders.net_revenue)
        from marts.orders join marts.order_records using (order_id)
    """))
    assert fates[asked_of_one_c.corrected.order_id] == ("completed", Decimal(int(asked_of_one_c.corrected.net_kop) - TAKEN_OFF_KOP) / 100)
    assert fates[asked_of_one_c.unposted.order_id][0] == fates[asked_of_one_c.marked.order_id][0] == "cancelled"


def test_costs_are_those_of_the_register_or_else_todays_purchase_price(story, one_c, small_world):
    books = small_world.ledger(UNTIL)
    # 1C computes what goods had cost when it closes a month, MoySklad as it sells them at a till. For the month that is open 1C tells
    # today's purchase price; for the shop's orders RetailCRM tells what they cost, or else that.
    told = dict(one_c.first.read(COSTS))
    assert told["store", "register"] == books["cost_of_receipts_kop"]
    assert told["web", "register"] == books["cost_of_online_orders_kop"]
    assert {method for _, method in told} == {"register", "purchase_price", "assumed_share"}  # goods on commission have no cost anywhere
    lines, orders = small_world.order_lines, small_world.orders
    rung_up = orders[(orders.kind == "receipt") & (orders.created_at <= UNTIL.replace(tzinfo=None))].order_id
    told = dict(story.switched.read(COSTS))
    assert told["store", "register"] == lines[lines.order_id.isin(rung_up)].cost_kop.sum()
    assert {method for channel, method in told if channel != "store"} == {"register", "purchase_price"}


def test_stock_is_there_with_either(story, one_c, small_world):
    books = small_world.ledger(UNTIL)
    for one in (one_c.first, story.switched):
        assert one.read("select cast(sum(quantity) as bigint) from marts.stock_levels") == [(books["stock_quantity"],)]
        ((seen, available, told),) = one.read("select count(stock_units), count(availability), count(*) from marts.kpi_stock_daily")
        assert 0 < seen == available <= told


def test_mindbox_alone_knows_people_and_messages_and_no_orders(story):
    [(customers, messages, orders)] = story.mindbox_alone.read("""
        select (select count(*) from marts.customer_360), (select count(*) from marts.messages), (select count(*) from marts.orders)
    """)
    assert customers > 100
    assert messages > 1000
    assert orders == 0
    assert story.mindbox_alone.read("select distinct shopper_type from marts.customer_360") == [("no_purchase",)]


def test_a_vendor_switched_on_later_brings_both_its_accounts_whole(story):
    counted = dict(story.switched.read("select source_account, count(*) from marts.orders where channel_class = 'online' group by all"))
    assert counted == {account: placed(world) for account, world in story.worlds.items()}


def test_the_same_number_in_two_accounts_is_two_orders_and_two_people(story):
    [(orders, ids)] = story.switched.read("""
        select count(*), count(distinct order_id) from marts.orders
        where source_record_id in (select source_record_id from marts.orders group by 1 having count(distinct source_account) = 2)
    """)
    assert orders == ids > 0
    # The two retailers' people are strangers. Cards are numbered by person in both, so that a few with the same record number also have
    # the same card by chance; nobody else is one customer.
    [(pairs, same)] = story.switched.read("""
        select count(*), sum((one.customer_id = other.customer_id)::int) from marts.customer_profiles as one
        join marts.customer_profiles as other using (source_system, source_record_id)
        where source_system = 'retailcrm' and one.source_account < other.source_account
    """)
    assert pairs > 50
    records = [world.profiles[(world.profiles.system == "retailcrm") & world.profiles.person_id.notna()] for world in story.worlds.values()]
    one, other = (set(zip(known.record_id, known.person_id, strict=True)) for known in records)
    assert same <= len(one & other) < pairs / 10


def test_a_vendor_switched_off_keeps_what_it_said(story):
    assert "mindbox/main" not in story.switched.reports
    before, after = (one.read("select count(*) from marts.messages") for one in (story.mindbox_alone, story.switched))
    assert before == after != [(0,)]


def test_moysklads_own_balances_are_compared(moysklad, small_world):
    """The vendor tells a balance of every account. Ours differs where the vendor's is astray, and nowhere else."""
    ledger = small_world.loyalty_operations.merge(small_world.orders[["order_id", "ms_record_id"]], on="order_id")
    done = ledger[ledger.in_moysklad & (ledger.created_at <= UNTIL.replace(tzinfo=None))]
    astray = small_world.loyalty_accounts.set_index("account_id").astray_points
    planted = done.drop_duplicates("account_id").set_index("ms_record_id").account_id.map(astray)
    told = moysklad.read("select source_record_id, vendor_balance, balance_difference, points_balance from marts.loyalty_accounts")
    assert {account for account, *_ in told} == set(done.ms_record_id)
    assert all(balance is not None for _, balance, *_ in told)
    assert {account: -difference for account, _, difference, _ in told if difference} == {
        account: float(points) for account, points in planted.items() if points} != {}
    closing = "select closing_points from marts.kpi_loyalty_monthly order by month desc limit 1"
    assert [(sum(points for *_, points in told),)] == moysklad.read(closing)


def test_what_is_not_posted_is_in_no_figure(moysklad, small_world):
    """MoySklad's drafts of returns and bonus operations: the books know nothing of them, and neither do the marts."""
    books = small_world.ledger(UNTIL)
    assert moysklad.read("select count(*), cast(sum(amount) * 100 as bigint) from marts.returns where evidence = 'document'") == [
        (books["till_returns"] + books["online_returns"], books["till_returns_kop"] + books["online_returns_kop"])]
    ledger = small_world.loyalty_operations
    counted = int((ledger.in_moysklad & (ledger.created_at <= UNTIL.replace(tzinfo=None))).sum())
    assert moysklad.read("select count(*) from marts.loyalty_records") == [(counted,)]


def test_the_apps_orders_count_though_nobody_posts_them(moysklad, small_world):
    """MoySklad's orders of the app are not posted: what became of them stands in their state, and they are in the figures."""
    now = UNTIL.replace(tzinfo=None)
    orders = small_world.orders
    placed = orders[(orders.sales_channel == "app") & (orders.created_at <= now - timedelta(seconds=90))]
    cancelled = placed.cancelled_at <= now
    assert moysklad.read("""
        select count(*), count(*) filter (where is_cancelled), cast(sum(net_revenue) * 100 as bigint) from marts.orders
        where sales_channel = 'app'
    """) == [(len(placed), int(cancelled.sum()), int(placed.net_kop.sum()))]
    assert 0 < cancelled.sum() < len(placed)
