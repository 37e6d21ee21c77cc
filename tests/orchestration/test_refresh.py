"""The whole job as `make refresh` runs it: the only tests that run all of Dagster, dbt and the sandbox as they stand.

A story in one data folder, told once because a build costs half a minute: a fresh machine refreshes; audits of every kind fail on
it; the next night one vendor does not answer. The first has the threads of the nightly job and leaves its files.
"""

import json
import os
import shutil
from types import SimpleNamespace

import dagster as dg
import duckdb
import pytest

from ingestion.vendors import vendors
from orchestration import (
    audits,
    contacts,
    exports,
    headlines,
    promises,
    publish,
    raw_assets,
    refresh,
    replay,
    report,
    schedules,
    stand_in,
    versions,
    warehouse,
)
from tests.nights import copy_parsed
from tests.torture.canary import SECRET, found
from tests.torture.reader import Reader
from tests.torture.trap import Trap, dies
from tests.torture.verdict import differences, leftovers

AS_A_NIGHT = True
RETAILER = ["--customers", "120", "--days", "45", "--stores", "3", "--rate", "100"]
DOWN = "mindbox"
TESTS_OF_PRODUCTS = ["--select", "products,test_type:generic", "--resource-type", "test"]


@pytest.fixture(scope="module")
def first(parsed_project, tmp_path_factory):
    """A machine with nothing configured: `make refresh`, once."""
    data = tmp_path_factory.mktemp("refresh") / "data"
    before = dict(os.environ)
    copy_parsed(parsed_project, data)
    for variable in list(os.environ):
        if variable.startswith(("SOURCES__", "OMNIMART_")):
            del os.environ[variable]
    os.environ.update(OMNIMART_DATA=str(data), OMNIMART_SECRETS=str(data / "none.toml"))
    umask = os.umask(0)  # the most open one: what is closed then is always closed
    code = refresh.main(RETAILER)
    os.umask(umask)
    environment = {name: value for name, value in os.environ.items() if name.startswith(("SOURCES__", "OMNIMART_"))}
    yield SimpleNamespace(data=data, code=code, environment=environment, version=versions.current())
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def told(first, own_data, monkeypatch):
    for name, value in first.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAGSTER_HOME", str(first.data / "dagster"))
    return first


def runs():
    with dg.DagsterInstance.get() as instance:
        return instance.get_runs(dg.RunsFilter(job_name=schedules.JOB))


def read(query):
    with duckdb.connect(str((versions.published() / "omnimart.duckdb").resolve()), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_a_fresh_machine_refreshes_on_the_sandbox(told):
    assert told.code == 0
    assert [run.status for run in runs()] == [dg.DagsterRunStatus.SUCCESS]
    said = report.path(runs()[0].run_id).read_text(encoding="utf-8").splitlines()
    assert said[0].startswith("GREEN")
    assert said[0].endswith(f": published version {told.version.version}")
    assert said[2].endswith(f" documents of {len(vendors())} vendors")
    assert sum(line.startswith("rejected  0 records, 0 in quarantine in all") for line in said) == 1
    assert len(said) < 45
    with duckdb.connect(str((versions.published() / "omnimart.duckdb").resolve()), read_only=True) as connection:
        assert connection.execute("select count(*) > 0 from marts.orders").fetchone() == (True,)
        assert connection.execute("select refresh_id, previous_version, stale_sources from marts.publications").fetchall() == [
            (runs()[0].run_id, None, None)
        ]
    assert {finding.kind for finding in audits.findings()} == {"dbt", "great_expectations"}
    assert not (told.data / "sandbox" / "server.json").exists() or stand_in._running() is None  # it ended with the refresh


def test_nobody_but_the_owner_reads_what_it_wrote_and_the_group_no_more_than_the_marts(told):
    """By the modes alone, since tests may run as root: what the group and others reach through folders that they may enter."""
    reached = {"group": set(), "others": set()}
    for who, enters, reads, writes in (("group", 0o010, 0o040, 0o020), ("others", 0o001, 0o004, 0o002)):
        waiting = [told.data]
        while waiting:
            here = waiting.pop()
            mode = here.lstat().st_mode
            assert here == told.data or here.is_symlink() or not mode & writes, f"{who} may change {here}"
            if here.is_dir() and not here.is_symlink():
                waiting += here.iterdir() if mode & enters else ()
            elif mode & reads and not here.is_symlink():
                reached[who].add(here.relative_to(told.data).as_posix())
    version = f"published/versions/{told.version.version}"
    shown = {name for name in reached["group"] if not name.startswith(f"{version}/marts/")}
    assert reached["others"] == set()
    assert shown == {f"{version}/omnimart.duckdb", f"{version}/version.json"}
    assert len(reached["group"] - shown) == told.version.tables


def test_no_credential_stands_in_what_it_wrote(told):
    """The sandbox's own credentials and the key of the hashes, in every file but those that are there to hold them."""
    canaries = {name: value for name, value in told.environment.items() if SECRET.search(name)}
    canaries["hash key"] = (told.data / "secrets" / "hash_key").read_text(encoding="utf-8").strip()
    assert len(canaries) >= len(vendors())
    assert found(told.data, canaries, but=("sandbox/server.json", "secrets/hash_key")) == []


def test_a_first_night_that_is_killed_twice_and_run_again_is_as_if_undisturbed(told, parsed_project, tmp_path, monkeypatch, cheap):
    """The short form of `make torture`: first between the record of a load and its state, then in dbt, each time leaving its sandbox."""
    data = tmp_path / "killed"
    copy_parsed(parsed_project, data)
    shutil.copytree(told.data / "secrets", data / "secrets")  # the key of the hashes
    for name in told.environment:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OMNIMART_DATA", str(data))
    monkeypatch.setenv("OMNIMART_SECRETS", str(data / "none.toml"))
    between = Trap("dlt.destinations.impl.filesystem.filesystem:FilesystemClient._write_to_json_file", "after", about="raw_", nth=5)
    with Reader(data / "published") as reader:
        assert dies(between, lambda: refresh.main(RETAILER))
        assert dies(Trap("dbt.task.base:BaseRunner.run_with_hooks", "before", about="model.", nth=60), lambda: refresh.main(RETAILER))
        assert refresh.main(RETAILER) == 0
    assert [run.status for run in runs()] == [dg.DagsterRunStatus.SUCCESS, *[dg.DagsterRunStatus.FAILURE] * 2]
    tables, found = differences(data / "published", told.data / "published" / "versions" / told.version.version)
    assert (tables, found) == (told.version.tables + 1, [])
    assert leftovers(data) == []
    assert reader.wrong == []


def test_a_machine_restored_from_the_lake_alone_tells_the_same(told, parsed_project, tmp_path, monkeypatch, cheap):
    """docs/operations.md, “Restore on a new machine”: the lake and the key of the hashes; what is published is made again, ids and all."""
    data = tmp_path / "restored"
    copy_parsed(parsed_project, data)
    for kept in ("lake", "secrets"):
        shutil.copytree(told.data / kept, data / kept, symlinks=True)
    for name in told.environment:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OMNIMART_DATA", str(data))
    monkeypatch.setenv("OMNIMART_SECRETS", str(data / "none.toml"))
    assert refresh.main(RETAILER) == 0
    tables, found = differences(data / "published", told.data / "published" / "versions" / told.version.version)
    assert (tables, found) == (told.version.tables + 1, [])


def test_every_document_is_accounted_for(told):
    assert read("select count(*) from marts.load_reconciliation where not is_balanced or lost_keys + stale_keys > 0") == [(0,)]
    assert read("select sum(received) > 0 from marts.load_reconciliation") == [(True,)]


def test_the_headlines_are_read_from_the_published_file(told):
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
    warehouse.build("again", selection=TESTS_OF_PRODUCTS, say=lambda line: None)
    said = refused("again")
    assert "dbt test sound_products: " in said
    assert "Broken: one row per product_id (2 rows)." in said
    spoil("create table once as select distinct * from marts.products; delete from marts.products")
    spoil("insert into marts.products from once; drop table once")
    warehouse.build("again", selection=TESTS_OF_PRODUCTS, say=lambda line: None)
    assert publish.publish("again").flipped is False


def test_a_vendor_that_breaks_its_promise_leaves_the_old_version(told):
    from ingestion.retailcrm.expectations import SUITES

    vendor = next(vendor for vendor in vendors() if vendor.name == "retailcrm")
    assert SUITES["orders"].error
    spoil(
        "create table kept as from staging.base_retailcrm__orders; update staging.base_retailcrm__orders set total_amount = -100"
    )
    promises.check_vendor(vendor, ["orders"])
    assert "retailcrm orders: total_amount" in refused("again")
    spoil("delete from staging.base_retailcrm__orders; insert into staging.base_retailcrm__orders from kept; drop table kept")
    promises.check_vendor(vendor, ["orders"])
    assert publish.publish("again").flipped is False


def test_documents_that_do_not_add_up_leave_the_old_version(told):
    spoil("update marts.load_reconciliation set is_balanced = false where resource = 'orders'")
    assert "retailcrm/main orders: received" in refused("again")
    spoil("update marts.load_reconciliation set is_balanced = true where resource = 'orders'")
    assert publish.publish("again").flipped is False


def test_a_vendor_that_is_down_is_named_and_the_others_are_in(told, monkeypatch, capsys, cheap):
    # The sandbox is started again with a clock of the next day; the vendor that is down points at a port where nobody listens.
    clock = told.data / "sandbox" / "clock"
    clock.write_text("2026-11-01T23:00:00+00:00", encoding="utf-8")
    monkeypatch.setattr(raw_assets, "RETRY_AFTER_SECONDS", 0)
    for name in [name for name in os.environ if name.startswith("SOURCES__")]:
        monkeypatch.delenv(name)
    unsettled = stand_in._wait_for

    def settle(process):
        running = unsettled(process)
        prefix = f"SOURCES__{DOWN.upper()}__"
        down = {f"{prefix}BASE_URL": "http://127.0.0.1:9", f"{prefix}RETRY_PAUSE_SECONDS": "0.01"}
        return {**running, "environment": {**running["environment"], **down}}

    monkeypatch.setattr(stand_in, "_wait_for", settle)
    assert refresh.main(RETAILER) == 1
    said = capsys.readouterr()
    assert (
        f"Published, but not with everybody's news: {DOWN}/main is stale, its data goes through 2026-10-31 23:00 UTC" in said.err
    )
    assert versions.current().previous_version == told.version.version
    assert versions.current().stale_sources.startswith(f"{DOWN}/main is stale")
    through = {standing.vendor.name: f"{standing.through:%Y-%m-%d}" for standing in contacts.standings()}
    assert through == {name: "2026-10-31" if name == DOWN else "2026-11-01" for name in through}
    with duckdb.connect(str((versions.published() / "omnimart.duckdb").resolve()), read_only=True) as connection:
        stale = connection.execute("select source_system from marts.source_freshness where is_stale").fetchall()
        newest = connection.execute("select max(ordered_at) > timestamp '2026-10-31 23:00:00' from marts.orders").fetchone()
    assert (stale, newest) == ([(DOWN,)], (True,))
    assert runs()[0].status is dg.DagsterRunStatus.FAILURE
    kept = report.path(runs()[0].run_id).read_text(encoding="utf-8")
    assert f"s  FAILED: {DOWN}/main " in kept
    assert kept in said.out  # at the terminal too
    assert runs()[0].tags["omnimart/reported"] == "yes"
    secrets = [
        value
        for name, value in json.loads((told.data / "sandbox" / "server.json").read_text())["environment"].items()
        if "KEY" in name
    ]
    assert [secret for secret in secrets if secret in said.out + said.err] == []


def test_a_replay_judges_the_quarantine_again_without_a_vendor_and_publishes_what_it_mends(told, capsys, cheap):
    """Two orders are set aside as an older contract would have done; the payload of one of them is as the vendor sent it."""
    orders, lake = "staging.base_retailcrm__orders", f"{told.data}/lake/raw_retailcrm/orders/*.parquet"
    sent = f"(select payload from '{lake}' as landed where landed.document_key = orders.document_key limit 1)"
    with duckdb.connect(str(exports.warehouse())) as connection:
        newest = connection.execute(f"select document_key from {orders} order by version_at desc, 1 limit 2").fetchall()
        mended, broken = (key for (key,) in newest)
        for key, payload in ((mended, sent), (broken, "'[]'")):
            connection.execute(f"update {orders} as orders set is_accepted = false, problem = 'status: was not known', "
                               f"problem_column = 'status', rejected_payload = {payload} where document_key = '{key}'")
        connection.execute("insert into intermediate.int_rejections by name select source_system, source_account, resource, document_key, "
                           f"version_at, load_id, loaded_at, problem, problem_column, true as is_open from {orders} where not is_accepted")
    asked, before = contacts.standings(), versions.current()
    assert replay.main(["retailcrm", "orders"]) == 0
    said = capsys.readouterr().out
    assert "2 records were in quarantine: 1 are accepted now, 1 are still rejected." in said
    assert f"accepted   retailcrm/main orders {mended}\n" in said
    assert f"rejected   retailcrm/main orders {broken} (of " in said
    assert "UTC): payload: not an object" in said
    assert contacts.standings() == asked
    assert versions.current().previous_version == before.version
    assert set(read("select source_record_id, reason, status from marts.quarantine")) == {
        (mended, "status: was not known", "replayed"), (broken, "payload: not an object", "open")}
    assert read(f"select source_record_id from marts.orders where source_record_id in ('{mended}', '{broken}')") == [(mended,)]
    assert replay.main(["usedesk"]) == 0
    assert "Nothing of usedesk is in quarantine; nothing was built." in capsys.readouterr().out
