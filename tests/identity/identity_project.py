"""The identity rooms of the dbt project alone, over staging tables that a test writes itself, night after night.

    night(profiles, identifiers, merges, …)  ->  dbt build  ->  publish() puts registry, redirects and events in place

The models, macros and seeds are the real ones; only staging is replaced, so a test says in one line who shares what.
"""
from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from orchestration.dbt import PROJECT, run_dbt

HISTORY = {"identity_registry": "intermediate", "customer_id_redirects": "marts", "identity_events": "marts"}
KEY = {"source_system": "varchar", "source_account": "varchar", "source_record_id": "varchar"}
ENTITIES = {
    "profiles": KEY | {
        "kind": "varchar", "first_name": "varchar", "last_name": "varchar", "middle_name": "varchar", "full_name": "varchar",
        "sex": "varchar", "birth_date": "date", "city": "varchar", "address": "varchar", "is_employee": "boolean", "is_b2b": "boolean",
        "is_test": "boolean", "acquisition_source": "varchar", "created_at": "timestamp", "changed_at": "timestamp"},
    "identifiers": KEY | {
        "identifier_type": "varchar", "identifier_namespace": "varchar", "identifier_value": "varchar", "first_seen_at": "timestamp",
        "last_seen_at": "timestamp"},
    "profile_merges": KEY | {"merged_record_id": "varchar", "merged_at": "timestamp"},
    "consents": KEY | {
        "channel": "varchar", "topic": "varchar", "brand": "varchar", "contact_point": "varchar", "is_subscribed": "boolean",
        "changed_at": "timestamp", "seen_at": "timestamp"},
    "segments": KEY | {"profile_record_id": "varchar", "segment_code": "varchar", "segment_name": "varchar"},
}
NO_CONTACTS = """
select cast(null as varchar) as source_system, cast(null as varchar) as source_account, cast(null as timestamp) as contacted_at
where 1 = 0
"""
# What of marts/customer_360 needs nothing but people's records.
ON_IDENTITY = {"_customer_360__models.yml", "_identity_review__models.yml", "consents.sql", "customer_id_redirects.sql",
               "customer_profiles.sql", "identity_events.sql", "identity_review.sql", "shared_identifiers.sql"}
# The staging models that the unions over people ask for, as (system, entity); a new vendor changes nothing here.
STAGED = sorted({
    (system, entity)
    for union in (PROJECT / "models" / "intermediate" / "customers").glob("*.sql")
    for system, entity in re.findall(r"'stg_(\w+?)__(\w+)'", union.read_text(encoding="utf-8"))
})
FIRST_NIGHT = datetime(2026, 11, 1, tzinfo=UTC)
FIRST_RECORD = datetime(2025, 1, 1, tzinfo=UTC)
SEEDS = ("city_variants", "junk_identifiers", "identifier_namespaces", "steward_decisions", "survivorship_rules", "name_variants",
         "surname_variants", "value_mappings")
Row = dict[str, Any]


def person(profile_id: str, **facts: Any) -> Row:
    """A record 'system:record id'; created_at grows with the order in which a test names people unless it says otherwise."""
    return _key(profile_id) | {"kind": "person"} | facts


def has(profile_id: str, **identifiers: str) -> list[Row]:
    """has('retailcrm:1', email='a@b.ru', phone='…', loyalty_card='…', retailcrmId='7') -> its identifiers."""
    plain = ("email", "phone", "loyalty_card", "browser_client")
    return [_key(profile_id) | {
        "identifier_type": name if name in plain else "source_record",
        "identifier_namespace": None if name in plain else name, "identifier_value": value} for name, value in identifiers.items()]


def merged(profile_id: str, *, into: str) -> Row:
    return _key(into) | {"merged_record_id": profile_id.split(":", 1)[1]}


def _key(profile_id: str) -> Row:
    system, record = profile_id.split(":", 1)
    return {"source_system": system, "source_account": "main", "source_record_id": record}


def _columns(rows: Sequence[Row] | pd.DataFrame, names: list[str]) -> pa.Table:
    """These columns; rows as texts, which the staging table's types read."""
    if isinstance(rows, pd.DataFrame):
        return pa.table({name: pa.array(rows[name], from_pandas=True) if name in rows else pa.nulls(len(rows)) for name in names})
    return pa.table({name: pa.array([None if row.get(name) is None else str(row[name]) for row in rows], pa.string()) for name in names})


@dataclass
class IdentityProject:
    """A project in `root` with its data in `root/data`; `nights` counts what was built."""

    root: Path
    nights: int = 0
    decisions: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("macros", "profiles.yml", "plugins"):
            (self.root / name).symlink_to(PROJECT / name)
        (self.root / "tests").mkdir()
        (self.root / "tests" / "generic").symlink_to(PROJECT / "tests" / "generic")
        shutil.copy(PROJECT / "dbt_project.yml", self.root)
        for folder in ("intermediate/customers", "intermediate/identity", "marts/customer_360", "marts/pii", "published"):
            shutil.copytree(PROJECT / "models" / folder, self.root / "models" / folder)
        for path in (self.root / "models" / "marts" / "customer_360").iterdir():
            if path.name not in ON_IDENTITY:
                path.unlink()  # it stands on orders, messages, tickets …
        (self.root / "seeds").mkdir()
        for seed in SEEDS:
            shutil.copy(PROJECT / "seeds" / f"{seed}.csv", self.root / "seeds")
        shutil.copy(PROJECT / "seeds" / "_identity__seeds.yml", self.root / "seeds")
        (self.root / "models" / "staging").mkdir()
        (self.root / "models" / "staging" / "int_lake_contacts.sql").write_text(NO_CONTACTS, encoding="utf-8")
        for system, entity in STAGED:
            name = f"stg_{system}__{entity}"
            (self.root / "models" / "staging" / f"{name}.sql").write_text(
                f"select * from read_parquet('{self.data / 'staging' / name}.parquet')", encoding="utf-8")

    @property
    def data(self) -> Path:
        return self.root / "data"

    def night(self, profiles: Sequence[Row], identifiers: Sequence[Row | list[Row]] = (), *, merges: Sequence[Row] = (),
              consents: Sequence[Row] = (), same_night: bool = False, tests: bool = False) -> dict[str, str]:
        """Build one night over these records; returns profile id (without the account) -> customer id."""
        dated = [row if row.get("created_at") else row | {"created_at": f"{FIRST_RECORD + timedelta(days=n):%Y-%m-%d}"}
                 for n, row in enumerate(profiles)]
        listed = [row for found in identifiers for row in (found if isinstance(found, list) else [found])]
        self.stage({"profiles": dated, "identifiers": listed, "profile_merges": merges, "consents": consents, "segments": ()})
        self.nights += 0 if same_night else 1
        return self.build(tests=tests)

    def stage(self, tables: dict[str, Sequence[Row] | pd.DataFrame]) -> None:
        """Write the staging tables of all vendors; `tables`: entity -> its rows or a frame of them."""
        (self.data / "staging").mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            for entity, columns in ENTITIES.items():
                connection.register(entity, _columns(tables[entity], list(columns)))
                typed = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in columns.items())
                for system in (system for system, asked in STAGED if asked == entity):
                    target = self.data / "staging" / f"stg_{system}__{entity}.parquet"
                    connection.execute(
                        f"copy (select {typed} from {entity} where source_system = '{system}') to '{target}' (format parquet)")

    def build(self, *, tests: bool = False) -> dict[str, str]:
        """Everything here, with dbt's own tests on the nights that ask for them."""
        moment = FIRST_NIGHT + timedelta(days=self.nights)
        only = [] if tests else ["--exclude-resource-type", "test", "unit_test"]
        outcome = run_dbt(["build", *only], refresh_id=f"night-{self.nights}", project=self.root, extra_vars={
            "as_of": f"{moment:%Y-%m-%d %H:%M:%S}", "as_of_on": f"{moment:%Y-%m-%d}"})
        said = [f"{node.unique_id}: {node.message}" for node in outcome.failed]
        assert outcome.success, "\n".join([outcome.error or "", *said])
        return {profile.replace(":main:", ":"): customer for profile, customer in self.rows(
            "select profile_id, customer_id from intermediate.int_customer_of_profile")}

    def publish(self) -> None:
        """Put what the next night starts from where a publication puts it."""
        folder = self.data / "published" / "current" / "history"
        folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(self.data / "warehouse.duckdb"), read_only=True) as connection:
            for name, schema in HISTORY.items():
                connection.execute(f"copy (select * from {schema}.{name}) to '{folder / name}.parquet' (format parquet)")

    def lose_the_warehouse(self) -> None:
        (self.data / "warehouse.duckdb").unlink()

    def decide(self, decision: str, profile_a: str, profile_b: str) -> None:
        """A steward's decision, from the next night on."""
        self.decisions.append(f"D{len(self.decisions) + 1},{self._decision(decision, profile_a, profile_b)}")
        self._seed_decisions(self.decisions)

    def decided(self, decisions: Iterable[tuple[str, str, str]]) -> None:
        """All of a steward's decisions that stand from the next night on; one that is not among them any more is withdrawn."""
        said = [self._decision(*decision) for decision in decisions]
        self.decisions += [line for line in said if line not in self.decisions]
        self._seed_decisions([f"D{self.decisions.index(line) + 1},{line}" for line in said])

    def _decision(self, decision: str, profile_a: str, profile_b: str) -> str:
        a, b = (profile.replace(":", ":main:", 1) for profile in (profile_a, profile_b))
        return f"{decision},{a},{b},steward,seen in person,2026-11-01"

    def _seed_decisions(self, lines: Sequence[str]) -> None:
        header = "decision_id,decision,profile_a,profile_b,author,reason,decided_on"
        (self.root / "seeds" / "steward_decisions.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.data / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def events(self) -> list[tuple[str, str, str | None]]:
        """(event_type, customer_id, other_customer_id) of the newest night that had any, oldest first."""
        return self.rows("select event_type, customer_id, other_customer_id from marts.identity_events "
                         "where event_at = (select max(event_at) from marts.identity_events) order by all")
