"""Two questions about people: why are these records one customer or not, and what would tonight's build change?

One published night, asked about; a dry run of the next one, which says what that night then does, down to the numbers. Alone:
`python -m pytest -n 0 tests/identity/test_explain_and_diff.py`
"""
from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from identity_project import FIRST_NIGHT, IdentityProject, Row, has, person
from keyed_facts import marts, restated, version_of

from ingestion import lock
from orchestration import explain, identity_diff
from orchestration.explain import Explanation, NoAnswer
from orchestration.identity_diff import Change, Diff, DryRunError

CRM, TILL, MAIL = "retailcrm:chain", "moysklad:chain", "mindbox:chain"
TYPO = ("retailcrm:typo", "moysklad:typo")
FATHER, SON = "retailcrm:father", "mindbox:son"
MEET = ("retailcrm:meet", "moysklad:meet")
MOTHER, DAUGHTER = "retailcrm:mother", "retailcrm:daughter"
# Two of one first name whom a record without a name ties.
FORMER, NAMELESS, OWNER = "retailcrm:former", "mindbox:nameless", "retailcrm:owner"
NAMED = {"first_name": "Пётр", "last_name": "Кузнецов", "birth_date": "1984-05-06", "city": "Самара"}
HOME = "+79161234567"
# Who bought on which day of October: the chain's records on the 10th, those of MEET on the 11th.
ORDERS = ((CRM, 10), (MAIL, 10), (TILL, 12), (MEET[0], 11), (MEET[1], 11), (SON, 12))


def full(profile_id: str) -> str:
    return profile_id.replace(":", ":main:", 1)


def people() -> list[Row]:
    return [
        person(CRM, first_name="Анна"), person(TILL, first_name="Анна"), person(MAIL, first_name="Анна"),
        person(TYPO[0], **NAMED), person(TYPO[1], **(NAMED | {"last_name": "Кузнецв"})),
        person(FATHER, first_name="Олег", birth_date="1955-01-02", sex="male"),
        person(SON, first_name="Глеб", birth_date="1985-03-04", sex="male"),
        person(MEET[0], first_name="Вера"), person(MEET[1], first_name="Вера"),
        person(MOTHER, first_name="Вера", last_name="Зыкова", birth_date="1961-02-11"),
        person(DAUGHTER, first_name="Вера", last_name="Зыкова", birth_date="1988-10-27"),
        person(FORMER, first_name="Олег", last_name="Гущин"), person(NAMELESS), person(OWNER, first_name="Олег", last_name="Рябов"),
    ]


def evidence(night: int) -> list[Row]:
    told = [*has(CRM, phone="+79160000001"), *has(TILL, phone="+79160000001", email="chain@mail.example"),
            *has(MAIL, email="chain@mail.example"), *has(FATHER, phone=HOME), *has(SON, phone=HOME),
            *has(MOTHER, email="vera@mail.example"), *has(DAUGHTER, email="vera@mail.example"),
            *has(FORMER, email="oleg@mail.example"), *has(NAMELESS, email="oleg@mail.example", phone="+79160000002"),
            *has(OWNER, phone="+79160000002")]
    return told + ([row for record in MEET for row in has(record, loyalty_card="200300400")] if night else [])


@dataclass
class Nights:
    """Explanations on the first night by name; the dry run before the second; the ids of both."""

    explained: dict[str, Explanation]
    ids: list[dict[str, str]]
    diff: Diff
    events: list[tuple[str, str, str | None]]
    restated: list[tuple[str, str, float, float, str]]
    touched: set[str]
    refused: str
    unknown_model: str
    broken: tuple[str, ...]
    vanished: str


def contents(data: Path) -> dict[str, str]:
    """Every file of the data folder that a dry run must leave alone, and what is in it."""
    return {str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest() for path in data.rglob("*")
            if path.is_file() and path.name != "refresh.lock" and "dbt" not in path.relative_to(data).parts}


def dry_run(project: IdentityProject, **asked: str) -> Diff:
    """As of the day of the second night."""
    moment = f"{FIRST_NIGHT + timedelta(days=2):%Y-%m-%d} 00:00:00"
    return identity_diff.compare(project=project.root, facts=("orders", "messages"), extra_vars={"as_of": moment, "as_of_on": moment[:10]},
                                 **asked)


def refusal(project: IdentityProject, *decisions: str) -> str:
    """What a dry run says of these rows of the seed, which it must refuse; the seed is as before then."""
    seed = project.root / "seeds" / "steward_decisions.csv"
    told = seed.read_text(encoding="utf-8")
    seed.write_text(told.splitlines()[0] + "\n" + "".join(f"{decision}\n" for decision in decisions), encoding="utf-8")
    try:
        with pytest.raises(DryRunError) as why:
            dry_run(project)
    finally:
        seed.write_text(told, encoding="utf-8")
    return str(why.value)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    root = tmp_path_factory.mktemp("asked")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNIMART_DATA", str(root / "data"))
        project = IdentityProject(root)
        first = project.night(people(), evidence(0))
        project.publish()
        asked = {"chain": (MAIL, CRM), "typo": TYPO, "family": (FATHER, SON), "strangers": (FATHER, CRM), "itself": (CRM, full(CRM)),
                 "namesakes": (MOTHER, DAUGHTER), "owners": (FORMER, OWNER), "nothing told": (NAMELESS, OWNER)}
        explained = {name: explain.explain(*pair) for name, pair in asked.items()}
        marts(project, ORDERS)
        published = version_of(project)
        project.decide("forbid", MAIL, CRM)
        project.decide("force", MAIL, "mindbox:nobody")
        project.stage({"profiles": [row | {"created_at": f"2025-01-{n + 1:02}"} for n, row in enumerate(people())],
                       "identifiers": evidence(1), "profile_merges": (), "consents": (), "segments": ()})
        before = contents(project.data)
        killed = project.data / "identity" / f"{identity_diff.SCRATCH}{2**22 + 1}-left"  # no process has so great a number
        killed.mkdir(parents=True)
        (killed / "warehouse.duckdb").touch()
        diff = dry_run(project)
        assert not killed.exists()
        after = contents(project.data)
        with lock.refresh_lock(holder="a night"), pytest.MonkeyPatch.context() as hurried:
            hurried.setattr(lock, "refresh_lock", lambda locked=lock.refresh_lock, **_: locked(wait_seconds=0))
            with pytest.raises(DryRunError) as refused:
                dry_run(project)
        with pytest.raises(DryRunError) as unknown:
            dry_run(project, model="abc")
        apart = f"{full(MEET[0])},{full(MEET[1])}"
        broken = (refusal(project, f"D1,forbids,{apart},maria,two sisters,2026-11-02"),
                  refusal(project, f"D1,forbid,{apart},maria,two sisters,2026-11-02", f"D1,force,{apart},,one,2026-11-03"))
        second = project.night(people(), evidence(1))
        marts(project, ORDERS)
        with duckdb.connect(str(project.data / "warehouse.duckdb")) as build:
            build.execute("insert into intermediate.identity_registry (profile_id, customer_id, is_present) "
                          "values ('retailcrm:main:gone', 'c1', false)")
        with pytest.raises(NoAnswer) as vanished:
            explain.explain(CRM, "retailcrm:gone")
        yield Nights(explained, [first, second], diff, project.events(), restated(published),
                     {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}, str(refused.value),
                     str(unknown.value), broken, str(vanished.value))


def test_a_chain_is_told_link_by_link(nights: Nights) -> None:
    told = nights.explained["chain"]
    assert told.sentence == f"One customer, {nights.ids[0][CRM]}, by 2 links."
    assert [(step.profile_id, step.other_profile_id, step.link_type, step.reason, step.is_in_force) for step in told.path] == [
        (full(MAIL), full(TILL), "email", "c***@mail.example", True), (full(TILL), full(CRM), "phone", "+7***0001", True)]


def test_a_likeness_is_told_in_words_with_its_weight(nights: Nights) -> None:
    told = nights.explained["typo"]
    (step,) = told.path
    assert (step.link_type, step.reason) == ("probabilistic", "same first name, last names a letter apart, same birth date, same city")
    assert step.weight >= 8
    assert [(one.kind, one.weight) for one in told.evidence] == [("likeness", step.weight)]


def test_two_people_at_one_telephone_are_told_what_parts_them(nights: Nights) -> None:
    told = nights.explained["family"]
    assert told.sentence == f"Two customers, {nights.ids[0][FATHER]} and {nights.ids[0][SON]}: no chain of links ties them."
    assert [(one.reason, one.facts) for one in told.evidence if one.kind == "same phone"] == [
        ("+7***4567 of several people: these are two, by different birth dates, different first names",
         "birth dates 1955-01-02 and 1985-03-04; first names Олег and Глеб")]
    assert "+79161234567" not in "\n".join(explain.lines(told)), "values are masked"


def test_mother_and_daughter_of_one_name_are_told_apart_by_their_birth_dates(nights: Nights) -> None:
    """Where a value is refused between two records, what they agree in is no reason, and what differs is named."""
    told = nights.explained["namesakes"]
    assert [(one.kind, one.reason, one.facts) for one in told.evidence if one.kind.startswith("same")] == [
        ("same email", "v***@mail.example of several people: these are two, by different birth dates",
         "birth dates 1961-02-11 and 1988-10-27")]
    assert "birth dates 1961-02-11 and 1988-10-27" in "\n".join(explain.lines(told))
    drawn = "\n".join(text.get_text() for axes in explain.draw(told).axes for text in axes.texts)
    assert "these are two, by different birth dates" in drawn
    assert "1961" not in drawn, "who a person is stays at the terminal"


def test_two_surnames_in_one_chain_are_told(nights: Nights) -> None:
    told = nights.explained["owners"]
    assert {one.profile_id for one in told.evidence if one.kind == "two people"} | {
        one.other_profile_id for one in told.evidence if one.kind == "two people"} == {full(FORMER), full(OWNER)}
    assert [(one.reason, one.facts) for one in told.evidence if one.kind == "two people"] == [
        ("different last names, which stops shared values and likeness", "last names Гущин and Рябов")]


def test_records_that_tell_nothing_in_common_have_no_weight(nights: Nights) -> None:
    told = nights.explained["nothing told"]
    assert [(one.reason, one.weight) for one in told.evidence if one.kind == "likeness"] == [("nothing that both tell", None)]
    assert [one.weight for one in told.evidence if one.kind.startswith("asked")] == [None]
    assert [step.weight for step in told.path] == [None]


def test_records_without_any_chain_and_a_record_with_itself(nights: Nights) -> None:
    assert (nights.explained["strangers"].path, nights.explained["strangers"].evidence) == ((), ())
    assert nights.explained["itself"].sentence == f"It is one and the same record, of customer {nights.ids[0][CRM]}."


def test_the_picture_shows_every_record_and_link(nights: Nights, own_data: Path) -> None:
    told = nights.explained["chain"]
    words = "\n".join(text.get_text() for axes in explain.draw(told).axes for text in axes.texts)
    assert all(word in words for word in ("mindbox\nchain", "moysklad\nchain", "retailcrm\nchain", "c***@mail.example", "+7***0001"))
    drawn = explain.picture(told)
    assert drawn.parent == own_data / "identity" / "explain"
    assert drawn.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_of_a_record_that_is_gone_its_customer_is_told(nights: Nights) -> None:
    assert nights.vanished.startswith("retailcrm shows no record retailcrm:main:gone any more ")
    assert "It was of customer c1, " in nights.vanished


def test_what_cannot_be_explained_is_a_sentence(own_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NoAnswer, match=r"There is no warehouse under .* yet"):
        explain.explain(CRM, TILL)
    assert explain.main([CRM, TILL]) == 1
    assert "Run `make refresh`" in capsys.readouterr().err


def test_a_dry_run_tells_what_the_night_then_does(nights: Nights) -> None:
    before, after = nights.ids
    crm, meet = before[CRM], before[MEET[1]]
    split, merge = nights.diff.changes[1], nights.diff.changes[0]
    assert merge == Change("merges", meet, before[MEET[0]], 1, full(MEET[1]), full(MEET[0]), f"loyalty card: ***0400 as {full(MEET[0])}")
    assert (split.kind, split.old_customer_id, split.records) == ("splits", crm, 1)
    assert split.reason == f"forbidden: steward on 2026-11-01: seen in person ({full(MAIL)}, {full(CRM)})"
    moved = {record for record in before if before[record] != after[record]}
    assert moved == {MEET[1], split.profile_id.replace(":main:", ":")}
    assert after[split.profile_id.replace(":main:", ":")] == split.customer_id
    assert {event for event in nights.events if event[0] in ("merged", "split")} == {
        ("merged", before[MEET[0]], meet), ("split", crm, split.customer_id)}
    assert (nights.diff.customers_before, nights.diff.customers_after) == (len(set(before.values())), len(set(after.values())))
    assert len(nights.diff.changes) == 2


def test_a_dry_run_counts_facts_that_change_hands_and_names_decisions(nights: Nights) -> None:
    assert nights.diff.facts == {"orders": (1, 3)}
    decision, slip = nights.diff.events
    assert slip == "Changes nothing: decision D2, never seen: mindbox:main:nobody"
    assert decision.startswith("Comes into force: forbidden, decision D1 of steward on ")
    text = "\n".join(nights.diff.lines())
    assert "      1 would merge into another\n      1 would split" in text


def test_forbidding_gives_the_people_back_and_restates_what_moved(nights: Nights) -> None:
    """One buyer of 10 October is two again; the two of the 11th were one all along. The 12th stays as it was told."""
    assert nights.restated == [
        ("buyers", "2026-10-10", 1.0, 2.0, "orders: 1 of another customer"),
        ("buyers", "2026-10-11", 2.0, 1.0, "orders: 1 of another customer")]


def test_a_broken_decision_is_refused_in_the_words_of_the_seeds_test(nights: Nights) -> None:
    word, twice = nights.broken
    assert "test.omnimart.sound_steward_decisions" in word
    assert "Broken: decision is one of force, forbid (1 row)" in word
    assert "one row per decision_id (2 rows)" in twice
    assert "author always has a value (1 row)" in twice


def test_the_exit_code_says_whether_customers_would_change(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = []
    for diff in (Diff(7, 7, (), {}), nights.diff):
        monkeypatch.setattr(identity_diff, "compare", lambda diff=diff, **_: diff)
        codes.append(identity_diff.main([]))
    assert codes == [0, 1]


def test_a_dry_run_touches_nothing(nights: Nights) -> None:
    assert nights.touched == set()


def test_what_keeps_a_dry_run_from_running_is_a_sentence(nights: Nights, own_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "A refresh is already running" in nights.refused
    assert nights.unknown_model.startswith("There is no model abc under ")
    assert identity_diff.main([]) == 2
    assert capsys.readouterr().err.startswith("There is no warehouse under ")
