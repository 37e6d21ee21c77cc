"""The order of the walk in Dagster: what a failure stops, and what it does not. Vendors, dbt and publishing are stood in for."""

import errno
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import dagster as dg
import duckdb
import pytest

from ingestion import backfill
from ingestion.accounts import Account
from ingestion.contact import AccountReport
from ingestion.vendors import NAMES, vendors
from orchestration import backfill_asset, contacts, extraction, gate, promises, publish, raw_assets, rebuild, schedules, shortage, warehouse
from orchestration.audits import Finding
from orchestration.dbt import DbtOutcome, NodeOutcome

NIGHT = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)


def settings_of(vendor):
    """The variables that switch a vendor's account on, by its own spec: a new vendor changes nothing here."""
    wanted = (name if isinstance(name, str) else name[0] for name in vendor.required_settings)
    return [Account(vendor.name).variable(name) for name in wanted]


@pytest.fixture
def walk(parsed, monkeypatch, clock_at, contact):
    """walk() runs the job on stand-ins; its attributes say how they behave, `published` what was published."""
    from orchestration.definitions import defs
    from orchestration.manifest import manifest

    clock_at(NIGHT)
    for variable in (name for vendor in vendors() for name in settings_of(vendor)):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    stand_in = SimpleNamespace(down=set(), failed_test=False, broken_promise=False, published=[], contacted=[], went_on=[])
    # Of each model's tests a few stand for all 250: nothing that follows hangs on how many there are, and Dagster writes down each.
    tests = [unique_id for unique_id in manifest()["nodes"] if unique_id.startswith("test.")][-12:]
    models = [unique_id for unique_id in manifest()["nodes"] if unique_id.startswith(("model.", "seed."))]

    def refresh_account(vendor, account, *, refresh_id, budget, say):
        stand_in.contacted.append(vendor.name)
        error = f"{vendor.name}/main: orders answered 503 five times." if vendor.name in stand_in.down else ""
        status = "failed" if error else "success"
        contact(vendor.name, NIGHT, status=status, error=error)
        return AccountReport(
            vendor.name, "main", refresh_id, NIGHT, NIGHT, status, error, {"orders": 1}, (), NIGHT, NIGHT, 0.0, 0.0
        )

    def run_dbt(args, *, refresh_id, on_event=None, say=print):
        stand_in.went_on.append((parsed / "warehouse.duckdb").exists())
        duckdb.connect(str(parsed / "warehouse.duckdb")).close()
        nodes = [NodeOutcome(unique_id, "success", "", 0.1, None) for unique_id in models]
        nodes += [NodeOutcome(unique_id, "pass", "", 0.1, 0) for unique_id in tests]
        if stand_in.failed_test:
            nodes[-1] = NodeOutcome(tests[-1], "fail", "Got 2 results, configured to fail if != 0", 0.1, 2)
        return DbtOutcome(not stand_in.failed_test, tuple(nodes), None)

    def check_vendor(vendor, resources, warehouse):
        broken = stand_in.broken_promise and vendor.name == NAMES[0]
        sentence = f"{vendor.name} orders: amount below 0." if broken else ""
        return [
            Finding(f"{vendor.name}.{resource}", promises.KIND, not sentence, bool(sentence), sentence) for resource in resources
        ]

    def publish_it(refresh_id):
        stand_in.published.append(refresh_id)
        version = SimpleNamespace(version="v1", tables=1, rows=1, audits_passed=1)
        return publish.Outcome(version, True, ("marts.orders",), "Version v1 is published.")

    monkeypatch.setattr(extraction, "refresh_account", refresh_account)
    monkeypatch.setattr(warehouse, "run_dbt", run_dbt)
    monkeypatch.setattr(promises, "check_vendor", check_vendor)
    monkeypatch.setattr(publish, "publish", publish_it)
    monkeypatch.setattr(raw_assets, "RETRY_AFTER_SECONDS", 0)
    monkeypatch.setattr("orchestration.headlines.lines", list)
    parsed.mkdir(exist_ok=True)
    duckdb.connect(str(parsed / "warehouse.duckdb")).close()

    def run(job=schedules.JOB, config=None):
        with dg.DagsterInstance.ephemeral() as instance:
            result = defs.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False, run_config=config)
            tags = instance.get_run_by_id(result.run_id).tags
        failed = [event for event in result.all_events if event.is_step_failure]
        failures = {event.step_key: getattr(event.step_failure_data.user_failure_data, "description", None) for event in failed}
        return SimpleNamespace(success=result.success, failures=failures, tags=tags, events=result.all_events)

    stand_in.run = run
    return stand_in


def test_a_failed_dbt_test_stops_publishing(walk):
    walk.failed_test = True
    ended = walk.run()
    assert (ended.success, walk.published) == (False, [])
    assert list(ended.failures) == ["build_warehouse"]
    assert "Got 2 results" in ended.failures["build_warehouse"]
    assert ended.tags["omnimart/reported"] == "yes"
    assert any(finding.kind == gate.DBT and not finding.passed for finding in warehouse.audits.findings())


def test_a_broken_promise_stops_publishing(walk):
    walk.broken_promise = True
    ended = walk.run()
    assert (ended.success, walk.published) == (False, [])
    assert ended.failures == {
        "vendors_keep_their_promises": "A vendor did not keep its promise; nothing is published. "
        + " ".join(f"{NAMES[0]} orders: amount below 0." for _ in range(len(promises.vendors()[0].resources)))
    }


def test_a_vendor_that_is_down_stops_nothing_and_ends_red(walk):
    walk.down = {NAMES[2]}
    ended = walk.run()
    assert (ended.success, len(walk.published)) == (False, 1)
    assert ended.failures == {
        "every_vendor_answered": (
            f"Published, but not with everybody's news: {NAMES[2]}/main has never answered: orders answered 503 five times. "
            "The next run catches up."
        )
    }
    assert sorted(walk.contacted) == sorted([*NAMES, NAMES[2]])  # asked again once, and only the one that failed
    answered = {
        (event.asset_check_evaluation_data.asset_key.path[0], event.asset_check_evaluation_data.passed)
        for event in ended.events
        if event.event_type_value == "ASSET_CHECK_EVALUATION" and event.asset_check_evaluation_data.check_name == raw_assets.CHECK
    }
    assert answered == {(f"raw_{name}", name != NAMES[2]) for name in NAMES}


def test_a_fault_nobody_foresaw_fails_its_account_only(own_data, monkeypatch, clock_at):
    clock_at(NIGHT)
    vendor = vendors()[0]
    for variable in settings_of(vendor):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")

    def changed_answer(*_, **__):
        raise RuntimeError("dlt") from KeyError("orders")

    monkeypatch.setattr(extraction, "refresh_account", changed_answer)
    report = extraction._read(vendor, vendor.accounts()[0], refresh_id="night-1", budget=timedelta(0), say=print)
    assert (report.succeeded, report.error) == (False, f"{vendor.name}/main: reading it met an unforeseen KeyError: 'orders'")
    assert [standing.error for standing in contacts.standings()] == [report.error]


@pytest.mark.parametrize(("fault", "heading"), [
    (OSError(errno.ENOSPC, "No space left on device"), shortage.DISK),
    (duckdb.IOException('Could not write file "x.tmp": No space left on device'), shortage.DISK),
    (MemoryError(), shortage.MEMORY),
    (duckdb.OutOfMemoryException("Out of Memory Error: could not allocate block of size 256.0 KiB"), shortage.MEMORY),
    (RuntimeError(r'{"exception_type":"Serialization","exception_message":"Failed to parse JSON string: {\"exception_type\":'
                  r'\"Out of Memory\",\"exception_message\":\"Allocation failure\"}"}'), shortage.MEMORY),
    (RuntimeError("can't start new thread"), shortage.MEMORY),
], ids=repr)
def test_what_the_machine_lacks_is_no_vendors_fault(monkeypatch, fault, heading):
    def lacks(*_, **__):
        raise RuntimeError("dlt") from fault

    monkeypatch.setattr(extraction, "refresh_account", lacks)
    with pytest.raises(RuntimeError, match="dlt") as raised:
        extraction._read(vendors()[0], Account(NAMES[0]), refresh_id="night-1", budget=timedelta(0), say=print)
    assert heading in shortage.sentence(raised.value)
    with pytest.raises(dg.Failure, match=heading) as failed, shortage.as_failure():
        raise raised.value
    assert shortage.next_step(failed.value.description) == ""


def test_without_any_vendor_nothing_is_built_and_nothing_is_published(walk, monkeypatch):
    for variable in (name for vendor in vendors() for name in settings_of(vendor)):
        monkeypatch.delenv(variable)
    ended = walk.run()
    assert (ended.success, walk.published, list(ended.failures)) == (False, [], ["build_warehouse"])
    assert ended.failures["build_warehouse"].startswith("No vendor is switched on, so there is nothing to build and nothing is published.")


@pytest.mark.parametrize(("job", "goes_on"), [(schedules.REPLAY, True), (schedules.REBUILD, False)])
def test_from_the_lake_alone_nobody_is_asked_and_only_a_rebuild_begins_with_an_empty_warehouse(walk, job, goes_on):
    ended = walk.run(job)
    assert (ended.success, len(walk.published), walk.contacted) == (True, 1, [])
    assert walk.went_on == [goes_on]


def test_without_a_lake_there_is_nothing_to_rebuild_from(own_data, capsys):
    assert rebuild.main([]) == 1
    assert f"no vendor was ever read into {own_data}/lake. `make refresh` reads them." in capsys.readouterr().err


@pytest.fixture
def again(walk, monkeypatch):
    """again(errors, **config): the job `backfill`; `asked` is what the vendor was asked for."""
    vendor = next(one for one in vendors() if any(resource.window for resource in one.resources))
    asked = []

    def run(*errors, **config):
        def read(wanted, *, refresh_id, say):
            asked.append(wanted)
            return backfill.Backfilled({wanted.resources[0]: 7}, ["1.0"], list(errors))

        monkeypatch.setattr(backfill, "backfill", read)
        days = {"vendor": vendor.name, "first_day": "2026-10-01", "last_day": "2026-10-31"}
        ended = walk.run(schedules.BACKFILL, {"ops": {backfill_asset.STEP: {"config": days | config}}})
        return SimpleNamespace(ended=ended, asked=asked, vendor=vendor, published=walk.published, contacted=walk.contacted)

    return run


def test_a_backfill_asks_nobody_else_and_is_built_and_published(again):
    done = again(account="main")
    assert (done.ended.success, len(done.published), done.contacted) == (True, 1, [])
    [asked] = done.asked
    assert (asked.vendor.name, asked.window.until - asked.window.since) == (done.vendor.name, timedelta(days=31))
    assert asked.resources == tuple(one.name for one in done.vendor.resources if one.window)
    [landed] = [event.materialization for event in done.ended.events
                if event.is_step_materialization and event.asset_key == backfill_asset.KEY]
    assert landed.metadata["read_again"].value == f"{done.vendor.name} 2026-10-01 … 2026-10-31"
    assert landed.metadata["documents"].value == 7


@pytest.mark.parametrize(("errors", "config", "sentence"), [
    (("acme/main orders: answered 503.",), {}, "was not read again to its end: acme/main orders: answered 503. What came before"),
    ((), {"first_day": "1 October"}, "first_day is '1 October', which is no day; write it as 2026-10-31. Nothing was read."),
])
def test_a_backfill_that_cannot_be_read_builds_and_publishes_nothing(again, errors, config, sentence):
    done = again(*errors, **config)
    assert (done.ended.success, done.published, list(done.ended.failures)) == (False, [], [backfill_asset.STEP])
    assert sentence in done.ended.failures[backfill_asset.STEP]
