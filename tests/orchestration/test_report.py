"""The one screen about a refresh: of runs with real events in Dagster, over warehouses and versions made by hand."""

import dagster as dg
import duckdb
import pytest

from orchestration import exports, publish, report, screen

REJECTED = [("orders", "1", "total is no number", "open"), ("orders", "2", "total is no number", "open"),
            ("people", "3", "no id", "open"), ("people", "4", "no id", "replayed")]
AS_BUILT = """
create table marts.quarantine (source_system varchar default 'shop', source_account varchar default 'main', resource varchar,
    source_record_id varchar, reason varchar, status varchar, version_at timestamp default timestamp '2026-10-31');
create table marts.vendor_fields (source_system varchar, resource varchar, field_path varchar, field_type varchar, is_read_by_us boolean,
    change varchar);
create table marts.unmapped_values as select 'shop' as source_system, 'status' as field, 'lost' as value, 7 as records;
create table marts.identity_events as
    select timestamp '2026-10-31 22:55:00' as event_at, 'created' as event_type, 'c1' as customer_id, null::varchar as other_customer_id;
"""


@pytest.fixture
def built(warehouse):
    """built(refresh_id, orders, rejected, drifted): a warehouse with its quarantine, words, fields and customers."""

    def build(refresh_id, orders, rejected=(), drifted=(), merged=()):
        warehouse(orders, refresh_id=refresh_id)
        with duckdb.connect(str(exports.warehouse())) as connection:
            connection.execute(AS_BUILT)
            for row in rejected:
                connection.execute("insert into marts.quarantine (resource, source_record_id, reason, status) values (?, ?, ?, ?)", row)
            for one in merged:  # at the moment of the first build, as on a clock that stands still
                connection.execute("insert into marts.identity_events values (timestamp '2026-10-31 22:55:00', 'merged', ?, 'c9')", [one])
            for row in drifted:
                connection.execute("insert into marts.vendor_fields values ('shop', 'orders', ?, ?, ?, ?)", row)

    return build


def landing(name, resources, contact="answered", error="", seconds=3.2):
    """The step of a vendor; resources: name -> documents."""

    @dg.multi_asset(name=f"land_{name}", specs=[dg.AssetSpec([f"raw_{name}", resource]) for resource in resources])
    def land():
        for resource, documents in resources.items():
            metadata = {"documents": documents, "contact": contact, "seconds": seconds, **({"error": error} if error else {})}
            yield dg.MaterializeResult(asset_key=[f"raw_{name}", resource], metadata=metadata)

    return land


def ran(instance, *vendors, breaks_off=False):
    """A run of these vendors' steps, a build and its checks; gives its id."""

    key = ["marts", "orders"]
    checks = [dg.AssetCheckSpec(name, asset=key) for name in ("sound", "balanced", "whole")]

    tables = [["marts", name] for name in screen.TABLES.values()]

    @dg.multi_asset(name="build_warehouse", specs=[dg.AssetSpec(one) for one in (key, *tables)], check_specs=checks)
    def build_warehouse():
        if breaks_off:
            raise ValueError("the disk is made of cheese")
        for one in tables:
            yield dg.MaterializeResult(asset_key=one, metadata={"seconds": 0.1})
        yield dg.MaterializeResult(asset_key=key, metadata={"seconds": 2.5})
        for name, passed, severity in (("sound", True, "ERROR"), ("balanced", False, "WARN"), ("whole", False, "ERROR")):
            yield dg.AssetCheckResult(asset_key=key, check_name=name, passed=passed, severity=dg.AssetCheckSeverity(severity))

    return dg.materialize([*vendors, build_warehouse], instance=instance, raise_on_error=False).run_id


def test_what_came_was_rejected_changed_and_took(built):
    with dg.DagsterInstance.ephemeral() as instance:
        built("night-1", [("o1", 10.0)], REJECTED[:1], [("old", "text", False, "added"), ("id", "text", True, None)])
        publish.publish("night-1")
        run_id = ran(
            instance,
            landing("shop", {"orders": 1200, "people": 34}),
            landing("desk", {"tickets": 0}, "failed", "desk/main: 503."),
            landing("till", {"sales": 0}, "switched off", seconds=0.0),
        )
        built(run_id, [("o1", 10.0), ("o2", 5.0), ("o3", 1.0)], REJECTED, [
            ("old", "text", False, "added"), ("id", "text", True, None), ("channel", "object", False, "added"),
            ("total", "text", True, "retyped"), ("total", "number", True, "retyped")], ("c1", "c2", "c3"))
        version = publish.publish(run_id).version.version
        said = report.compose(instance, run_id).splitlines()
    assert said[:3] == [
        f"RED: published version {version}",
        "  why     Not every vendor answered to the end: desk (below). What they told in earlier nights is used.",
        "  do      The next run asks again and catches up; see to the vendor if it stays so. docs/operations.md, “A vendor is down”."]
    assert said[3].startswith(f"run       run {run_id[:8]}, begun ")
    assert said[4:-2] == [
        "came      1 234 documents of 2 vendors",
        "  desk            0     3.2 s  FAILED: desk/main: 503.",
        "  shop        1 234     3.2 s",
        "rejected  2 records, 3 in quarantine in all; 1 words without a mapping",
        "        1 of 2  shop orders: total is no number",
        "        1 of 1  shop people: no id",
        "        7 records  shop status lost",
        "fields    2 changed at vendors since the version before (marts.vendor_fields)",
        "          shop orders added: channel (object)",
        "          shop orders retyped: total (number, text), read by us",
        "customers 3 merged",
        "checks    1 passed, 1 warned, 1 failed",
        "  FAILED  marts.orders: whole",
        "  warned  marts.orders: balanced",
        "changed   4 of 8 tables, by rows",
        "  marts.identity_events: 1 -> 4",
        "  marts.quarantine: 1 -> 4",
        "  marts.order_lines: 1 -> 3",
        "  marts.orders: 1 -> 3",
    ]
    assert said[-2].startswith("took      vendors, side by side ")
    assert "; build_warehouse " in said[-2]
    assert said[-1].startswith("  slowest marts.orders 2.5 s, marts.quarantine 0.1 s, ")
    assert max(map(len, said)) <= screen.WIDEST


def test_a_night_that_published_nothing_says_so(built, own_data):
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = ran(instance, landing("shop", {"orders": 1}), breaks_off=True)
        assert report.compose(instance, run_id).startswith("RED: nothing published, and nothing ever was: readers find no file\n  why ")
        built("night-1", [("o1", 10.0)], REJECTED)
        version = publish.publish("night-1").version
        said = report.compose(instance, run_id).splitlines()
    assert said[:2] == [
        f"RED: nothing published, readers still see version {version.version} of {version.published_at[:16].replace('T', ' ')} UTC",
        "  why     Step build_warehouse met ValueError: the disk is made of cheese"]
    assert said[2].startswith("  do      Start it again: `make refresh`; ")
    assert said[-4:-1] == ["built     not to the end: what this run would have rejected, and its customers, are not known",
                           "checks    none were made", "changed   nothing that is published"]


def test_a_night_that_brought_nothing_new_is_green_and_counts_nobody_twice(built):
    with dg.DagsterInstance.ephemeral() as instance:
        built("night-1", [("o1", 10.0)], REJECTED)
        version = publish.publish("night-1").version
        said = report.compose(instance, ran(instance)).splitlines()
    assert said[0].startswith("GREEN with 1 warning: nothing published, readers still see version " + version.version)
    assert "customers nobody new, merged or split" in said
    assert "rejected  0 records, 3 in quarantine in all; 1 words without a mapping" in said


def test_a_run_that_left_no_end_is_under_way_or_was_killed(own_data, capsys, monkeypatch):
    report.keep("GREEN: night 1", "night-1")
    (own_data / "reports" / ".night-1.txt.half").touch()
    report.begin("night-2")
    assert {file.name for file in (own_data / "reports").iterdir()} == {"night-1.txt", "night-2.txt"}
    assert report.main([]) == 0
    assert capsys.readouterr().out.startswith("UNDER WAY: run night-2, begun ")
    monkeypatch.setattr(report.lock, "is_alive", lambda process: False)
    assert report.main([]) == 0
    said = capsys.readouterr().out
    assert said.startswith("RED: nothing published, and nothing ever was: readers find no file\n  why     Of run night-2, begun ")
    assert "Start it again: `make refresh`. docs/operations.md, “A refresh was killed”." in said
    assert "night 1" not in said


def test_without_room_a_report_goes_where_it_had_its_place(own_data, capsys, monkeypatch):
    report.begin("night-1")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report, "_write", full)
    report.keep("RED: " + "й" * 9000, "night-1")
    assert report.main([]) == 0
    assert capsys.readouterr().out.startswith("RED: ййй")
    assert report.path("night-1").stat().st_size == report.ROOM
    with pytest.raises(OSError, match="No space left"):
        report.keep("RED", "night-2")


def test_reports_are_kept_printed_and_swept(own_data, capsys, monkeypatch):
    assert report.main([]) == 1
    assert "No report of any refresh is kept" in capsys.readouterr().err
    own_data.mkdir()
    (own_data / "rules.yml").write_text("retention: {reports_kept: 2}\n")
    monkeypatch.setenv("OMNIMART_BUSINESS_RULES", str(own_data / "rules.yml"))
    for number in (1, 2, 3):
        report.keep(f"Refresh {number}", f"night-{number}")
    assert report.main([]) == 0
    assert report.main(["night-2"]) == 0
    assert capsys.readouterr().out == "Refresh 3\nRefresh 2\n"
    assert sorted(file.name for file in (own_data / "reports").iterdir()) == ["night-2.txt", "night-3.txt"]
    assert report.main(["night-1"]) == 1


def test_no_secret_leaves_in_a_report(built, monkeypatch):
    monkeypatch.setenv("SOURCES__SHOP__API_KEY", "s3cr3t-key")
    with dg.DagsterInstance.ephemeral() as instance:
        said = report.compose(instance, ran(instance, landing("shop", {"orders": 0}, "failed", "shop/main: 401 for s3cr3t-key.")))
    assert "FAILED: shop/main: 401 for …." in said
    assert "s3cr3t-key" not in said
