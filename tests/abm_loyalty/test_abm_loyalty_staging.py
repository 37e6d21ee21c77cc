"""From the lake to the marts of loyalty: the world's points to the unit, poison set aside, two ledgers of one programme counted once."""

import re
import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import programme_world as made
import pytest

from ingestion import file_drop, lake
from ingestion.abm_loyalty import VENDOR
from ingestion.contact import refresh_account
from orchestration.dbt import PROJECT, run_dbt
from orchestration.exports import warehouse
from sandbox import server
from sandbox.abm_loyalty import methods
from sandbox.faults import Poison
from sandbox.server import Sandbox, serve_in_thread

OURS = "abm_loyalty|file_drop"
# Who is who, by phone; orders as the shop would tell them.
STUBS = {
    "int_customer_of_profile": """
        select distinct source_system || ':' || source_account || ':' || source_record_id as profile_id,
            'customer of ' || right(regexp_replace(identifier_value, '[^0-9]', '', 'g'), 10) as customer_id
        from (select * from {{ ref('stg_abm_loyalty__identifiers') }}
              union all by name select * from {{ ref('stg_file_drop__identifiers') }})
        where identifier_type = 'phone'""",
    "int_orders__matched": "select 'shop:main:9001' as order_key, 'shop:main:9001' as order_id",
    "int_order_references": "select '9001a' as reference, 'shop:main:9001' as order_id, 'customer of 9160000001' as customer_id",
}
# What is written over the first operations of one member, and what staging says of it.
SPOILED = {
    "no_amount": ({"amount": None}, "amount: missing"),
    "no_number": ({"amount": "много"}, "amount: not a number"),
    "no_time": ({"date": "31/10/2026"}, "occurred_at: not a time"),
    "no_type": ({"type": Poison.GONE}, "raw_type: missing"),
    "year_one": ({"date": "0001-01-01T00:00:00"}, "occurred_at: impossible date"),
}


@pytest.fixture
def both(programme, own_data, publish, monkeypatch):
    """Two systems with books of one programme, and a project of nothing but these and the marts of loyalty."""
    monkeypatch.setattr(server, "VENDORS", (VENDOR.name, "file_drop"))
    monkeypatch.setattr(lake, "vendors", lambda: (VENDOR, file_drop.VENDOR))
    sandbox = Sandbox(world=programme, clock_file=own_data / "sandbox" / "clock", rate=100.0, options={"file_drop.loyalty": "yes"})
    sandbox.set_clock(made.UNTIL)
    publish(*made.everybody(), (made.card(made.SPOILED), None), (made.card(made.SHAPELESS), None))
    with serve_in_thread(sandbox) as running:
        for name, value in running.environment(vendors=(VENDOR.name, "file_drop")).items():
            monkeypatch.setenv(name, value)
        lake.prepare()
        yield running


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    for name in ("macros", "profiles.yml", "dbt_project.yml"):
        (root / name).symlink_to(PROJECT / name)
    for folder in (f"models/staging/{VENDOR.name}", "models/staging/file_drop", "tests/generic"):
        shutil.copytree(PROJECT / folder, root / folder)
    (root / "seeds").mkdir()
    for seed in ("value_mappings", "field_precedence"):
        shutil.copy(PROJECT / "seeds" / f"{seed}.csv", root / "seeds")
    models = root / "models" / "intermediate"
    models.mkdir()
    for file in (*(PROJECT / "models/intermediate/loyalty").glob("int_l*.sql"), *(PROJECT / "models/marts/core").glob("loyalty_*.sql")):
        text = re.sub(rf"\n +'stg_(?!{OURS})\w+',", "", file.read_text(encoding="utf-8"))
        (models / file.name).write_text(text, encoding="utf-8")
    for name, text in STUBS.items():
        (models / f"{name}.sql").write_text(text, encoding="utf-8")
    return root


def night(vendor, project: Path, refresh_id: str) -> None:
    (account,) = vendor.accounts()
    assert refresh_account(vendor, account, refresh_id=refresh_id, budget=timedelta(minutes=5), say=lambda _: None).error == ""
    chosen = [f"path:models/staging/{VENDOR.name}", "+loyalty_accounts", "+loyalty_operations", "+loyalty_records"]
    outcome = run_dbt(["build", "--select", *chosen], refresh_id=refresh_id, project=project)
    assert (outcome.error, [node.message for node in outcome.failed]) == (None, [])


def rows(question: str) -> list[tuple]:
    """Marts lie in the schema intermediate here, since their folder does."""
    with duckdb.connect(str(warehouse()), read_only=True) as connection:
        return connection.execute(f"set search_path = 'intermediate,staging'; {question}").fetchall()


@pytest.fixture
def spoiled(both, programme) -> dict[str, str]:
    """Which operation was spoiled how, by name; the last one has a word that nobody translated."""
    own = [str(row["operation_id"]) for row in programme.rows("loyalty_operations") if row["account_id"] == made.SPOILED]
    named = dict(zip((*SPOILED, "gift"), own, strict=True))
    plant = both.sandbox.tampering.plant
    for name, (members, _) in SPOILED.items():
        plant(Poison("abm_loyalty", "operations", named[name], set=members))
    plant(Poison("abm_loyalty", "operations", named["gift"], set={"type": "GIFT", "amount": -7}))
    plant(Poison("abm_loyalty", "accounts", str(made.SPOILED), set={"phone": "7916*****51"}))
    plant(Poison("abm_loyalty", "accounts", str(made.SHAPELESS), set={"cards": "none"}))
    plant(Poison("abm_loyalty", "accounts", str(made.FIRST_OF_MANY), set={"status": "VIP"}))
    return named


def ledger() -> tuple[list[tuple], list[tuple]]:
    """What the marts tell of who was not spoiled: balances by account, and points by type."""
    return (rows("select source_record_id, points_balance, points_pending, balance_difference from loyalty_accounts "
                 f"where source_record_id <> '{made.SPOILED}' order by all"),
            rows("select operation_type, cancels_type, count(*), sum(points) from loyalty_operations "
                 f"where loyalty_account_id not like '%:{made.SPOILED}' group by all order by all"))


def test_a_programme_in_staging_and_in_a_second_ledger(both, spoiled, project, programme):
    night(VENDOR, project, "r1")
    alone = ledger()
    points_are_the_worlds_to_the_unit(alone)
    members_are_who_they_are()
    poison_is_set_aside_with_its_reason(spoiled)
    # The same books a second time, as a dump: nothing counts twice, and whoever asks sees both.
    night(file_drop.VENDOR, project, "r2")
    assert rows("select source_system, is_counted from int_ledgers order by 1") == [("abm_loyalty", True), ("file_drop", False)]
    assert ledger() == alone
    count = len([row for row in programme.rows("loyalty_operations") if row["created_at"] <= made.NOW]) - len(spoiled)
    assert rows("select source_system, is_counted, matched_by, count(*), count(distinct operation_id) from loyalty_records "
                "group by all order by all") == [
        ("abm_loyalty", True, None, count + 1, count + 1), ("file_drop", False, "customer, kind, points and time", count, count),
        ("file_drop", False, None, len(spoiled), 0)]


def points_are_the_worlds_to_the_unit(alone):
    assert {int(key): (balance, pending) for key, balance, pending, _ in alone[0]} == made.BALANCES
    assert {difference for *_, difference in alone[0]} == {0.0}
    many = sum(range(made.FIRST_OF_MANY, made.FIRST_OF_MANY + made.MANY))
    assert alone[1] == [
        ("adjusted", None, 2, 150.0), ("cancelled", "earned", 1, -80.0), ("cancelled", "redeemed", 1, 5.0),
        ("earned", None, 3 + 2 * made.MANY, 230.0 + 10 * many), ("expired", None, 1, -150.0),
        ("redeemed", None, 2 + made.MANY, -35.0 - many)]
    assert rows("select occurred_at::text, points, order_id, is_pending, available_on::text from loyalty_operations "
                "where customer_id = 'customer of 9160000001' order by 1") == [
        ("2026-09-21 23:00:00", 100.0, None, False, "2026-09-21"), ("2026-10-11 23:00:00", -30.0, "shop:main:9001", False, None),
        ("2026-10-29 23:00:00", 50.0, "shop:main:9001", True, "2026-11-12")]


def members_are_who_they_are():
    assert rows("select status, is_member, count(*) from loyalty_accounts group by all order by all") == [
        ("active", True, made.MANY + 2), ("inactive", False, 1), ("not_confirmed", False, 1), ("unknown", False, 1)]
    assert rows("select source_record_id, closed_at::text from loyalty_accounts where closed_at is not null") == [
        (str(made.GLEB), "2026-10-28 23:00:00")]
    identifiers = "select identifier_type, identifier_value from stg_abm_loyalty__identifiers where source_record_id = '{}' order by all"
    assert rows(identifiers.format(made.ANNA)) == [
        ("loyalty_card", made.card(made.ANNA)), ("loyalty_card", made.OLD_CARD), ("phone", "79160000001")]
    assert rows(identifiers.format(made.SPOILED)) == [("loyalty_card", made.card(made.SPOILED))]
    assert rows("select first_name, last_name, sex, birth_date::text from stg_abm_loyalty__profiles where source_record_id = '1'") == [
        ("Анна", "Фамилия1", "female", "1990-05-17")]


def poison_is_set_aside_with_its_reason(spoiled):
    problems = dict(rows("select document_key, problem from stg_abm_loyalty__verdicts where not is_accepted"))
    assert problems == {spoiled[name]: problem for name, (_, problem) in SPOILED.items()} | {
        str(made.SHAPELESS): "cards: not rows"}
    # What nobody translated moves its points as written, and is told.
    assert rows(f"select operation_type, points from stg_abm_loyalty__loyalty_operations where source_record_id = '{spoiled['gift']}'") == [
        ("adjusted", -7.0)]
    assert set(rows("select field, raw_value, records from stg_abm_loyalty__seen_values")) >= {
        ("loyalty_operation", "GIFT", 1), ("loyalty_status", "VIP", 1)}
    keys = "select resource, count(distinct document_key) from stg_abm_loyalty__{} group by 1 order by 1"
    assert rows(keys.format("receipts")) == rows(keys.format("verdicts"))


@pytest.fixture
def nameless(both, monkeypatch, publish) -> Sandbox:
    """An installation that tells no ids, neither of members nor of operations; one of three members cannot be read."""
    encode = methods.encode
    monkeypatch.setattr(methods, "encode", lambda told: encode({name: value for name, value in told.items() if name != "userId"}))
    both.sandbox.options["abm_loyalty.without_ids"] = "yes"
    for number in (made.ANNA, made.FIRST_OF_MANY):
        both.sandbox.tampering.plant(Poison("abm_loyalty", "accounts", str(number), set={"id": Poison.GONE}))
    shapeless = Poison("abm_loyalty", "accounts", str(made.SHAPELESS), set={"id": Poison.GONE, "cards": "none"})
    both.sandbox.tampering.plant(shapeless)
    publish(*[(made.card(number), made.phone(number)) for number in (made.ANNA, made.FIRST_OF_MANY, made.SHAPELESS)])
    return both.sandbox


def test_members_without_an_id(nameless, project, programme, monkeypatch):
    balances = ("select customer_id, points_balance, points_pending, vendor_balance, balance_difference from loyalty_accounts "
                "where customer_id is not null order by 1")
    anna, other = f"customer of {made.phone(made.ANNA)[2:]}", f"customer of {made.phone(made.FIRST_OF_MANY)[2:]}"
    night(VENDOR, project, "r1")
    assert rows(balances) == [(anna, 70, 50, 70, 0), (other, 99, 0, 99, 0)]
    no_card_is_published()
    # An operation's day of activation moves, and it is still one operation.
    own = [row for row in programme.rows("loyalty_operations") if row["account_id"] == made.ANNA]
    (waiting,) = (row["operation_id"] for row in own if row["points"] == 50)
    nameless.tampering.plant(Poison("abm_loyalty", "operations", str(waiting), set={"activationDate": "2026-11-10"}))
    nameless.advance(days=1)
    night(VENDOR, project, "r2")
    assert rows(balances) == [(anna, 60, 50, 60, 0), (other, 99, 0, 99, 0)]
    assert rows("select available_on::text from loyalty_operations where points = 50") == [("2026-11-10",)]
    # Nobody is asked for two weeks: what became spendable is ours to count, and no difference from what was told before.
    nameless.advance(days=14)
    monkeypatch.setenv("SOURCES__ABM_LOYALTY__CALLS_PER_NIGHT", "0")
    night(VENDOR, project, "r3")
    assert rows(balances) == [(anna, 110, 0, 60, 0), (other, 99, 0, 99, 0)]


def no_card_is_published():
    """Nor in staging's keys: cards stand as identifiers, and in the columns that are named so, and nowhere else."""
    columns = rows("select table_name, column_name from information_schema.columns where data_type = 'VARCHAR' and column_name not in "
                   "('card_number', 'identifier_value', 'rejected_payload') and (table_name similar to '(int_)?loyalty_.*' or "
                   "table_name like 'int_loyalty_%' or table_name like 'stg_abm_loyalty__%')")
    found = [(table_name, column) for table_name, column in columns
             if rows(f"select 1 from {table_name} where contains({column}, '{made.card(0)[:7]}') limit 1")]
    assert (len(columns) > 60, found) == (True, [])
    keys = "select count(distinct source_record_id) from {}"
    assert [rows(keys.format(name)) for name in ("loyalty_accounts", "stg_abm_loyalty__profiles")] == [[(2,)], [(2,)]]
