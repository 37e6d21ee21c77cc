"""All vendors over ten days: a day of news, a vendor that is down, the catch-up, and the same day again from the lake alone.

One story told once, because a night that publishes is a whole build: the first night; the second, with poisoned records and without
Mindbox, which is down; an attempt while RetailCRM is down too; seven nights, on which all are back, that only add to the warehouse; the
tenth, when a steward has parted a customer; and that night again, its warehouse deleted and superseded versions let go from the lake, while
nobody is asked anything.
What is not incremental is made anew every night, so that nights which publish nothing add all there is to add; `make torture ARGS=days`
publishes each of the ten. The second and the tenth have as many threads as a night.
"""

import json
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import duckdb
import pytest
import yaml

from orchestration import gate, register
from orchestration.dbt import PROJECT, run_dbt
from sandbox.costs import first_open_day
from sandbox.faults import Fault, Poison
from sandbox.retailer import simulate
from sandbox.server import Sandbox, serve_in_thread
from tests import books
from tests.conftest import UNTIL
from tests.decisions import HALVES, customer_of, decided, restated
from tests.deletions import plan, standing
from tests.drills import broken_ratios, differences, recordless, told_otherwise, unreached
from tests.news import kinds_of_news
from tests.nights import add_to_warehouse, house, land, night, superseded_versions_leave
from tests.restated import misled

AS_MANY_THREADS_AS_A_NIGHT = True
CUT_EMOJI = b'\xd0\xa1\xd0\xbf\xd0\xb0\xd1\x81\xd0\xb8\xd0\xb1\xd0\xbe \\ud83d'


def days_orders(world, day):
    """RetailCRM ids of the orders created on a simulated day after the clock's start, oldest first."""
    since = UNTIL.replace(tzinfo=None) + timedelta(days=day - 1)
    online = world.orders[world.orders.kind == "online"]
    orders = online[(online.created_at > since) & (online.created_at <= since + timedelta(days=1))]
    return [int(order) for order in orders.sort_values("created_at").order_id]


@pytest.fixture(scope="module")
def story(parsed_project, tmp_path_factory, one_by_one):
    deleted = plan(simulate(seed=31, customers=400, days=45, stores=4, until=UNTIL), UNTIL)
    world, data = deleted.world, tmp_path_factory.mktemp("days") / "data"
    sandbox = Sandbox(world=world, clock_file=data / "sandbox" / "clock", rate=100.0, options=deleted.options)
    sandbox.set_clock(UNTIL)
    told = SimpleNamespace(orders=days_orders(world, 1), world=world, deleted=deleted)
    missing, amount, impossible, status, extra, emoji, encoded, retyped = told.orders[:8]
    with serve_in_thread(sandbox) as running, house(data, parsed_project, running.environment()):
        with one_by_one():
            told.first = night("night-1")
            told.unit_tests = run_dbt(["test", "--select", "test_type:unit"], refresh_id="night-1")
        for poison in (
            Poison("retailcrm", "orders", missing, set={"createdAt": Poison.GONE}),
            Poison("retailcrm", "orders", amount, set={"totalSumm": "12 roubles"}),
            Poison("retailcrm", "orders", impossible, set={"createdAt": "0001-01-01 00:00:00"}),
            Poison("retailcrm", "orders", status, set={"status": "teleported"}),
            Poison("retailcrm", "orders", extra, set={"hologram": {"depth": 3}}),
            Poison("retailcrm", "orders", emoji, set={"customerComment": "here"}, find=b'"here"', raw=b'"' + CUT_EMOJI + b'"'),
            Poison("retailcrm", "orders", encoded, set={"customerComment": "here"}, find=b'"here"', raw='"Привет"'.encode("cp1251")),
            Poison("retailcrm", "orders", retyped, set={"items": "none"}),
        ):
            sandbox.tampering.plant(poison)
        sandbox.advance(days=1)
        sandbox.faults.plant(Fault("mindbox", kind="html", times=10_000))
        told.second = night("night-2")
        sandbox.advance(hours=1)
        sandbox.faults.plant(Fault("retailcrm", kind="status", status=503, times=10_000))
        told.without_both = {report.source_system: report for report in land("night-2b")}
        told.reasons = gate.reasons_to_refuse()
        sandbox.faults.clear()
        sandbox.tampering.clear()
        told.added = []
        for number in range(3, 10):
            sandbox.advance(days=1)
            if number in (5, 6):  # what it has to tell comes late, and changed meanwhile
                sandbox.faults.plant(Fault("usedesk", kind="status", status=503, times=10_000))
            with one_by_one():
                told.added.append(add_to_warehouse(f"night-{number}"))
            sandbox.faults.clear()
        told.ended_at = sandbox.advance(days=1)
        told.halves = told.second.read(HALVES)[0]
        with decided("forbid", *told.halves, seed=data / "steward_decisions.csv"):
            told.back = night("night-10")
            told.kinds_of_news = kinds_of_news(data / "published")
            told.kept = superseded_versions_leave(data, then_delete="warehouse.duckdb")
            sandbox.faults.plant(Fault("*", kind="status", status=503, times=10_000))
            before = sandbox.faults.met
            with one_by_one():
                told.again = night("night-10-again", asks_vendors=False)
            told.asked_again = sandbox.faults.met - before
    return told


def test_the_first_night_publishes_and_every_night_stands_its_tests(story):
    assert story.first.outcome.flipped
    nights = (story.first, story.second, story.again, story.back)
    assert [one.broken for one in nights] == [[]] * 4


def test_the_golden_values_of_every_dbt_unit_test_hold(story):
    written = [test["name"] for file in sorted((PROJECT / "models").rglob("*.yml"))
               for test in yaml.load(file.read_text(encoding="utf-8"), register.FAST).get("unit_tests", [])]
    assert {node.unique_id.rsplit(".", 1)[-1]: node.status for node in story.unit_tests.nodes} == dict.fromkeys(written, "pass")
    assert len(written) >= 13


def test_after_one_day_only_the_new_documents_are_fetched_and_staged(story):
    whole = sum(sum(documents.values()) for documents in story.first.documents.values())
    news = sum(sum(documents.values()) for documents in story.second.documents.values())
    # Four days of visits are read again, since visits are rewritten for three; and who is a member can only be asked of customers who
    # are known, so after the first publication.
    read_again = sum(sum(story.second.documents[account].values()) for account in ("yandex_metrica/main", "abm_loyalty/main"))
    assert 0 < news - read_again < whole / 20
    assert story.second.documents["retailcrm/main"]["orders"] < story.first.documents["retailcrm/main"]["orders"] / 10
    # Mindbox was down: what it lacks comes with the night on which it is back, and no more.
    assert 0 < sum(story.back.documents["mindbox/main"].values()) < sum(story.first.documents["mindbox/main"].values()) / 5
    [(staged,)] = story.second.read("select sum(newly_received) from marts.load_reconciliation where refresh_id = 'night-2'")
    assert staged == news


def test_what_ten_nights_added_is_what_one_build_of_the_lake_alone_makes(story):
    """Also the same day twice: it gives the same marts and flips nothing; and superseded versions had left the lake before."""
    assert 0 < story.kept[2] < story.kept[1], story.kept[0]
    assert [node.unique_id for added in story.added for node in added.failed] == []
    assert (story.again.outcome.flipped, story.again.outcome.changed) == (False, ())
    assert story.again.outcome.sentence == f"No business table changed, so version {story.back.outcome.version.version} stays published."
    assert story.again.version == story.back.version
    assert story.asked_again == 0


def test_the_ten_nights_brought_changed_late_and_deleted_records(story):
    assert min(story.kinds_of_news.values()) > 0


def test_records_that_break_the_contract_are_quarantined_with_reason_and_stop_nobody(story):
    missing, amount, impossible, _, _, emoji, encoded, retyped = story.orders[:8]
    rows = story.second.read("select source_record_id, reason from marts.quarantine where source_system = 'retailcrm' and status = 'open'")
    reasons = {int(record): reason for record, reason in rows}
    assert reasons[missing] == "ordered_at: missing"
    assert "not money" in reasons[amount]
    assert reasons[impossible] == "ordered_at: impossible date"
    assert "items" in reasons[retyped]
    assert {emoji, encoded} <= set(reasons)
    assert len(reasons) == 6


def test_an_unknown_status_is_unmapped_and_an_unknown_field_is_harmless(story):
    status, extra = story.orders[3:5]
    assert story.second.read("select value, records from marts.unmapped_values where field = 'order_status'") == [("teleported", 1)]
    published = dict(story.second.read(f"""
        select source_record_id, status from marts.orders where source_system = 'retailcrm' and source_record_id in ('{status}', '{extra}')
    """))
    # The order's mirror in MoySklad knows a status that can be mapped, so the order is not left without one.
    assert published == {str(status): "in_progress", str(extra): published[str(extra)]}
    assert published[str(extra)] in ("new", "in_progress")


def test_received_is_staged_and_superseded_and_quarantined_in_every_row(story):
    for one in (story.first, story.second, story.back):
        assert one.read("""
            select * from marts.load_reconciliation
            where received <> staged + superseded + quarantined or lost_keys > 0 or stale_keys > 0 or not is_balanced
        """) == []
    assert story.second.read("select sum(quarantined) from marts.load_reconciliation where refresh_id = 'night-2'") == [(6,)]


def test_a_vendor_that_is_down_is_named_and_the_others_are_published(story):
    report = story.second.reports["mindbox/main"]
    assert report.status == "failed"
    assert report.error.startswith("mindbox/main ")
    assert "text/html; charset=utf-8 that is not JSON" in report.error
    assert story.second.outcome.flipped
    assert story.second.documents["retailcrm/main"]["orders"] > 0
    assert story.second.read("select source_system from marts.source_freshness where is_stale") == [("mindbox",)]


def test_a_vendor_whose_absence_corrupts_the_others_keeps_the_old_version(story):
    assert story.without_both["retailcrm"].error.startswith("retailcrm/main ")
    assert "answered 503" in story.without_both["retailcrm"].error
    assert story.without_both["moysklad"].succeeded
    assert ["retailcrm/main" in reason for reason in story.reasons] == [True]
    assert "may be published without it for 0 hours" in story.reasons[0]


def test_when_they_are_back_nothing_is_lost(story):
    assert story.back.read("select source_system from marts.source_freshness where is_stale") == []
    until = story.ended_at.replace(tzinfo=None)
    online = story.world.orders[(story.world.orders.kind == "online") & (story.world.orders.created_at <= until)]
    kept = story.back.read("""
        select source_record_id, 'published' from marts.orders where source_system = 'retailcrm'
        union all select source_record_id, reason from marts.quarantine where source_system = 'retailcrm' and status = 'open'
    """)
    # What nobody touched since it was set aside is still set aside, with its payload; nothing else is missing.
    assert set(map(int, online.order_id)) == {int(record) for record, _ in kept} | {story.deleted.order.order_id}
    assert {int(record) for record, where in kept if where != "published"} <= set(story.orders[:8])
    sent = story.world.messages[story.world.messages.sent_at <= until]
    assert story.back.read("select count(*) from marts.messages")[0][0] >= 0.97 * len(sent)


def test_what_is_deleted_at_a_vendor_leaves_the_figures_and_what_is_taken_back_returns(story):
    first, second, back, again = (standing(one, story.deleted) for one in (story.first, story.second, story.back, story.again))
    receipt = Decimal(int(story.deleted.receipt.net_kop)) / 100
    assert first == {**first, "order": True, "receipt": True, "its revenue": receipt, "ticket": True, "customer": 1}
    assert first["combined by"] != "vendor_merge"
    assert second == {
        **first, "order": False, "receipt": False, "its revenue": None, "its day": first["its day"] - receipt, "ticket": False,
        "tickets of its day": first["tickets of its day"] - 1, "customer": 0, "combined by": "vendor_merge", "combined": 1}
    assert back == again == {**first, "order": False, "customer": 0, "combined by": "vendor_merge", "combined": 1}


def test_a_session_has_a_customer_only_when_it_was_them(story):
    world = story.world
    person = {tuple(record): who for *record, who in world.truth().itertuples(index=False)}
    people: dict[str, set[str | None]] = {}
    profiles = "select customer_id, source_system, source_account, source_record_id from marts.customer_profiles"
    for customer, *record in story.back.read(profiles):
        people.setdefault(customer, set()).add(person.get(tuple(record)))
    shared = set(world.browsers[world.browsers.second_person_id.notna()].client_id)
    # A stranger who leaves a request has a record of their own, of which the truth names nobody.
    sat_there = {(visit.client_id, visit.visit_id): visit.person_id if isinstance(visit.person_id, str) else None
                 for visit in world.visits.itertuples()}
    sessions = [(client, sat_there[client, session.rsplit(":", 1)[-1]], people.get(customer, set())) for client, session, customer
                in story.back.read("select client_id, session_id, customer_id from marts.sessions where session_kind = 'web'")]
    known = [(client, who, those) for client, who, those in sessions if those]
    assert [(client, who) for client, who, those in known if client not in shared and who not in those] == []
    # Whoever logged in, bought or came from a message in a browser of his own is known in all its visits.
    visits = world.visits[world.visits.person_id.notna() & (world.visits.started_at <= story.ended_at.replace(tzinfo=None))]
    told = visits[visits.logged_in_as.notna() | visits.order_id.notna() | visits.clicked_message_id.notna()]
    knowable = set(zip(told.client_id, told.person_id, strict=True))
    theirs = [bool(those) for client, who, those in sessions if (client, who) in knowable and client not in shared]
    assert sum(theirs) >= 0.97 * len(theirs) > 0.5 * sum(who is not None for _, who, _ in sessions)


@pytest.mark.parametrize("name", ["first", "back"])
def test_every_sale_ticket_call_visit_and_answer_is_counted_as_in_the_retailers_books(story, name):
    told, at = (story.first, UNTIL) if name == "first" else (story.back, story.ended_at)
    own, asked = story.world.ledger(at), books.queries(first_open_day(at.replace(tzinfo=None)))
    own["ticket_ratings"] = own["ticket_ratings_webhook"] + own["ticket_ratings_field"]
    sold = own["receipts_net_kop"] + own["online_orders_net_kop"] + own["told_market_orders_net_kop"]
    if name == "back":
        own["online_orders"] -= 1
        own["online_orders_net_kop"] -= story.deleted.order.net_kop
        sold -= story.deleted.order.net_kop
    own["net_revenue_of_all_kop"] = sold - own["till_returns_kop"] - own["online_returns_kop"] - own["told_market_returns_kop"]
    assert {what: told.read(query)[0][0] for what, query in asked.items()} == {what: own[what] for what in asked}
    rare = {"tickets_deleted", "tickets_merged", "survey_csi"}  # not every six weeks of 400 people see one
    assert {what for what in asked if not own[what]} <= rare


def test_restatements_are_the_published_numbers_that_moved(story):
    """What was published before and what is published now, looked up in both versions; messages opened late are among it."""
    version = story.back.outcome.version.version
    named = story.back.read("select kpi_id, mart, mart_column from marts.kpi_register")
    registered = {kpi: (mart, column) for kpi, mart, column in named}
    numbers = "select kpi_id, period, dimensions, old_value, new_value, cause from marts.restatements"
    moved = story.back.read(f"{numbers} where version = '{version}'")
    late = [row for row in moved if registered[row[0]] == ("kpi_messaging_daily", "open_rate") and "messages:" in row[5]]
    assert late
    assert all(cause for *_, cause in moved)
    daily = [row for row in moved if registered[row[0]][0].endswith("_daily")]
    for kpi, period, dimensions, old, new, _ in [*late[:10], *daily[::max(1, len(daily) // 40)]]:
        mart, column = registered[kpi]
        told = {"day": period, **json.loads(dimensions)}
        where = " and ".join(f"{name} is not distinct from " + ("null" if value is None else f"'{value}'") for name, value in told.items())
        query = f"select cast({column} as double) from marts.{mart} where {where}"
        assert (story.second.read(query) or [(None,)], story.back.read(query) or [(None,)]) == ([(old,)], [(new,)])


def test_a_restatement_names_only_what_its_number_is_made_of_and_what_moved(story, parsed):
    assert misled(story.second, story.back, kept_days=400) == []


def test_whom_a_steward_parts_have_their_own_orders_back_and_the_numbers_that_moved_are_restated(story):
    online, till = story.halves
    shop, store = customer_of(story.back, online), customer_of(story.back, till)
    assert shop != store
    assert customer_of(story.second, online) == customer_of(story.second, till) in (shop, store)
    bought = f"select distinct customer_id, channel_class from marts.orders where customer_id in ('{shop}', '{store}') order by all"
    assert story.back.read(bought) == sorted([(shop, "online"), (store, "offline")])
    events = "select customer_id, other_customer_id from marts.identity_events where event_type = 'forbidden'"
    assert story.back.read(events) == [(shop, store)]
    assert restated(story.back, "kpi_omnichannel_monthly", "2026-10-01") > 0


def test_every_kpi_leads_to_the_records_behind_it_and_every_ratio_to_its_parts(story):
    marts = [mart for mart in register.marts().values() if mart.kpis]
    with duckdb.connect(str(story.back.version / "omnimart.duckdb"), read_only=True) as published:
        assert [kpi for mart in marts for kpi in unreached(mart, published)] == []
        assert [one for mart in marts for one in differences(mart, published)] == []
        assert [one for mart in marts for one in recordless(mart, published)] == []
        assert [one for mart in marts for one in broken_ratios(mart, published)] == []
        assert [one for mart in marts for one in told_otherwise(mart, published)] == []
