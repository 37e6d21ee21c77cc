"""Customer ids that live: what several nights in a row make of people who meet, part, leave and come back.

staging written by hand -> the real identity models -> registry, redirects, events. The scenarios share their nights (each
has people of its own), because a build costs seconds and a scenario does not. Alone:
`python -m pytest tests/identity/test_registry_over_nights.py`
"""
from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from identity_project import IdentityProject, Row, has, merged, person

TABLES = ("intermediate.identity_registry", "marts.customer_profiles", "marts.customer_id_redirects", "marts.identity_events",
          "pii.customer_contacts", "marts.consents")
NIGHTS = 4

# scenario -> the identifiers of its records on each night (the last entry stays in force)
MEET, PART, FORBID, FORCE, CHAIN, LEAVE, HISTORY, MERGED = "meet", "part", "forbid", "force", "chain", "leave", "history", "merged"


def of(scenario: str, *names: str) -> list[str]:
    """Profile ids of a scenario's records: of('meet', 'crm') -> ['retailcrm:meet-crm']."""
    systems = {"crm": "retailcrm", "till": "moysklad", "mail": "mindbox"}
    return [f"{systems[name.rstrip('23')]}:{scenario}-{name}" for name in names]


def trio(scenario: str) -> list[Row]:
    """One person at three vendors: the till's record by phone, Mindbox's by e-mail, both with the CRM's."""
    crm, till, mail = of(scenario, "crm", "till", "mail")
    phone = "+7916" + str(int(hashlib.sha256(scenario.encode()).hexdigest(), 16) % 10**7).zfill(7)
    return [*has(crm, phone=phone, email=f"{scenario}@mail.example"), *has(till, phone=phone), *has(mail, email=f"{scenario}@mail.example")]


def apart(scenario: str) -> list[Row]:
    """The same person while nobody knows the CRM's contacts; till and mail share a card."""
    crm, till, mail = of(scenario, "crm", "till", "mail")
    card = "29" + str(int(hashlib.sha256(scenario.encode()).hexdigest(), 16) % 10**10).zfill(10)
    return [*has(crm, email=f"other-{scenario}@mail.example"), *has(till, loyalty_card=card), *has(mail, loyalty_card=card)]


def minted(profile_id: str) -> str:
    """Golden: 'c' and the first 20 hex digits of SHA-256 of the oldest record's profile id."""
    return "c" + hashlib.sha256(profile_id.replace(":", ":main:", 1).encode()).hexdigest()[:20]


def people(night: int) -> list[Row]:
    records = [record for scenario in (MEET, PART, FORBID, MERGED) for record in of(scenario, "crm", "till", "mail")]
    records += of(FORCE, "crm", "crm2") + of(CHAIN, "crm", "crm2", "crm3", "mail", "mail2") + of(LEAVE, "crm", "till")
    records += of(HISTORY, "till", "mail")
    if night == 1:
        records.remove(*of(LEAVE, "till"))
    found = [person(record, first_name="Анна") for record in records]
    if night >= 1:
        found.append(person(*of(HISTORY, "crm"), first_name="Анна", created_at="2015-01-01"))
    return found


def evidence(night: int) -> list[Row]:
    a, b, c, d, e = of(CHAIN, "crm", "crm2", "crm3", "mail", "mail2")
    chain = [*has(c, email="c@x.example"), *has(d, email="c@x.example"), *has(e, email="c@x.example"),
             *has(a, email="a@x.example"), *has(b, email="a@x.example" if night >= 1 else "b@x.example")]
    if night >= 2:
        chain += [*has(a, loyalty_card="100200300"), *has(c, loyalty_card="100200300")]
    part = trio(PART) if night == 0 else [
        *has(of(PART, "crm")[0], phone="+79169998877"), *has(of(PART, "till")[0], loyalty_card="777888999"),
        *has(of(PART, "mail")[0], loyalty_card="777888999")]
    leave = [row for record in of(LEAVE, "crm", "till") for row in has(record, email="leave@mail.example")]
    history = trio(HISTORY) if night >= 1 else [row for row in trio(HISTORY) if row["source_record_id"] != "history-crm"]
    return [*(trio(MEET) if night >= 1 else apart(MEET)), *part, *trio(FORBID), *trio(MERGED), *chain, *leave, *history]


@dataclass
class Story:
    """ids, events, redirects of each night; `again` compares all tables of night 0 and 1 with a build from a lost warehouse."""

    ids: list[dict[str, str]] = field(default_factory=list)
    events: list[list[tuple[str, str, str | None]]] = field(default_factory=list)
    redirects: list[dict[str, str]] = field(default_factory=list)
    again: list[tuple[Any, Any]] = field(default_factory=list)
    told: list[tuple[Any, ...]] = field(default_factory=list)
    reasons: dict[str, tuple[str, str]] = field(default_factory=dict)

    def together(self, night: int, *records: str) -> bool:
        return len({self.ids[night][record] for record in records}) == 1


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    root = tmp_path_factory.mktemp("nights")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNIMART_DATA", str(root / "data"))
        project, story = IdentityProject(root), Story()
        project.decide("force", *of(FORCE, "crm", "crm2"))
        for night in range(NIGHTS):
            if night == 1:
                project.decide("forbid", *of(FORBID, "till", "mail"))   # they meet only through the CRM's record: a chain
            if night == 2:
                project.decide("forbid", *of(FORCE, "crm2", "crm"))
            merges = [merged("retailcrm:merged-away", into=of(MERGED, "crm")[0])]
            merges += [merged(of(FORCE, "crm2")[0], into=of(FORCE, "crm")[0])] if night >= 2 else []
            story.ids.append(project.night(people(night), evidence(night), merges=merges, tests=night == 1))
            built = [project.rows(f"select * from {table} order by all") for table in TABLES]
            if night < 2:
                project.lose_the_warehouse()
                project.night(people(night), evidence(night), merges=merges, same_night=True)
                story.again.append(([project.rows(f"select * from {table} order by all") for table in TABLES], built))
            story.events.append(project.events())
            story.redirects.append(dict(project.rows("select old_customer_id, customer_id from marts.customer_id_redirects")))
            project.publish()
        story.told = project.rows("select event_type, count(*) from marts.identity_events "
                                  "where event_type in ('forced', 'forbidden') group by 1")
        story.reasons = {record: (kind, reason) for record, kind, reason in project.rows(
            "select source_record_id, link_type, link_reason from marts.customer_profiles")}
        yield story


def test_a_first_night_mints_ids_from_the_oldest_records(story: Story) -> None:
    crm, till, mail = of(PART, "crm", "till", "mail")
    assert {story.ids[0][record] for record in (crm, till, mail)} == {minted(crm)}
    assert ("created", minted(crm), None) in story.events[0]
    assert len([event for event in story.events[0] if event[0] == "created"]) == len(set(story.ids[0].values()))


def test_a_night_again_from_a_lost_warehouse_gives_the_same_tables(story: Story) -> None:
    assert len(story.again) == 2
    for again, built in story.again:
        assert again == built


def test_a_night_without_news_changes_nothing(story: Story) -> None:
    assert story.ids[3] == story.ids[2]
    assert story.redirects[3] == story.redirects[2]
    assert story.events[3] == story.events[2], "the newest events are still those of the night before"


def test_two_customers_who_turn_out_to_be_one_keep_the_id_of_most_records(story: Story) -> None:
    crm, till, mail = of(MEET, "crm", "till", "mail")
    before, after = story.ids[0], story.ids[1]
    assert before[crm] != before[till] == before[mail]
    assert {after[record] for record in (crm, till, mail)} == {before[till]}, "two records outvote the older one"
    assert ("merged", before[till], before[crm]) in story.events[1]
    assert story.redirects[1][before[crm]] == before[till]


def test_redirects_of_redirects_lead_straight_to_the_living_id(story: Story) -> None:
    a, b, c = of(CHAIN, "crm", "crm2", "crm3")
    first = story.ids[0]
    assert len({first[record] for record in (a, b, c)}) == 3
    assert story.redirects[1][first[b]] == first[a], "one record each: the older one's id stays"
    assert story.ids[2][a] == story.ids[2][b] == first[c]
    assert (story.redirects[2][first[a]], story.redirects[2][first[b]]) == (first[c], first[c])


def test_who_falls_apart_keeps_the_id_where_most_records_are_and_the_rest_get_one_never_used(story: Story) -> None:
    crm, till, mail = of(PART, "crm", "till", "mail")
    before, after = story.ids[0], story.ids[1]
    assert after[till] == after[mail] == before[crm]
    assert after[crm] not in set(before.values()), "the id minted from its own record is another's now"
    assert ("split", before[crm], after[crm]) in story.events[1]
    assert before[crm] not in story.redirects[1]


def test_what_a_steward_forbids_holds_through_any_chain(story: Story) -> None:
    crm, till, mail = of(FORBID, "crm", "till", "mail")
    assert story.together(0, crm, till, mail)
    for night in (1, 2, 3):
        assert not story.together(night, till, mail)
        assert story.together(night, crm, mail), "the e-mail is stronger evidence than the phone"
        assert story.ids[night][till] == story.ids[1][till]
    assert ("forbidden", story.ids[1][till], story.ids[1][mail]) in story.events[1]


def test_forbid_wins_over_force_and_over_the_vendors_word(story: Story) -> None:
    one, other = of(FORCE, "crm", "crm2")
    assert story.together(0, one, other)
    assert story.together(1, one, other)
    assert not story.together(2, one, other)


def test_a_decision_is_told_once(story: Story) -> None:
    assert sorted(story.told) == [("forbidden", 2), ("forced", 1)]


def test_a_record_that_leaves_keeps_its_place_and_finds_its_customer_again(story: Story) -> None:
    crm, till = of(LEAVE, "crm", "till")
    assert till not in story.ids[1]
    assert story.ids[2][till] == story.ids[0][till] == story.ids[2][crm]


def test_history_that_arrives_later_brings_older_records_and_no_new_ids(story: Story) -> None:
    crm, till, mail = of(HISTORY, "crm", "till", "mail")
    assert story.ids[0][till] == minted(till) != story.ids[0][mail]
    assert {story.ids[1][record] for record in (crm, till, mail)} == {minted(till)}


def test_a_record_that_its_vendor_merged_away_still_leads_to_its_customer(story: Story) -> None:
    assert story.together(3, "retailcrm:merged-away", *of(MERGED, "crm"))
    assert story.reasons["merged-away"] == ("vendor_merge", "its vendor merged it with retailcrm:main:merged-crm")
