"""Metrica's documents through staging: translation, re-read days, quarantine."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import duckdb

from ingestion.accounts import Account
from ingestion.contact import refresh_account
from ingestion.yandex_metrica import VENDOR
from orchestration.dbt import run_dbt
from orchestration.exports import warehouse
from sandbox.faults import Poison

SELECTED = ["--select", "path:models/staging/yandex_metrica", "url_identifiers"]
SECOND = "%Y-%m-%d %H:%M:%S"
ANNA, BORIS, GUEST = "17606471059053862401", "9007199254740993", "17606471059053862403"
V = "44147844:2026:650000000000000"
W = "750000000000000"
LETTER = "https://shop.example/catalog?utm_source=mindbox&utm_medium=email&utm_campaign=o'hara&mindboxid=100"


def night(refresh_id: str) -> None:
    """Load, then build Metrica's staging."""
    report = refresh_account(VENDOR, Account(VENDOR.name), refresh_id=refresh_id, budget=timedelta(minutes=2), say=lambda _: None)
    assert report.error == ""
    outcome = run_dbt(["build", *SELECTED], refresh_id=refresh_id)
    assert outcome.success, (outcome.error, outcome.failed)


def rows(sql: str) -> list[tuple[Any, ...]]:
    """What staging holds."""
    with duckdb.connect(str(warehouse()), read_only=True) as connection:
        return connection.sql(sql).fetchall()


def test_two_nights_are_translated(own_data, parsed_project, serve):
    shutil.copytree(parsed_project / "dbt" / "target", own_data / "dbt" / "target", dirs_exist_ok=True)
    running = serve()
    night("r1")
    sessions = (f"select source_record_id, client_id, strftime(started_at, '{SECOND}'), strftime(ended_at, '{SECOND}'), raw_device, "
                "raw_traffic_source, utm_campaign, is_new_visitor, pageviews from staging.stg_yandex_metrica__sessions order by started_at")
    last_year = ("44147844:2025:6500000000000000001", GUEST, "2025-10-30 10:00:00", "2025-10-30 10:05:00", "2", "organic", None, True, 2)
    september = (f"{V}0006", BORIS, "2026-09-01 12:00:00", "2026-09-01 12:10:00", "2", "organic", None, True, 2)
    bought = (f"{V}0002", ANNA, "2026-10-29 09:00:00", "2026-10-29 09:20:00", "2", "email", "o'hara", True, 2)
    over_midnight = (f"{V}0003", BORIS, "2026-10-29 20:58:00", "2026-10-29 21:10:00", "1", "messenger", None, False, 2)
    again = (f"{V}0001", BORIS, "2026-10-28 10:00:00", "2026-10-28 10:05:00", "2", "organic", None, True, 2)
    early = (f"{V}0004", GUEST, "2026-10-30 12:00:00", "2026-10-30 12:10:00", "2", "organic", None, True, 1)
    robot = (f"{V}0005", GUEST, "2026-10-30 13:00:00", "2026-10-30 13:01:00", "2", "organic", None, True, 2)
    assert rows(sessions) == [last_year, september, again, bought, over_midnight, early, robot]
    assert rows("select distinct attribution_model, session_kind from staging.stg_yandex_metrica__sessions") == [
        ("cross_device_last_significant", "web")]
    assert rows(f"select landing_url, city from staging.stg_yandex_metrica__sessions where client_id = '{ANNA}'") == [
        (LETTER, "Санкт-Петербург\tи область")]
    events = (f"select source_record_id, event, strftime(happened_at, '{SECOND}')[12:], product_reference, quantity, amount::varchar, "
              f"order_number, goal from staging.stg_yandex_metrica__session_events where session_record_id = '{V}0002' "
              "order by happened_at, event")
    assert rows(events) == [
        (f"{W}0001:page_view", "page_view", "09:00:00", None, None, None, None, None),
        (f"{W}0002:login", "login", "09:01:00", None, None, None, None, None),
        (f"{W}0003:product_view:1:1", "product_view", "09:02:00", "КРУЖКА-1", 1.0, "410.50", None, None),
        (f"{W}0004:cart_add:1:1", "cart_add", "09:03:00", "КРУЖКА-1", 3.0, "1231.50", None, None),
        (f"{W}0005:cart_remove:1:1", "cart_remove", "09:04:00", "КРУЖКА-1", 1.0, "410.50", None, None),
        (f"{W}0006:checkout:1", "checkout", "09:05:00", None, None, None, None, None),
        (f"{V}0002:goal:1", "goal", "09:10:00", None, None, "1234.56", None, "Заказ оформлен"),
        (f"{V}0002:purchase:1", "purchase", "09:10:00", None, None, "1234.56", "web-51", None)]
    # The goal was reached after midnight of the counter's zone; its value 0 says that it has none.
    assert rows(f"select strftime(happened_at, '{SECOND}'), amount, goal from staging.stg_yandex_metrica__session_events "
                f"where session_record_id = '{V}0003' and event = 'goal'") == [("2026-10-29 21:05:00", None, "Заказан звонок")]
    assert rows("select device_key, evidence_type, identifier_type, identifier_namespace, identifier_value, session_record_id "
                "from staging.stg_yandex_metrica__device_evidence order by 2") == [
        (ANNA, "login", "source_record", "shop", "shop-7", f"{V}0002"),
        (ANNA, "message_click", "source_record", "mindboxid", "100", f"{V}0002"),
        (ANNA, "order", "order_number", None, "web-51", f"{V}0002")]

    # A second night: the early visit is settled, the robot's is gone, a new day is there; and some records come spoiled.
    running.sandbox.advance(days=1)
    poison(running.sandbox.tampering.plant)
    night("r2")
    settled = (*early[:-1], 5)
    today = (f"{V}0007", BORIS, "2026-10-31 21:30:00", "2026-10-31 21:40:00", "2", "organic", None, True, 2)
    # A visit whose new version is broken keeps its good one; a line that cannot be read takes its visit along until it can.
    assert rows(sessions) == [last_year, september, again, bought, settled, today]
    # The hits of the visit that vanished are gone with it; a purchase without a told revenue is a hole.
    assert rows(f"select event, amount, order_number from staging.stg_yandex_metrica__session_events where client_id = '{GUEST}' "
                f"or session_record_id = '{V}0007' order by happened_at, event") == [
        ("page_view", None, None), ("page_view", None, None), ("purchase", None, "web-100")]
    assert rows("select resource, problem, left(document_key, 7), coalesce(rejected_payload like '{\"line\":\"6500000000000000003%', false)"
                " from staging.stg_yandex_metrica__verdicts where not is_accepted order by 1, 2") == [
        ("hits", "watch_id: missing", "sha256:", False), ("visits", "started_at: not a time", "4414784", False),
        ("visits", "visit_id: missing", "sha256:", True)]
    assert rows(f"select event from staging.stg_yandex_metrica__session_events where source_record_id like '{W}0003%'") == []


def poison(plant: Callable[[Poison], None]) -> None:
    """One of each kind, in the days that are read again."""
    visits, hits = ("yandex_metrica", "visits"), ("yandex_metrica", "hits")
    plant(Poison(*visits, "6500000000000000002", set={"ym:s:dateTime": "0000-00-00 00:00:00", "ym:s:pageViews": "99"}))
    plant(Poison(*visits, "6500000000000000003", set={"ym:s:startURL": "https://shop.example/\t\t"}))
    plant(Poison(*hits, "7500000000000000003", set={"ym:pv:ecommerce": '[{"detail":{"products":[{"id":'}))
    plant(Poison(*hits, "7500000000000000009", set={"ym:pv:watchID": ""}))
