"""Named scenarios over several nights: who is one customer, under which id, and what was told of it.

scenarios/ (records and expected tables)  ->  staging  ->  the real identity models, night after night  ->  the same tables.
Alone: `python -m pytest -n 0 tests/identity/test_scenarios.py`; one of them: `-k "recycled and number"`.
"""
from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.contracts.graph.nodes import ParsedNode
from identity_project import IdentityProject
from scenarios import NIGHTS, SYSTEMS, Scenario, at
from scenarios.contacts import CONTACTS
from scenarios.likeness import LIKENESS
from scenarios.names import NAMES
from scenarios.several import SEVERAL
from scenarios.stewards import STEWARDS
from scenarios.vendors import VENDORS

SCENARIOS = [*VENDORS, *CONTACTS, *SEVERAL, *LIKENESS, *NAMES, *STEWARDS]
TABLES = ("intermediate.identity_registry", "marts.customer_profiles", "marts.customer_id_redirects", "marts.identity_events",
          "marts.identity_review", "marts.shared_identifiers", "pii.customer_contacts", "marts.consents", "intermediate.int_identity_pairs",
          "intermediate.int_households")
AGAIN = (1, 2)  # nights that are built once more from a lost warehouse
RULES = "identity: {cluster_size_limit: 8}\n"
TOLD_AS = {"merged": "takes", "split": "gives"}
Event = tuple[str, str, str | None]


@dataclass
class Story:
    """What each night said; `again`: all tables of a night as it left them and from a lost warehouse."""

    ids: list[dict[str, str]] = field(default_factory=list)
    events: list[list[Event]] = field(default_factory=list)
    redirects: list[dict[str, str]] = field(default_factory=list)
    again: list[tuple[Any, Any]] = field(default_factory=list)
    pairs_of_nobody: list[int] = field(default_factory=list)
    asked: list[set[tuple[str, str, str]]] = field(default_factory=list)
    reasons: dict[str, tuple[str, str]] = field(default_factory=dict)
    households: dict[str, str] = field(default_factory=dict)
    verdicts: dict[tuple[str, str], str] = field(default_factory=dict)
    data: Path = Path()
    sql: dict[str, str] = field(default_factory=dict)

    def night_of(self, scenario: Scenario, night: int) -> dict[str, str]:
        own = {scenario.profile_id(record) for record in scenario.records}
        return {record: customer for record, customer in self.ids[night].items() if record in own}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    root = tmp_path_factory.mktemp("nights")
    (root / "rules.yml").write_text(RULES, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNIMART_DATA", str(root / "data"))
        patch.setenv("OMNIMART_BUSINESS_RULES", str(root / "rules.yml"))
        project, story = IdentityProject(root), Story(data=root / "data")
        patch.setattr(ParsedNode, "write_node", lambda node, *written: story.sql.update({node.name: getattr(node, "compiled_code", "")}))
        for night in range(NIGHTS):
            lived(project, story, night)
        story.reasons = {f"{system}:{record}": (kind, reason) for system, record, kind, reason in project.rows(
            "select source_system, source_record_id, link_type, link_reason from marts.customer_profiles")}
        story.households = dict(project.rows("select customer_id, household_id from intermediate.int_households"))
        story.verdicts = {(kind, value): verdict for kind, value, verdict in project.rows(
            "select identifier_type, identifier_value, verdict from intermediate.int_identifiers__shared where not is_company")}
        yield story


def lived(project: IdentityProject, story: Story, night: int) -> None:
    """One night of all scenarios, published."""
    staged = [scenario.staged(night) for scenario in SCENARIOS]
    people, identifiers = ([row for rows in side for row in rows] for side in zip(*staged, strict=True))
    merges = [row for scenario in SCENARIOS for row in scenario.merged(night)]
    project.decided(decision for scenario in SCENARIOS for decision in scenario.decided(night))
    story.ids.append(project.night(people, identifiers, merges=merges, tests=night == 1))
    if night in AGAIN:
        built = [project.rows(f"select * from {table} order by all") for table in TABLES]
        project.lose_the_warehouse()
        project.build()
        story.again.append(([project.rows(f"select * from {table} order by all") for table in TABLES], built))
    story.events.append(project.rows("select event_type, customer_id, other_customer_id from marts.identity_events order by all"))
    story.redirects.append(dict(project.rows("select old_customer_id, customer_id from marts.customer_id_redirects")))
    story.asked.append({(one.replace(":main:", ":"), other.replace(":main:", ":"), why) for one, other, why in project.rows(
        "select profile_a, profile_b, case status when 'open' then asked_because else status end from marts.identity_review")})
    story.pairs_of_nobody.append(project.rows(
        "select count(*) from intermediate.int_identity_pairs where not (profile_a in (from intermediate.int_identity_features "
        "select profile_id) and profile_b in (from intermediate.int_identity_features select profile_id))")[0][0])
    project.publish()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
def test_scenario(scenario: Scenario, story: Story) -> None:
    letters: dict[str, str] = {}
    told: list[Event] = []
    for night in range(NIGHTS):
        found = story.night_of(scenario, night)
        groups = {frozenset(record for record in found if found[record] == customer): customer for customer in found.values()}
        expected = scenario.expected(night)
        assert sorted(map(sorted, groups)) == sorted(map(sorted, expected.values())), f"night {night}: {scenario.says}"
        for letter, records in expected.items():
            customer = groups[frozenset(records)]
            assert letters.get(customer, letter) == letter, f"night {night}: {letter} is borne by whom {letters[customer]} was"
            assert letter not in letters.values() or letters.get(customer) == letter, f"night {night}: {letter} is another id now"
            letters[customer] = letter
        events = [event for event in story.events[night] if event[1] in letters]
        for event in told:
            events.remove(event)
        told += events
        assert sorted(map(sentence, relettered(events, letters))) == sorted(filter(None, at(scenario.told, night).split(", "))), (
            f"night {night}")
        own = set(map(scenario.profile_id, scenario.records))
        assert {row for row in story.asked[night] if own & {*row[:2]}} == scenario.reviewed(night), f"night {night}"
    redirects = {letters[old]: letters[new] for old, new in story.redirects[-1].items() if old in letters}
    assert redirects == dict(pair.split(">") for pair in scenario.redirects.split())
    reasons = {record: story.reasons[scenario.profile_id(record)][0] for record in scenario.because}
    assert reasons == scenario.because
    verdicts = {(kind, scenario.value(kind, label)): verdict for (kind, label), verdict in
                ((contact.split(), verdict) for contact, verdict in scenario.verdicts.items())}
    assert {contact: story.verdicts.get(contact) for contact in verdicts} == verdicts
    if scenario.households is not None:
        found = {record: story.households[customer] for record, customer in story.night_of(scenario, NIGHTS - 1).items()}
        together = {frozenset(record for record in found if found[record] == household) for household in found.values()}
        assert together == {frozenset(map(scenario.profile_id, group.split())) for group in scenario.households.split("|")}


def relettered(events: list[Event], letters: dict[str, str]) -> list[tuple[str, str, str]]:
    """Events with letters for ids; who was created shows in the tables."""
    return [(kind, letters[one], letters[other]) for kind, one, other in events if kind != "created" and other is not None]


def sentence(event: tuple[str, str, str]) -> str:
    kind, one, other = event
    return f"{one} {TOLD_AS.get(kind, kind)} {other}"


def test_every_scenario_has_a_name_of_its_own() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS) >= 20
    assert all(name.rstrip("0123456789") in SYSTEMS for scenario in SCENARIOS for name in scenario.records)


def test_a_first_night_mints_ids_from_the_oldest_records(story: Story) -> None:
    """Golden: 'c' and the first 20 hex digits of SHA-256 of the oldest record's profile id."""
    minted = "c" + hashlib.sha256(b"retailcrm:main:falls-apart-crm").hexdigest()[:20]
    assert story.ids[0]["mindbox:falls-apart-mail"] == minted
    assert len([event for event in story.events[0] if event[0] == "created"]) == len(set(story.ids[0].values()))


def test_a_night_again_from_a_lost_warehouse_gives_the_same_tables(story: Story) -> None:
    assert len(story.again) == len(AGAIN)
    for again, built in story.again:
        for name, found, expected in zip(TABLES, again, built, strict=True):
            assert found == expected, name


def test_an_id_is_never_born_twice_on_one_day(story: Story, tmp_path: Path) -> None:
    """The model's own SQL as the last night ran it, each time with what was minted before among the events told."""
    history, own = story.data / "published" / "current" / "history", tmp_path / "history"
    shutil.copytree(history, own)
    told = duckdb.read_parquet(str(history / "identity_events.parquet")).df()
    registry = duckdb.read_parquet(str(history / "identity_registry.parquet")).df()
    registry[~registry["profile_id"].str.contains("forced-then-withdrawn-crm2")].to_parquet(own / "identity_registry.parquet")
    born: list[str] = []
    with duckdb.connect(str(story.data / "warehouse.duckdb"), read_only=True) as connection:
        for _ in range(3):
            told.to_parquet(own / "identity_events.parquet")
            sql = story.sql["int_identity_assignments"].replace(str(history), str(own))
            ((customer,),) = connection.sql(sql).filter("is_minted").project("customer_id").fetchall()
            assert customer not in {*told["customer_id"], *told["other_customer_id"], *registry["customer_id"], *born}
            born.append(customer)
            told.loc[len(told)] = told.iloc[-1].to_dict() | {"event_type": "split", "other_customer_id": customer}


def test_a_night_without_news_changes_nothing(story: Story) -> None:
    assert story.ids[-1] == story.ids[-2]
    assert story.redirects[-1] == story.redirects[-2]
    assert story.events[-1] == story.events[-2]


def test_pairs_of_who_is_gone_are_forgotten(story: Story) -> None:
    assert story.pairs_of_nobody == [0] * NIGHTS


def test_a_reason_is_a_sentence_that_names_the_other_record(story: Story) -> None:
    kind, reason = story.reasons["retailcrm:merged-away-crm2"]
    assert (kind, reason) == ("vendor_merge", "its vendor merged it with retailcrm:main:merged-away-crm")
    kind, reason = story.reasons["moysklad:typo-in-last-name-till"]
    assert reason == ("same first name, last names a letter apart, same birth date, same city, same sex as "
                      "retailcrm:main:typo-in-last-name-crm")
