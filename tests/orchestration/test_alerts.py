"""Alerts reach a webhook, say what they are about and what to do, and carry no secret."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.accounts import REPOSITORY
from ingestion.vendors import vendors
from orchestration import alerts, audits, gate, next_steps, promises, run_events, schedules, subjects
from orchestration.audits import Finding
from orchestration.manifest import manifest
from orchestration.run_events import Fault

NIGHT = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)


def test_the_log_is_told_always(caplog):
    assert alerts.send(alerts.Alert("run-1", "refresh_warehouse", "published", "Not published.")) == ["log"]
    assert caplog.messages == ["refresh_warehouse published (run run-1): Not published."]


def test_the_webhook_gets_the_sentence(webhook):
    assert alerts.send(alerts.Alert("run-1", "refresh_warehouse", "published", "Not published.")) == ["log", "webhook"]
    assert webhook == [
        {"project": "omnimart", "run_id": "run-1", "job": "refresh_warehouse", "step": "published", "text": "Not published.", "about": [],
         "next_step": ""}
    ]


def test_no_secret_leaves_in_an_alert(webhook, monkeypatch, caplog):
    monkeypatch.setenv("SOURCES__SHOP__API_KEY", "s3cr3t-key")
    alerts.send(alerts.Alert("run-1", "refresh_warehouse", "land", "401 for https://shop.test/api?apiKey=s3cr3t-key"))
    assert webhook[0]["text"] == "401 for https://shop.test/api?apiKey=…"
    assert "s3cr3t-key" not in caplog.text
    assert "T0P-SECRET" not in caplog.text


def test_a_secret_of_the_secrets_file_does_not_leave_either(webhook, monkeypatch, tmp_path):
    (tmp_path / "secrets.toml").write_text('[sources.shop.second]\ntoken = "t0ken-of-file"\n', encoding="utf-8")
    monkeypatch.setenv("OMNIMART_SECRETS", str(tmp_path / "secrets.toml"))
    alerts.send(alerts.Alert("run-1", "refresh_warehouse", "land", "401 with t0ken-of-file"))
    assert webhook[0]["text"] == "401 with …"


def test_a_broken_webhook_hides_nothing(monkeypatch, caplog):
    monkeypatch.setenv("OMNIMART_ALERT_WEBHOOK", "http://127.0.0.1:1/hooks/T0P-SECRET")
    assert alerts.send(alerts.Alert("run-1", "refresh_warehouse", "published", "Not published.")) == ["log"]
    assert caplog.messages[-1] == "The alert could not be sent by webhook: URLError"


def test_a_failed_check_names_the_table_its_rows_and_the_next_step(warehouse, webhook, parsed):
    warehouse([("o1", 1.0), ("o2", 2.0), ("o3", 3.0)])
    orders = next(name for name, node in manifest()["nodes"].items() if node.get("attached_node") == "model.omnimart.orders")
    vendor = vendors()[0]
    audits.record([
        Finding(orders, gate.DBT, False, sentence="dbt test sound_orders: Broken.", numbers={"failures": 2}),
        Finding(f"{vendor.name}.people", promises.KIND, False, sentence=f"{vendor.name} people: too few.",
                numbers={"rows": 1200, "rejected": 7}),
        Finding("test.omnimart.only_odd", gate.DBT, False, blocks=False, numbers={"failures": 1}),
    ])
    said = "The warehouse did not stand its tests; nothing is published. dbt test sound_orders: Broken."
    alerts.send(alerts.about(subjects.BUILD, "run-1", "refresh_warehouse", said))
    alerts.send(alerts.about(subjects.PROMISES, "run-1", "refresh_warehouse", f"{vendor.name} people: too few."))
    alerts.send(alerts.about(subjects.PUBLISHED, "run-1", "refresh_warehouse", "Not published. dbt test sound_orders: Broken."))
    orders = {"vendor": "", "asset": "marts/orders", "rows": "2 of 3 rows"}
    people = {"vendor": vendor.name, "asset": f"raw_{vendor.name}/people", "rows": "1200 rows of its newest loads, 7 rejected"}
    assert [told["about"] for told in webhook] == [[orders], [people], [orders, people]]
    assert webhook[0]["next_step"] == (
        "Mend the cause, then `make refresh`; yesterday's marts stay published meanwhile. docs/operations.md, “A check failed”.")


def test_a_stale_vendor_is_named_with_what_it_brought(own_data, webhook, clock_at, contact, monkeypatch, caplog):
    clock_at(NIGHT)
    vendor, other = vendors()[:2]
    for one in (vendor, other):
        for setting in one.required_settings:
            monkeypatch.setenv(f"SOURCES__{one.name.upper()}__{(setting if isinstance(setting, str) else setting[0]).upper()}", "http://a.test")
    contact(vendor.name, NIGHT - timedelta(days=1), documents=321)
    contact(vendor.name, NIGHT, status="failed", error=f"{vendor.name}/main: orders answered 503 five times.")
    contact(other.name, NIGHT)
    alerts.send(alerts.about(subjects.ANSWERED, "run-1", "refresh_warehouse", "Published, but not with everybody's news."))
    assert webhook[0]["about"] == [
        {"vendor": f"{vendor.name}/main", "asset": f"raw_{vendor.name}", "rows": "321 documents when it last answered"}]
    assert webhook[0]["next_step"].endswith("docs/operations.md, “A vendor is down”.")
    assert f"{vendor.name}/main raw_{vendor.name}: 321 documents when it last answered." in caplog.text


def test_what_an_alert_is_about_may_not_be_known_and_it_goes_out(own_data, webhook, monkeypatch):
    monkeypatch.setattr(subjects, "subjects", lambda *_: 1 / 0)
    alerts.send(alerts.about(subjects.PUBLISHED, "run-1", "refresh_warehouse", "OSError: No space left on device"))
    assert (webhook[0]["about"], webhook[0]["next_step"]) == (
        [{"vendor": "", "asset": "published/omnimart", "rows": "row counts could not be found out"}],
        "Make room, then `make refresh`. docs/operations.md, “The disk is filling”.")


@pytest.mark.parametrize("heading", next_steps.NEXT)
def test_every_next_step_stands_in_the_documents(heading):
    headings = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8").splitlines()
    assert f"## {heading}" in headings


def test_every_step_of_every_job_has_a_hook_a_subject_and_a_heading(parsed, webhook):
    """A new asset, or a new job, that nobody gave them fails here. Nothing was ever landed, built or published."""
    from orchestration.definitions import defs

    jobs = [job for job in defs.resolve_all_job_defs() if not job.name.startswith("__")]
    steps = {(job.name, node.name) for job in jobs for node in job.nodes}
    landings = {f"land_{vendor.name}": vendor.name for vendor in vendors()}
    assert {job.name for job in jobs if alerts.report_failed_step not in job.hook_defs} == set()
    assert {step for job, step in steps if job == schedules.JOB} >= landings.keys()
    assert {step for _, step in steps} - landings.keys() - subjects.STEPS.keys() == set()
    assert {step for _, step in steps} - landings.keys() - next_steps.STEPS.keys() == set()
    days = {"vendor": vendors()[0].name, "first_day": "2026-10-01", "last_day": "2026-10-31"}
    config = {"ops": {subjects.AGAIN: {"config": days}}}
    for job, step in sorted(steps):
        told = alerts.about(step, "run-1", job, "It failed.", config=config)
        assert (job, step, [one for one in told.about if not (one.asset and one.rows)], bool(told.about)) == (job, step, [], True)
        assert job != schedules.BACKFILL or told.about[0].rows.startswith("days 2026-10-01 … 2026-10-31, 0 documents")
        assert step not in landings or told.about[0].vendor == landings[step]
        assert "could not be found out" not in told.told
        assert told.next_step.partition("docs/operations.md, “")[2].removesuffix("”.") in next_steps.NEXT


def test_a_step_that_nobody_gave_a_subject_is_told_all_the_same(own_data, webhook):
    with pytest.raises(KeyError):
        subjects.subjects(Fault("new__asset", "It failed."))
    alerts.send(alerts.about("new__asset", "run-1", schedules.JOB, "It failed."))
    assert webhook[0]["about"] == [{"vendor": "", "asset": "new/asset", "rows": "row counts could not be found out"}]
    assert webhook[0]["next_step"].endswith("docs/operations.md, “A step broke off”.")


@pytest.mark.parametrize(("step", "text", "kind", "wanted"), [
    (subjects.HOUSEKEEPING, "Housekeeping broke off at raw_a/b: 31 files become 1: bytes differ.", "", next_steps.HOUSE),
    (subjects.HOUSEKEEPING, "Invalid Input Error: no magic bytes", "InvalidInputException", next_steps.HOUSE),
    (subjects.HOUSEKEEPING, "[Errno 28] No space left on device", "OSError", "The disk is filling"),
    (subjects.MODEL, "There is no warehouse under data yet.", "", next_steps.IDENTITY),
    (subjects.DIFF, "'x'", "KeyError", next_steps.IDENTITY),
    (subjects.AGAIN, "acme 2026-10-01 … 2026-10-31 was not read again to its end: 503.", "", next_steps.BACKFILLED),
    (subjects.AGAIN, "'x'", "KeyError", next_steps.BROKE),
    (subjects.BUILD, "The warehouse did not stand its tests; nothing is published. dbt test sound_orders: Got 2.", "", next_steps.CHECK),
    (subjects.BUILD, "The warehouse did not stand its tests; nothing is published. dbt model orders: Binder Error.", "", next_steps.BROKE),
    (subjects.BUILD, "dbt stopped before the warehouse was built: IO Error: The file is not a valid DuckDB database file!", "",
     next_steps.DAMAGED),
    (subjects.BUILD, "No vendor is switched on, so there is nothing to build and nothing is published.", "", next_steps.SETTING),
    (subjects.PUBLISHED, "Not published. acme/main is stale. (publish_without_for_hours in business_rules.yml)", "", next_steps.VENDOR),
    (subjects.PUBLISHED, "Not published. dbt test sound_orders: Got 2. (publish_without_for_hours in business_rules.yml)", "",
     next_steps.CHECK),
    (subjects.PUBLISHED, "Not published. acme is required (vendors.required in business_rules.yml)", "", next_steps.SETTING),
    (subjects.PUBLISHED, "Version v1 is not under data/published any more.", "", next_steps.RESTORED),
    (subjects.PUBLISHED, "[Errno 13] Permission denied", "PermissionError", next_steps.BROKE),
    ("land_acme", "SOURCES__ACME__API_KEY is missing.", "SettingError", next_steps.SETTING),
    ("land_acme", "acme/main is half configured: SOURCES__ACME__BASE_URL is missing.", "", next_steps.SETTING),
    ("land_acme", "'x'", "KeyError", next_steps.BROKE),
    (subjects.ANSWERED, "Published, but not with everybody's news: acme/main is stale.", "", next_steps.VENDOR),
    (run_events.RUN, "A refresh is already running on data (process 1 refresh).", "RefreshRunning", next_steps.TWO),
    (run_events.RUN, "The process of this run is gone.", "", next_steps.KILLED),
    (subjects.BUILD, run_events.ENDED, run_events.INTERRUPTED, next_steps.KILLED),
    (subjects.BEFORE, "schedule.refresh_at is no time.", "RuleError", next_steps.SETTING),
])
def test_a_fault_has_the_heading_that_says_what_to_do(step, text, kind, wanted):
    assert next_steps.heading(Fault(step, text, kind), schedules.JOB) == wanted


def test_a_failed_backfill_names_its_vendor_its_days_and_what_came(own_data, webhook):
    vendor = vendors()[0]
    note = {"source_system": vendor.name, "refresh_id": "run-1", "load_ids": ["1.0"], "documents": {"orders": 7, "people": 2}}
    unfinished = note | {"load_ids": ["2.0"], "documents": {"orders": 100}}
    for folder, name, rows in (("backfills", "a.json", [note]), ("backfills", "b.json", [unfinished]),
                               (f"{vendor.dataset}/_dlt_loads", "1.jsonl", [{"load_id": "1.0", "status": 0}])):
        (own_data / "lake" / folder).mkdir(parents=True, exist_ok=True)
        (own_data / "lake" / folder / name).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    asked = {"vendor": vendor.name, "account": "main", "first_day": "2026-10-01", "last_day": "2026-10-31", "resources": ["orders"]}
    config = {"ops": {subjects.AGAIN: {"config": asked}}}
    for step in (subjects.AGAIN, run_events.RUN):
        alerts.send(alerts.about(step, "run-1", schedules.BACKFILL, "It was not read again to its end.", config=config))
    window = {"vendor": f"{vendor.name}/main", "asset": f"{vendor.dataset}/orders",
              "rows": "days 2026-10-01 … 2026-10-31, 9 documents came"}
    assert [told["about"][0] for told in webhook] == [window, window]
    assert [told["next_step"] for told in webhook] == [
        "Mend what it names and start the same backfill again; the nights go on meanwhile. "
        f"docs/operations.md, “{next_steps.BACKFILLED}”."] * 2


def test_housekeeping_that_failed_names_the_list_and_its_rows(own_data, webhook):
    vendor = vendors()[0]
    (folder := own_data / "lake" / vendor.dataset / "orders").mkdir(parents=True)
    for number in range(2):
        pq.write_table(pa.table({"payload": ["{}"] * 3}), folder / f"{number}.parquet")
    text = f"Housekeeping broke off at {vendor.dataset}/orders: 2 files become 1, about 0.1 MB: reading them back gave 5."
    alerts.send(alerts.about(subjects.HOUSEKEEPING, "run-1", schedules.JOB, text))
    assert webhook[0]["about"] == [
        {"vendor": vendor.name, "asset": f"{vendor.dataset}/orders", "rows": "6 documents in 2 files of Parquet"}]
