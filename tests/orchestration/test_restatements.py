"""Which published numbers moved, and why: two publications of marts made by hand, with a lineage of their own."""

import json
from datetime import UTC, datetime

import duckdb
import pytest

from orchestration import exports, restatements, versions
from orchestration.lineage import Lineage
from orchestration.versions import Version

DAYS = [("2026-10-29", "email", 100, 20), ("2026-10-30", "email", 100, 10), ("2026-10-31", "email", 50, 1),
        ("2026-11-01", "email", 5, 0)]


def node(name, *, above=(), code="", checksum="1", **meta):
    return {
        "unique_id": name, "name": name, "resource_type": "model", "schema": "marts", "config": {"meta": meta}, "raw_code": code,
        "depends_on": {"nodes": list(above), "macros": []}, "checksum": {"checksum": checksum},
    }


def manifest(*, checksum="1"):
    nodes = [
        node("messages", fact={"key": ["message_id"], "dated_by": "sent_on"}),
        node("orders", fact={"key": ["order_id"], "dated_by": "ordered_at"}),
        node("kpi_mail_daily", above=["messages"], grain=["day", "channel"], code="{{ rule('messaging.attribution_days') }}",
             checksum=checksum),
        node("kpi_cohorts", above=["orders"], grain=["first_month", "age_months"]),
        node("kpi_campaigns", above=["messages"], grain=["campaign_id"], period=["first_sent_on", "last_sent_on"]),
        node("records", fact={"key": ["record_id"], "dated_by": "known_on", "told_by": "system"}),
        node("kpi_people_daily", above=["records", "orders"], grain=["day", "system"], totals={"system": "all"},
             made_of={"receipts": ["orders"], "others": ["records"]}),
    ]
    return {"nodes": {one["unique_id"]: one for one in nodes}, "macros": {}}


class Night:
    """Writes the build file and, when published, the version that the next night is compared with."""

    def __init__(self, data):
        self.data = data
        self.published = None

    def build(self, *, mail=DAYS, cohorts=(("2026-08-01", 1, 7), ("2026-08-01", 2, 3), ("2026-08-01", 3, 1)), messages=(), orders=(),
              attribution_days="5", campaigns=(("c1", "2026-10-29", "2026-10-30", 4),), records=(), people=()):
        path = self.data / "warehouse.duckdb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with duckdb.connect(str(path)) as build:
            build.execute("create schema marts")
            build.execute("create table marts.kpi_mail_daily (day date, channel varchar, delivered int, opened int, open_rate double)")
            build.executemany("insert into marts.kpi_mail_daily values (?, ?, ?, ?, null)", list(mail)) if mail else None
            build.execute("update marts.kpi_mail_daily set open_rate = opened / delivered")
            build.execute("create table marts.kpi_cohorts (first_month date, age_months integer, retained bigint)")
            build.executemany("insert into marts.kpi_cohorts values (?, ?, ?)", list(cohorts))
            build.execute("create table marts.kpi_campaigns (campaign_id varchar, first_sent_on date, last_sent_on date, clicked int)")
            build.executemany("insert into marts.kpi_campaigns values (?, ?, ?, ?)", list(campaigns)) if campaigns else None
            build.execute("create table marts.records (record_id varchar, customer_id varchar, system varchar, known_on date)")
            build.executemany("insert into marts.records values (?, ?, ?, ?)", list(records)) if records else None
            build.execute("create table marts.kpi_people_daily (day date, system varchar, profiles int, receipts int)")
            build.executemany("insert into marts.kpi_people_daily values (?, ?, ?, ?)", list(people)) if people else None
            build.execute("create table marts.messages (message_id varchar, customer_id varchar, sent_on date, is_opened boolean, "
                          "campaign_id varchar, channel varchar)")
            told = [(*message, "c1", "email")[:6] for message in messages]
            build.executemany("insert into marts.messages values (?, ?, ?, ?, ?, ?)", told) if told else None
            build.execute("create table marts.orders (order_id varchar, customer_id varchar, ordered_at timestamp)")
            build.executemany("insert into marts.orders values (?, ?, ?)", list(orders)) if orders else None
            build.execute("create table marts.parameters as select 'messaging.attribution_days' as name, ? as value", [attribution_days])
            build.execute(
                "create table marts.kpi_register as select *, null::varchar as numerator_column, null::varchar as denominator_column "
                "from (values ('kpi_mail_daily', 'open_rate', 'open_rate', 'no'), "
                "('kpi_mail_daily', 'delivered', 'delivered', 'yes'), ('kpi_cohorts', 'retained', 'retained', 'yes'), "
                "('kpi_people_daily', 'profiles', 'profiles', 'last of day'), ('kpi_people_daily', 'receipts', 'receipts', 'yes'), "
                "('kpi_campaigns', 'clicked', 'clicked', 'yes')) as t(mart, mart_column, kpi_id, additive)"
            )
            build.execute("create table marts.restatements (kpi_id varchar)")

    def publish(self, *, checksum="1", published_at=datetime(2026, 10, 31, 23, 0, tzinfo=UTC), as_of=None):
        folder = versions.folder("v1") / "marts"
        folder.mkdir(parents=True, exist_ok=True)
        with exports.reading() as connection:
            for name in exports.tables(connection, "marts"):
                connection.execute(f"copy warehouse.marts.\"{name}\" to '{folder / name}.parquet'")
        self.published = Version("v1", published_at.isoformat(), "r", None, 1, 1, 1, "", {},
                                 Lineage(manifest(checksum=checksum)).definitions(), (as_of or published_at).isoformat())

    def restated(self, *, checksum="1"):
        with exports.reading() as connection:
            changed = [f"marts.{name}" for name in exports.tables(connection, "marts")]
            restatements.find(connection, Lineage(manifest(checksum=checksum)), self.published, changed, "v2")
            found = connection.execute("select * from restated order by all").fetchall()
        return [(kpi, str(period), dimensions, old, new, version, cause) for kpi, period, dimensions, old, new, version, cause in found]


@pytest.fixture
def nights(own_data):
    return Night(own_data)


def test_a_late_open_moves_the_rate_of_the_day_the_message_was_sent(nights):
    nights.build(messages=[("m1", "c1", "2026-10-30", False), ("m2", "c2", "2026-10-30", False),
                           ("m4", "c4", "2026-10-30", False)])
    nights.publish()
    nights.build(mail=[*DAYS[:1], ("2026-10-30", "email", 100, 12), *DAYS[2:]],
                 messages=[("m1", "c1", "2026-10-30", True), ("m2", "c9", "2026-10-30", False), ("m3", "c3", "2026-10-30", True),
                           ("m4", "c9", "2026-10-30", True)])
    assert nights.restated() == [
        ("open_rate", "2026-10-30", '{"channel":"email"}', 0.1, 0.12, "v2", "messages: 1 new, 1 changed, 2 of another customer")
    ]


def test_a_period_that_was_not_over_and_a_day_that_was_never_told_are_no_restatements(nights):
    nights.build()
    nights.publish()  # on 1 November, 02:00 in Moscow: that day is not over, October is
    nights.build(mail=[("2026-10-01", "email", 9, 9), *DAYS[:3], ("2026-11-01", "email", 70, 60), ("2026-11-02", "email", 8, 1)])
    assert nights.restated() == []


def test_what_grows_with_the_calendar_restates_nothing(nights, monkeypatch):
    nights.build()
    nights.publish()
    nights.build(mail=[("2026-10-30", "email", 101, 10), *DAYS[:1], *DAYS[2:]])
    assert {kpi for kpi, *_ in nights.restated()} == {"delivered", "open_rate"}
    aged = manifest()
    aged["nodes"]["kpi_mail_daily"]["config"]["meta"]["ages"] = ["delivered"]
    monkeypatch.setitem(globals(), "manifest", lambda **_: aged)
    assert {kpi for kpi, *_ in nights.restated()} == {"open_rate"}


def test_a_refresh_over_midnight_closes_no_day_that_it_did_not_see_to_its_end(nights):
    nights.build()
    # Built as of 31 October, 23:30 in Moscow, published at 00:40 on 1 November: the 31st and October were not over.
    nights.publish(published_at=datetime(2026, 10, 31, 21, 40, tzinfo=UTC), as_of=datetime(2026, 10, 31, 20, 30, tzinfo=UTC))
    nights.build(mail=[*DAYS[:1], ("2026-10-30", "email", 100, 12), ("2026-10-31", "email", 90, 9), *DAYS[3:]],
                 cohorts=[("2026-08-01", 1, 8), ("2026-08-01", 2, 4), ("2026-08-01", 3, 1)])
    assert [row[:3] for row in nights.restated()] == [
        ("open_rate", "2026-10-30", '{"channel":"email"}'), ("retained", "2026-08-01", '{"age_months":1}')]


def test_a_number_that_comes_or_goes_on_a_told_day_has_null_on_one_side(nights):
    nights.build()
    nights.publish()
    nights.build(mail=[*DAYS, ("2026-10-30", "sms", 4, 0)])
    assert [row[:5] for row in nights.restated()] == [
        ("delivered", "2026-10-30", '{"channel":"sms"}', None, 4.0), ("open_rate", "2026-10-30", '{"channel":"sms"}', None, 0.0)]
    nights.build(mail=DAYS[1:])
    assert [row[:5] for row in nights.restated()] == [
        ("delivered", "2026-10-29", '{"channel":"email"}', 100.0, None), ("open_rate", "2026-10-29", '{"channel":"email"}', 0.2, None)]


def test_a_cell_of_a_cohort_is_over_when_its_age_is(nights):
    nights.build()
    nights.publish()
    nights.build(cohorts=[("2026-08-01", 1, 8), ("2026-08-01", 2, 4), ("2026-08-01", 3, 5)], orders=[("o1", "c1", "2026-10-30 21:30:00")])
    # August + 2 months ends with October, + 3 with November, which is running; the new order is of 31 October in Moscow.
    assert [(row[2], row[3], row[4], row[6]) for row in nights.restated()] == [
        ('{"age_months":1}', 7.0, 8.0, "of days after it orders: 1 new"), ('{"age_months":2}', 3.0, 4.0, "orders: 1 new")]


def test_rows_of_earlier_days_are_named_when_nothing_of_that_fact_moved_in_the_period(nights):
    nights.build(messages=[("m1", "c1", "2026-10-30", False), ("m2", "c1", "2026-10-01", False)])
    nights.publish()
    mail = [*DAYS[:1], ("2026-10-30", "email", 100, 12), *DAYS[2:]]
    nights.build(mail=mail, messages=[("m1", "c1", "2026-10-30", False), ("m2", "c1", "2026-10-01", True)])
    assert [row[6] for row in nights.restated()] == ["of days before it messages: 1 changed"]


def test_a_changed_rule_and_a_changed_definition_are_named_where_they_are_read(nights):
    nights.build()
    nights.publish()
    nights.build(mail=[("2026-10-29", "email", 100, 21), *DAYS[1:]], cohorts=[("2026-08-01", 1, 8)], attribution_days="7")
    causes = {row[0]: row[6] for row in nights.restated(checksum="2")}
    assert causes == {
        "open_rate": "rule messaging.attribution_days: 5 became 7; its definition changed",
        "retained": "cannot be told: nothing moved in orders, so a mapping, a seed or another table that it looks at",
    }


def test_rules_and_definitions_are_named_before_rows(nights):
    nights.build()
    nights.publish()
    nights.build(mail=[("2026-10-29", "email", 100, 21), *DAYS[1:]], messages=[("m1", "c1", "2026-10-29", True)], attribution_days="7")
    assert [row[6] for row in nights.restated(checksum="2")] == [
        "rule messaging.attribution_days: 5 became 7; its definition changed; messages: 1 new"]


def test_rows_of_the_same_channel_are_named_before_others(nights):
    sms = [("2026-10-29", "sms", 10, 1), ("2026-10-30", "sms", 10, 1)]
    nights.build(mail=[*DAYS, *sms])
    nights.publish()
    nights.build(
        mail=[("2026-10-29", "email", 100, 21), *DAYS[1:], ("2026-10-29", "sms", 10, 2), ("2026-10-30", "sms", 10, 2)],
        messages=[("m1", "c1", "2026-10-29", True), ("m2", "c2", "2026-10-29", True, "c2", "sms"), ("m3", "c3", "2026-10-31", True)])
    assert {(row[1], row[2]): row[6] for row in nights.restated()} == {
        ("2026-10-29", '{"channel":"email"}'): "messages: 1 new",
        ("2026-10-29", '{"channel":"sms"}'): "messages: 1 new",
        ("2026-10-30", '{"channel":"sms"}'): "of days before it messages: 1 new",
    }
    nights.build(mail=[*DAYS, ("2026-10-29", "sms", 10, 2), *sms[1:]], messages=[("m1", "c1", "2026-10-29", True)])
    assert [row[6] for row in nights.restated()] == ["outside its channel messages: 1 new"]


def test_a_stock_is_of_all_days_up_to_its_end_and_each_number_of_its_own_facts(nights):
    before = [("r1", "c1", "till", "2026-10-01"), ("r2", "c2", "shop", "2026-10-02")]
    nights.build(records=before, people=[("2026-10-30", "till", 1, 5), ("2026-10-30", "shop", 1, 5), ("2026-10-30", "all", 2, 5)])
    nights.publish()
    nights.build(
        records=[("r1", "c2", "till", "2026-10-01"), before[1], *((f"n{n}", "c3", "till", "2026-10-30") for n in range(3)),
                 ("n4", "c5", "app", "2026-10-30"), ("n5", "c5", "shop", "2026-10-31")],
        orders=[("o1", "c1", "2026-10-30 12:00:00")],
        people=[("2026-10-30", "till", 4, 6), ("2026-10-30", "shop", 1, 5), ("2026-10-30", "all", 5, 6), ("2026-10-30", "app", 1, 0)])
    assert {(row[0], json.loads(row[2])["system"]): row[6] for row in nights.restated()} == {
        ("profiles", "till"): "records of till: 3 new, 1 of another customer",
        ("profiles", "all"): "records of till: 3 new, 1 of another customer; records of app: 1 new",
        ("receipts", "till"): "orders: 1 new",
        ("receipts", "all"): "orders: 1 new",
        # A row that comes is of whatever moved.
        ("profiles", "app"): "orders: 1 new; records of app: 1 new",
        ("receipts", "app"): "orders: 1 new; records of app: 1 new",
    }


def test_a_campaign_is_restated_when_it_sends_no_more(nights):
    nights.build(campaigns=[("c1", "2026-10-01", "2026-10-30", 4), ("c2", "2026-10-01", "2026-11-01", 1),
                            ("c3", "2026-10-01", "2026-10-30", 1)])
    nights.publish()
    nights.build(
        campaigns=[("c1", "2026-10-01", "2026-10-30", 5), ("c2", "2026-10-01", "2026-11-01", 2), ("c3", "2026-10-01", "2026-11-02", 2),
                   ("c4", "2026-10-01", "2026-10-30", 2)],
        messages=[("m1", "c1", "2026-10-10", True), ("m2", "c1", "2026-10-10", True, "c2")])
    assert nights.restated() == [("clicked", "2026-10-01", '{"campaign_id":"c1"}', 4.0, 5.0, "v2", "messages: 1 new")]


def test_numbers_of_periods_that_began_too_long_ago_are_not_told(nights):
    old = [("2025-09-26", "email", 10, 1), ("2025-09-27", "email", 10, 1)]  # 1 November less 400 days is 27 September
    nights.build(mail=[*old, ("2025-09-28", "email", 10, 1), *DAYS])
    nights.publish()
    nights.build(mail=[("2025-09-26", "email", 10, 2), ("2025-09-27", "email", 10, 2), ("2025-09-28", "email", 10, 2), *DAYS])
    assert [row[1] for row in nights.restated()] == ["2025-09-28"]


def test_sums_in_another_order_are_no_news_and_a_first_publication_restates_nothing(nights):
    nights.build()
    assert nights.restated() == []
    nights.publish()
    nights.build(mail=[("2026-10-29", "email", 100, 20), *DAYS[1:]])
    with duckdb.connect(str(nights.data / "warehouse.duckdb")) as build:
        build.execute("update marts.kpi_mail_daily set open_rate = open_rate * (1 + 1e-13)")
    assert nights.restated() == []
