"""Nights in one process on the small retailer: land, build, audit, publish, without Dagster.

A story of one data folder, told once for all tests of this file because a build costs half a minute: the first night
publishes; then the warehouse is deleted and the second night, without news, must bring everything back as it was.
"""

import os
from datetime import timedelta
from types import SimpleNamespace

import duckdb
import pytest

from ingestion import lake
from ingestion.contact import refresh_account
from ingestion.vendors import vendors
from orchestration import audits, contacts, exports, promises, publish, versions, warehouse
from tests.orchestration.conftest import copy_parsed

CUSTOMERS = "select source_system, source_account, source_record_id, customer_id from marts.customer_profiles order by all"


def land(refresh_id):
    lake.prepare()
    return [
        refresh_account(vendor, account, refresh_id=refresh_id, budget=timedelta(minutes=10), say=lambda line: None)
        for vendor in vendors()
        for account in vendor.accounts()
    ]


def night(refresh_id):
    reports = land(refresh_id)
    outcome = warehouse.build(refresh_id, say=lambda line: None)
    assert [node for node in outcome.nodes if node.status in ("error", "fail")] == []
    for vendor in vendors():
        promises.check_vendor(vendor, [resource.name for resource in vendor.resources])
    return SimpleNamespace(reports=reports, outcome=publish.publish(refresh_id))


def read(query):
    with duckdb.connect(str((versions.published() / "omnimart.duckdb").resolve()), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def story(small_world, parsed_project, tmp_path_factory):
    from sandbox.server import Sandbox, serve_in_thread
    from tests.conftest import UNTIL

    data = tmp_path_factory.mktemp("story") / "data"
    before = dict(os.environ)
    copy_parsed(parsed_project, data)
    sandbox = Sandbox(world=small_world, clock_file=data / "sandbox" / "clock", rate=100.0)
    sandbox.set_clock(UNTIL)
    with serve_in_thread(sandbox) as running:
        environment = {**running.environment(), "OMNIMART_DATA": str(data), "OMNIMART_SECRETS": str(data / "none.toml")}
        os.environ.update(environment)
        first = night("night-1")
        customers = read(CUSTOMERS)
        exports.warehouse().unlink()
        second = night("night-2")
    yield SimpleNamespace(environment=environment, first=first, second=second, customers=customers)
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def told(story, own_data, monkeypatch):
    """The story, with its data folder as the one in force."""
    for name, value in story.environment.items():
        monkeypatch.setenv(name, value)
    return story


def test_the_first_night_publishes_everything_that_was_landed(told):
    assert told.first.outcome.flipped
    assert {report.source_system for report in told.first.reports} == {vendor.name for vendor in vendors()}
    assert all(report.succeeded and report.history_left_days == 0 for report in told.first.reports)
    assert [standing.sentence() for standing in contacts.standings() if standing.is_stale] == []


def test_a_deleted_warehouse_comes_back_with_the_same_customers(told):
    with exports.reading() as connection:
        rebuilt = connection.execute(CUSTOMERS.replace("marts.", "warehouse.marts.")).fetchall()
    assert len(told.customers) > 0
    assert rebuilt == told.customers


def test_a_night_without_news_flips_nothing(told):
    assert (told.second.outcome.flipped, told.second.outcome.changed) == (False, ())
    assert sum(sum(report.documents.values()) for report in told.second.reports) == 0


def test_every_document_is_accounted_for(told):
    assert read("select count(*) from marts.load_reconciliation where not is_balanced or lost_keys + stale_keys > 0") == [(0,)]
    assert read("select sum(received) > 0 from marts.load_reconciliation") == [(True,)]


def test_the_headlines_are_read_from_the_published_file(told):
    from orchestration import headlines

    figures = {name.split(" (")[0]: value for name, value, _ in headlines.headlines()}
    assert len(figures) == 12
    assert [name for name, value in figures.items() if value is None] == []
    assert figures["orders"] == read("select count(*) from marts.orders where is_counted")[0][0]
    assert 0 < figures["omnichannel share"] < 1
    assert figures["average order value"] == pytest.approx(
        float(read("select sum(net_revenue)::double / count(*) from marts.orders where is_counted")[0][0]), rel=1e-9
    )


def spoil(statement):
    with duckdb.connect(str(exports.warehouse())) as connection:
        connection.execute(statement)


def refused(refresh_id):
    before = versions.current()
    with pytest.raises(publish.Refused) as refusal:
        publish.publish(refresh_id)
    assert versions.current() == before
    return str(refusal.value)


def test_a_dbt_test_that_fails_leaves_the_old_version(told):
    spoil("insert into marts.products from marts.products limit 1")
    warehouse.build(
        "night-2", selection=["--select", "products,test_type:generic", "--resource-type", "test"], say=lambda line: None
    )
    assert "dbt test unique_products_product_id" in refused("night-2")
    spoil("create table once as select distinct * from marts.products; delete from marts.products")
    spoil("insert into marts.products from once; drop table once")
    warehouse.build(
        "night-2", selection=["--select", "products,test_type:generic", "--resource-type", "test"], say=lambda line: None
    )
    assert publish.publish("night-2").flipped is False


def test_a_vendor_that_breaks_its_promise_leaves_the_old_version(told):
    from ingestion.retailcrm.expectations import SUITES

    vendor = next(vendor for vendor in vendors() if vendor.name == "retailcrm")
    assert SUITES["orders"].error
    spoil(
        "create table kept as from staging.base_retailcrm__orders; update staging.base_retailcrm__orders set total_amount = -100"
    )
    promises.check_vendor(vendor, ["orders"])
    assert "retailcrm orders: total_amount" in refused("night-2")
    spoil("delete from staging.base_retailcrm__orders; insert into staging.base_retailcrm__orders from kept; drop table kept")
    promises.check_vendor(vendor, ["orders"])
    assert publish.publish("night-2").flipped is False


def test_documents_that_do_not_add_up_leave_the_old_version(told):
    spoil("update marts.load_reconciliation set is_balanced = false where resource = 'orders'")
    assert "retailcrm/main orders: received" in refused("night-2")
    spoil("update marts.load_reconciliation set is_balanced = true where resource = 'orders'")
    assert publish.publish("night-2").flipped is False


def test_findings_are_kept_under_quality(told):
    kinds = {finding.kind for finding in audits.findings()}
    assert kinds == {"dbt", "great_expectations"}
    assert (lake.data_root() / "quality" / "night-2" / "dbt.json").exists()
