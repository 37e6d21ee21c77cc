"""Customer ids that live: what several nights in a row make of people who meet, part, leave and come back.

staging written by hand -> the real identity models -> registry, redirects, events. Alone:
`python -m pytest tests/identity/test_registry_over_nights.py`
"""
from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.identity.identity_project import IdentityProject, has, merged, person

ANNA, ANNA_TILL, ANNA_MAIL, BORIS = "retailcrm:1", "moysklad:a", "mindbox:100", "retailcrm:2"
PEOPLE = [person(ANNA, first_name="Анна"), person(ANNA_TILL, first_name="Анна"), person(ANNA_MAIL, first_name="Анна"),
          person(BORIS, first_name="Борис")]
PHONE, MAIL = "+79161112200", "anna@mail.example"
TOGETHER = [has(ANNA, phone=PHONE, email=MAIL), has(ANNA_TILL, phone="8 (916) 111-22-00"), has(ANNA_MAIL, email="Anna@Mail.Example"),
            has(BORIS, phone="+79163334400")]


def minted(profile_id: str) -> str:
    """Golden: 'c' and the first 20 hex digits of SHA-256 of the oldest record's profile id."""
    return "c" + hashlib.sha256(profile_id.replace(":", ":main:", 1).encode()).hexdigest()[:20]


@pytest.fixture
def project(own_data: Path) -> IdentityProject:
    root = own_data.parent
    return IdentityProject(root)


def test_a_first_night_mints_ids_from_the_oldest_records(project: IdentityProject) -> None:
    ids = project.night(PEOPLE, TOGETHER)
    anna, boris = minted(ANNA), minted(BORIS)
    assert ids == {ANNA: anna, ANNA_TILL: anna, ANNA_MAIL: anna, BORIS: boris}
    assert sorted(project.events()) == sorted([("created", anna, None), ("created", boris, None)])


def test_the_same_night_again_gives_the_same_tables_and_a_lost_warehouse_the_same_ids(project: IdentityProject) -> None:
    tables = ("intermediate.identity_registry", "marts.customer_profiles", "marts.customer_id_redirects", "marts.identity_events",
              "pii.customer_contacts", "marts.consents")
    project.night(PEOPLE, TOGETHER)
    project.publish()
    first = {table: project.rows(f"select * from {table} order by all") for table in tables}
    project.night(PEOPLE, TOGETHER)
    assert {table: project.rows(f"select * from {table} order by all") for table in tables} == first
    project.lose_the_warehouse()
    project.night(PEOPLE, TOGETHER)
    assert {table: project.rows(f"select * from {table} order by all") for table in tables} == first


def test_history_that_arrives_later_brings_older_records_and_no_new_ids(project: IdentityProject) -> None:
    young = project.night(PEOPLE[1:], TOGETHER[1:3])
    project.publish()
    ids = project.night([person(ANNA, first_name="Анна", created_at="2020-01-01"), *PEOPLE[1:]], TOGETHER)
    assert ids[ANNA] == ids[ANNA_TILL] == young[ANNA_TILL] == minted(ANNA_TILL)
    assert ids[ANNA_MAIL] == ids[ANNA]
    assert project.rows("select old_customer_id, customer_id from marts.customer_id_redirects") == [(young[ANNA_MAIL], ids[ANNA])]


def test_two_customers_who_turn_out_to_be_one_keep_the_id_of_most_records(project: IdentityProject) -> None:
    apart = [has(ANNA, phone="+79160000011"), has(ANNA_TILL, phone=PHONE, email=MAIL), has(ANNA_MAIL, email=MAIL)]
    before = project.night(PEOPLE, apart)
    assert before[ANNA] != before[ANNA_TILL] == before[ANNA_MAIL]
    project.publish()
    after = project.night(PEOPLE, TOGETHER)
    assert after[ANNA] == before[ANNA_TILL], "two records outvote the older one"
    assert project.events() == [("merged", before[ANNA_TILL], before[ANNA])]
    assert project.rows("select old_customer_id, customer_id from marts.customer_id_redirects") == [(before[ANNA], before[ANNA_TILL])]


def test_redirects_of_redirects_lead_straight_to_the_living_id(project: IdentityProject) -> None:
    a, b, c = "retailcrm:1", "retailcrm:2", "retailcrm:3"
    people = [person(p, first_name="Анна") for p in (a, b, c)]
    first = project.night(people, [has(a, email="a@x.ru"), has(b, email="b@x.ru"), has(c, email="c@x.ru")])
    project.publish()
    project.night(people, [has(a, email="a@x.ru"), has(b, email="a@x.ru"), has(c, email="c@x.ru")])
    project.publish()
    # c's id wins only if more of the cluster's records bear it, so a third and fourth record join c first.
    more = [*people, person("mindbox:1"), person("mindbox:2")]
    linked = [has(c, email="c@x.ru"), has("mindbox:1", email="c@x.ru"), has("mindbox:2", email="c@x.ru")]
    project.night(more, [has(a, email="a@x.ru"), has(b, email="a@x.ru"), *linked])
    project.publish()
    ids = project.night(more, [has(a, email="a@x.ru", loyalty_card="100200"), has(b, email="a@x.ru"), *linked, has(c, loyalty_card="100200")])
    assert set(ids.values()) == {first[c]}
    assert sorted(project.rows("select old_customer_id, customer_id from marts.customer_id_redirects")) == sorted(
        [(first[a], first[c]), (first[b], first[c])])


def test_a_customer_who_falls_apart_keeps_the_id_where_most_records_are_and_the_rest_get_a_new_one(project: IdentityProject) -> None:
    before = project.night(PEOPLE, TOGETHER)
    project.publish()
    corrected = [has(ANNA, phone="+79169998877"), *TOGETHER[1:], has(ANNA_TILL, email=MAIL)]
    after = project.night(PEOPLE, corrected)
    assert after[ANNA_TILL] == after[ANNA_MAIL] == before[ANNA]
    assert after[ANNA] not in before.values(), "the id minted from its own record is another's now, so it gets one never used"
    assert project.events() == [("split", before[ANNA], after[ANNA])]
    assert project.rows("select * from marts.customer_id_redirects") == []
    project.publish()
    assert project.night(PEOPLE, corrected) == after


def test_what_a_steward_forbids_holds_through_any_chain_and_survives_the_loss_of_the_warehouse(project: IdentityProject) -> None:
    before = project.night(PEOPLE, TOGETHER)
    project.publish()
    project.decide("forbid", ANNA_TILL, ANNA_MAIL)   # they meet only through ANNA: a chain, not a link of their own
    after = project.night(PEOPLE, TOGETHER)
    assert after[ANNA_TILL] != after[ANNA_MAIL]
    assert after[ANNA] == after[ANNA_MAIL] == before[ANNA], "the e-mail is stronger evidence than the phone"
    assert [event[0] for event in project.events()] == ["forbidden", "split"]
    project.publish()
    project.lose_the_warehouse()
    assert project.night(PEOPLE, TOGETHER) == after
    assert len(project.rows("select * from marts.identity_events where event_type = 'forbidden'")) == 1


def test_forbid_wins_over_force_and_over_the_vendors_word(project: IdentityProject) -> None:
    project.decide("force", ANNA, BORIS)
    ids = project.night(PEOPLE, TOGETHER)
    assert ids[ANNA] == ids[BORIS]
    project.publish()
    project.decide("forbid", BORIS, ANNA)
    ids = project.night(PEOPLE, TOGETHER, merges=[merged(BORIS, into=ANNA)])
    assert ids[ANNA] != ids[BORIS]


def test_a_record_that_leaves_keeps_its_place_and_finds_its_customer_again(project: IdentityProject) -> None:
    before = project.night(PEOPLE, TOGETHER)
    project.publish()
    gone = project.night(PEOPLE[:3], TOGETHER[:3])
    assert BORIS not in gone
    project.publish()
    assert project.night(PEOPLE, TOGETHER) == before


def test_a_record_that_its_vendor_merged_away_still_leads_to_its_customer(project: IdentityProject) -> None:
    ids = project.night(PEOPLE, TOGETHER, merges=[merged("retailcrm:77", into=ANNA)])
    assert ids["retailcrm:77"] == ids[ANNA]
    assert project.rows("select link_type, link_reason from marts.customer_profiles where source_record_id = '77'") == [
        ("vendor_merge", "its vendor merged it with retailcrm:main:1")]
