"""Any subset of vendors gives a green build: Mindbox alone; then two RetailCRM accounts switched on and Mindbox switched off.

One story over two nights. The two accounts are two retailers of their own with the same record numbers, so that whatever
forgets the account in a key shows.
"""

import os
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from sandbox.retailer import simulate
from sandbox.server import Sandbox, serve_in_thread
from tests.conftest import UNTIL
from tests.nights import house, night


@pytest.fixture(scope="module")
def story(small_world, parsed_project, tmp_path_factory):
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


def test_every_night_is_green_and_published(story):
    for one in (story.mindbox_alone, story.switched):
        assert (one.broken, one.refusal) == ([], "")
        assert one.read("select count(*) from marts.load_reconciliation where not is_balanced") == [(0,)]


def test_mindbox_alone_knows_people_and_messages_and_no_orders(story):
    [(customers, messages, orders)] = story.mindbox_alone.read("""
        select (select count(*) from marts.customer_360), (select count(*) from marts.messages), (select count(*) from marts.orders)
    """)
    assert customers > 100
    assert messages > 1000
    assert orders == 0
    assert story.mindbox_alone.read("select distinct shopper_type from marts.customer_360") == [("no_purchase",)]


def test_a_vendor_switched_on_later_brings_both_its_accounts_whole(story):
    counted = dict(story.switched.read("select source_account, count(*) from marts.orders group by all"))
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
