"""A retailer with 1C and no MoySklad, and one with MoySklad and no 1C: green builds and the whole of the stores' figures.

One retailer, told twice. With 1C its older receipts stand in reports of shifts alone; then a receipt of last month is corrected, one is
unposted, one is marked for deletion, and another day of receipts is purged: the next night has all of it right.
"""

import json
from contextlib import ExitStack
from datetime import timedelta
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
def story(parsed_project, tmp_path_factory):
    world = simulate(seed=3, customers=200, days=75, stores=3, until=UNTIL)
    told = SimpleNamespace(world=world)
    past = receipts(world, since_days=38, until_days=28)
    returned = set(world.returns.order_id)
    dear = [row for row in past.itertuples() if row.order_id not in returned and row.net_kop > 50_000]
    told.corrected, told.unposted, told.marked = dear[:3]
    at = (UNTIL + timedelta(hours=9)).isoformat()
    changes = [
        {"order_id": int(told.corrected.order_id), "at": at, "net_kop": int(told.corrected.net_kop) - TAKEN_OFF_KOP},
        {"order_id": int(told.unposted.order_id), "at": at, "posted": False},
        {"order_id": int(told.marked.order_id), "at": at, "deletion_mark": True},
    ]
    with ExitStack() as stack:
        data = tmp_path_factory.mktemp("one_c") / "data"
        options = {"one_c.receipts_kept_days": str(KEPT_DAYS), "one_c.changes": json.dumps(changes)}
        sandbox = Sandbox(world=world, clock_file=data / "sandbox" / "clock", rate=100.0, options=options)
        sandbox.set_clock(UNTIL)
        running = stack.enter_context(serve_in_thread(sandbox))
        with house(data, parsed_project, running.environment(vendors=("one_c",))):
            told.one_c = night("one-c")
            sandbox.advance(days=1)
            told.next_night = night("one-c-2")
        sandbox.set_clock(UNTIL)
        other = tmp_path_factory.mktemp("moysklad") / "data"
        with house(other, parsed_project, running.environment(vendors=("moysklad",))):
            told.moysklad = night("moysklad")
    return told


def test_both_are_green(story):
    for one in (story.one_c, story.next_night, story.moysklad):
        assert (one.broken, one.refusal) == ([], "")
        assert one.read("select count(*) from marts.load_reconciliation where not is_balanced") == [(0,)]
        assert one.read("select * from marts.quarantine") == []
        assert one.read("select * from marts.unmapped_values") == []


def test_both_tell_the_same_of_the_stores(story):
    figures = story.one_c.read(STORES)
    assert figures == story.moysklad.read(STORES)
    assert len({store for _, store, *_ in figures}) == 3


def test_receipts_that_stand_in_reports_alone_count_as_many_as_they_are(story):
    books = story.world.ledger(UNTIL)
    for one in (story.one_c, story.moysklad):
        assert one.read(RECEIPTS) == [(books["receipts"], books["receipts_net_kop"])]
    [(reports, told)] = story.one_c.read("""
        select count(*), sum(orders.receipts_count) from marts.orders join marts.order_records using (order_id)
        where order_records.order_kind = 'shift_report'
    """)
    assert 0 < reports < told < books["receipts"]


def test_the_night_after_has_what_was_corrected_unposted_marked_and_purged(story):
    books = story.world.ledger(UNTIL + timedelta(days=1))
    gone = int(story.unposted.net_kop + story.marked.net_kop) + TAKEN_OFF_KOP
    assert story.next_night.read(RECEIPTS) == [(books["receipts"] - 2, books["receipts_net_kop"] - gone)]
    fates = dict(story.next_night.read("""
        select cast(split_part(fiscal_key, '/', 2) as bigint), (orders.status, orders.net_revenue)
        from marts.orders join marts.order_records using (order_id)
    """))
    assert fates[story.corrected.order_id] == ("completed", (story.corrected.net_kop - TAKEN_OFF_KOP) / 100)
    assert fates[story.unposted.order_id][0] == fates[story.marked.order_id][0] == "cancelled"


def test_costs_are_those_of_the_register_or_else_todays_purchase_price(story):
    books = story.world.ledger(UNTIL)
    # 1C computes what goods had cost when it closes a month, MoySklad as it sells them at a till, and neither for the month that is open
    # or for the shop's orders, whose cost in MoySklad is today's purchase price.
    told = dict(story.one_c.read(COSTS))
    assert told["store", "register"] == books["cost_of_receipts_kop"]
    assert told["web", "register"] == books["cost_of_online_orders_kop"]
    assert {method for _, method in told} == {"register", "purchase_price", "assumed_share"}  # goods on commission have no cost anywhere
    lines, orders = story.world.order_lines, story.world.orders
    rung_up = orders[(orders.kind == "receipt") & (orders.created_at <= UNTIL.replace(tzinfo=None))].order_id
    told = dict(story.moysklad.read(COSTS))
    assert told["store", "register"] == lines[lines.order_id.isin(rung_up)].cost_kop.sum()
    assert {method for channel, method in told if channel != "store"} == {"purchase_price", "assumed_share"}


def test_stock_is_there_with_either(story):
    books = story.world.ledger(UNTIL)
    for one in (story.one_c, story.moysklad):
        assert one.read("select cast(sum(quantity) as bigint) from marts.stock_levels") == [(books["stock_quantity"],)]
        ((seen, available, told),) = one.read("select count(stock_units), count(availability), count(*) from marts.kpi_stock_daily")
        assert 0 < seen == available <= told
