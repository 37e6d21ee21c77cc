"""A real purchase log, CDNOW, replayed through RetailCRM's wire format and read from the published file.

Also the proof that RetailCRM alone is enough: every other vendor is switched off. The figures are those of the log itself
(lifetimes' CDNOW_master.txt: 69 659 purchases of 23 570 customers, 80 of them of zero value).
"""

from decimal import Decimal

import pytest

from sandbox.purchases import cdnow, replay_purchases
from sandbox.server import Sandbox, serve_in_thread
from tests.nights import house, night


@pytest.fixture(scope="module")
def published(parsed_project, tmp_path_factory):
    """One night on the replayed log."""
    from datetime import UTC

    data = tmp_path_factory.mktemp("cdnow") / "data"
    world = replay_purchases(cdnow())
    sandbox = Sandbox(world=world, clock_file=data / "sandbox" / "clock", rate=1000.0)
    sandbox.set_clock(world.until.replace(tzinfo=UTC))
    with serve_in_thread(sandbox) as running, house(data, parsed_project, running.environment(vendors=("retailcrm",))):
        told = night("cdnow")
        assert [node for node in told.built.nodes if node.status in ("error", "fail", "warn")] == []
        assert told.refusal == ""
        yield told


def test_every_purchase_is_published_once(published):
    assert published.read("""
        select count(*), count(distinct customer_id), sum(net_revenue), sum((net_revenue = 0)::int)
        from marts.orders where is_completed and not is_cancelled and not is_test
    """) == [(69_659, 23_570, Decimal("2500315.63"), 80)]


def test_the_average_order_value_is_that_of_the_log(published):
    assert published.read("select round(sum(order_revenue) / sum(orders_count), 2) from marts.kpi_sales_daily") == [(35.89,)]


def test_customers_with_two_orders_are_those_of_the_log(published):
    assert published.read("select count(*) from marts.customer_360 where orders_count >= 2") == [(11_662,)]


def test_the_customers_add_up_to_the_orders(published):
    assert published.read("select sum(orders_count), sum(net_revenue) from marts.customer_360") == [(69_659, Decimal("2500315.63"))]


def test_marts_of_absent_vendors_are_there_and_empty(published):
    for mart in ("messages", "campaigns", "kpi_messaging_daily", "returns", "stock_levels", "employees"):
        assert published.read(f"select count(*) from marts.{mart}") == [(0,)], mart


def test_every_document_is_accounted_for(published):
    assert published.read("select distinct source_system from marts.load_reconciliation where received > 0") == [("retailcrm",)]
    assert published.read("select count(*) from marts.load_reconciliation where received <> staged + superseded + quarantined") == [(0,)]
