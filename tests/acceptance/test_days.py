"""Three vendors over several days: a day of news, the same day twice, a vendor that is down, and the catch-up.

One story told once, because every night is a whole build: the first night; the night after, with poisoned records; the same
night again; a night on which Mindbox is down; an attempt while RetailCRM is down too; the night when all are back.
"""

from datetime import timedelta
from types import SimpleNamespace

import pytest
import yaml

from orchestration import gate
from orchestration.dbt import PROJECT, run_dbt
from sandbox.faults import Fault, Poison
from sandbox.retailer import simulate
from sandbox.server import Sandbox, serve_in_thread
from tests.conftest import UNTIL
from tests.nights import house, land, night

CUT_EMOJI = b'\xd0\xa1\xd0\xbf\xd0\xb0\xd1\x81\xd0\xb8\xd0\xb1\xd0\xbe \\ud83d'


def days_orders(world, day):
    """RetailCRM ids of the orders created on a simulated day after the clock's start, oldest first."""
    since = UNTIL.replace(tzinfo=None) + timedelta(days=day - 1)
    online = world.orders[world.orders.kind == "online"]
    orders = online[(online.created_at > since) & (online.created_at <= since + timedelta(days=1))]
    return [int(order) for order in orders.sort_values("created_at").order_id]


@pytest.fixture(scope="module")
def story(parsed_project, tmp_path_factory):
    world = simulate(seed=1, customers=800, days=45, stores=4, until=UNTIL)
    data = tmp_path_factory.mktemp("days") / "data"
    sandbox = Sandbox(world=world, clock_file=data / "sandbox" / "clock", rate=100.0)
    sandbox.set_clock(UNTIL)
    told = SimpleNamespace(orders=days_orders(world, 1), world=world)
    missing, amount, impossible, status, extra, emoji, encoded, retyped = told.orders[:8]
    with serve_in_thread(sandbox) as running, house(data, parsed_project, running.environment()):
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
        told.moved_to = sandbox.advance(days=1)
        told.second = night("night-2")
        told.again = night("night-2-again")
        sandbox.advance(days=1)
        sandbox.faults.plant(Fault("mindbox", kind="html", times=10_000))
        told.without_mindbox = night("night-3")
        sandbox.advance(hours=1)
        sandbox.faults.plant(Fault("retailcrm", kind="status", status=503, times=10_000))
        told.without_both = {report.source_system: report for report in land("night-3b")}
        told.reasons = gate.reasons_to_refuse()
        sandbox.faults.clear()
        sandbox.tampering.clear()
        sandbox.advance(hours=1)
        told.back = night("night-3c")
    return told


def test_the_first_night_publishes_and_every_night_stands_its_tests(story):
    assert story.first.outcome.flipped
    nights = (story.first, story.second, story.again, story.without_mindbox, story.back)
    assert [one.broken for one in nights] == [[]] * 5


def test_the_golden_values_of_every_dbt_unit_test_hold(story):
    written = [test["name"] for file in sorted((PROJECT / "models").rglob("*.yml"))
               for test in yaml.safe_load(file.read_text(encoding="utf-8")).get("unit_tests", [])]
    assert {node.unique_id.rsplit(".", 1)[-1]: node.status for node in story.unit_tests.nodes} == dict.fromkeys(written, "pass")
    assert len(written) >= 13


def test_after_one_day_only_the_new_documents_are_fetched_and_staged(story):
    whole = sum(sum(documents.values()) for documents in story.first.documents.values())
    news = sum(sum(documents.values()) for documents in story.second.documents.values())
    assert 0 < news < whole / 20
    assert story.second.documents["retailcrm/main"]["orders"] < story.first.documents["retailcrm/main"]["orders"] / 10
    [(staged,)] = story.second.read("select sum(newly_received) from marts.load_reconciliation where refresh_id = 'night-2'")
    assert staged == news


def test_the_same_day_twice_gives_identical_marts_and_flips_nothing(story):
    assert (story.again.outcome.flipped, story.again.outcome.changed) == (False, ())
    assert story.again.outcome.sentence == f"No business table changed, so version {story.second.outcome.version.version} stays published."
    assert story.again.version == story.second.version


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
    for one in (story.first, story.second, story.without_mindbox, story.back):
        assert one.read("""
            select * from marts.load_reconciliation
            where received <> staged + superseded + quarantined or lost_keys > 0 or stale_keys > 0 or not is_balanced
        """) == []
    assert story.second.read("select sum(quarantined) from marts.load_reconciliation where refresh_id = 'night-2'") == [(6,)]


def test_a_vendor_that_is_down_is_named_and_the_others_are_published(story):
    report = story.without_mindbox.reports["mindbox/main"]
    assert report.status == "failed"
    assert report.error.startswith("mindbox/main ")
    assert "text/html; charset=utf-8 that is not JSON" in report.error
    assert story.without_mindbox.outcome.flipped
    assert story.without_mindbox.documents["retailcrm/main"]["orders"] > 0
    assert story.without_mindbox.read("select source_system from marts.source_freshness where is_stale") == [("mindbox",)]


def test_a_vendor_whose_absence_corrupts_the_others_keeps_the_old_version(story):
    assert story.without_both["retailcrm"].error.startswith("retailcrm/main ")
    assert "answered 503" in story.without_both["retailcrm"].error
    assert story.without_both["moysklad"].succeeded
    assert ["retailcrm/main" in reason for reason in story.reasons] == [True]
    assert "may be published without it for 0 hours" in story.reasons[0]


def test_when_they_are_back_nothing_is_lost(story):
    assert story.back.read("select source_system from marts.source_freshness where is_stale") == []
    until = (story.moved_to + timedelta(days=1, hours=2)).replace(tzinfo=None)
    online = story.world.orders[(story.world.orders.kind == "online") & (story.world.orders.created_at <= until)]
    kept = story.back.read("""
        select source_record_id, 'published' from marts.orders where source_system = 'retailcrm'
        union all select source_record_id, reason from marts.quarantine where source_system = 'retailcrm' and status = 'open'
    """)
    # What nobody touched since it was set aside is still set aside, with its payload; nothing else is missing.
    assert set(map(int, online.order_id)) == {int(record) for record, _ in kept}
    assert {int(record) for record, where in kept if where != "published"} <= set(story.orders[:8])
    sent = story.world.messages[story.world.messages.sent_at <= until]
    assert story.back.read("select count(*) from marts.messages")[0][0] >= 0.97 * len(sent)
