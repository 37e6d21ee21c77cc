"""What likeness links, what a steward is asked about and what nobody sees, pair by pair: docs/identity.md tells it from here.

two records that share no contact  ->  the identity models  ->  bits by the model that comes along, and what becomes of them

Alone, with the table printed: `python -m pytest -n 0 -s tests/identity/test_what_is_alike.py`
"""
from __future__ import annotations

from math import log2

import pytest
from identity_project import IdentityProject, Row, has, person

from dbt_project.plugins.identity_model import SHIPPED, Model
from orchestration import business_rules
from orchestration.dbt import run_dbt

LINKED, ASKED, NOTHING, UNSEEN = "linked", "asked", "nothing", "not compared"
ELENA = {"first_name": "Елена", "last_name": "Грачёва", "birth_date": "1979-09-21", "city": "Тула", "sex": "female"}
ROMAN = {"first_name": "Роман", "last_name": "Котов", "birth_date": "1983-04-17", "city": "Омск", "sex": "male"}
VERA = {"first_name": "Вера", "last_name": "Носкова", "birth_date": "1977-03-05", "city": "Тула"}
DEFAULT = "1985-06-15"
# what differs: (one record, what the other tells otherwise, what becomes of them)
PAIRS: dict[str, tuple[Row, Row, str]] = {
    "another alphabet": (ELENA, {"first_name": "Elena", "last_name": "Gracheva"}, LINKED),
    "short first name": (ROMAN | {"first_name": "Иван"}, {"first_name": "Ваня"}, LINKED),
    "short for several names": (ROMAN | {"first_name": "Вячеслав"}, {"first_name": "Слава"}, LINKED),
    "short for a man's and a woman's name, no sex": (ROMAN | {"first_name": "Александр", "last_name": "Коваленко", "sex": None},
                                                     {"first_name": "Саша"}, LINKED),
    "a foreign first name": (ROMAN | {"first_name": "Евгений"}, {"first_name": "Eugene", "last_name": "Kotov"}, LINKED),
    "a passport of French spelling": (ROMAN | {"last_name": "Жуков"}, {"first_name": "Roman", "last_name": "Joukov"}, LINKED),
    "two names that have a short form in common": (ROMAN | {"first_name": "Вячеслав"}, {"first_name": "Станислав"}, ASKED),
    "е for ё, city spelled otherwise": (ELENA | {"city": "Москва"}, {"last_name": "Грачева", "city": "г. Москва"}, LINKED),
    "typing error in the last name": (ELENA, {"last_name": "Грочёва"}, LINKED),
    "typing errors in both names": (ELENA, {"first_name": "Елна", "last_name": "Грочёва"}, UNSEEN),
    "first and last name swapped": (ELENA, {"first_name": "Грачёва", "last_name": "Елена"}, LINKED),
    "Latin letters that look Cyrillic": (VERA, {"first_name": "Bepa", "last_name": "Hocкoвa"}, LINKED),
    "double last name": (ELENA | {"last_name": "Иванова"}, {"last_name": "Иванова-Петрова"}, LINKED),
    "double last name, the other part": (ELENA | {"last_name": "Петрова"}, {"last_name": "Иванова-Петрова"}, LINKED),
    "double first and last name": (ELENA | {"first_name": "Анна", "last_name": "Белова"},
                                   {"first_name": "Анна-Мария", "last_name": "Белова-Котова"}, ASKED),
    "another last name, patronymic agrees": (ELENA | {"middle_name": "Ильинична"}, {"last_name": "Новак"}, ASKED),
    "another last name, no patronymic": (ELENA, {"last_name": "Новак"}, NOTHING),
    "another last name, and moved": (ELENA, {"last_name": "Новак", "city": "Омск"}, NOTHING),
    "another city": (ELENA, {"city": "Омск"}, ASKED),
    "another city, patronymic agrees": (ELENA | {"middle_name": "Ильинична"}, {"city": "Омск"}, LINKED),
    "birth date a digit off, patronymic agrees": (ROMAN | {"middle_name": "Ильич"}, {"birth_date": "1983-04-18"}, LINKED),
    "birth date a digit off, no patronymic": (ROMAN, {"birth_date": "1983-04-18"}, LINKED),
    "birth date a digit off, no city": (ROMAN | {"city": None}, {"birth_date": "1983-04-18"}, ASKED),
    "day and month changed places": (ROMAN | {"birth_date": "1983-04-05"}, {"birth_date": "1983-05-04"}, NOTHING),
    "both born on 1 January": (ROMAN | {"birth_date": "1980-01-01"}, {}, ASKED),
    "born on 1 January, and a day of that year": (ROMAN | {"birth_date": "1983-01-01"}, {"birth_date": "1983-04-17"}, ASKED),
    "born on 1 January, and another year": (ROMAN | {"birth_date": "1980-01-01"}, {"birth_date": "1983-04-17"}, UNSEEN),
    "a day that a form puts in": (ROMAN | {"birth_date": DEFAULT}, {}, UNSEEN),
    "no birth date, patronymic and city agree": (ROMAN | {"middle_name": "Ильич", "birth_date": None}, {}, UNSEEN),
    "no last name": (ELENA | {"last_name": None}, {}, ASKED),
    "a twin": (ROMAN | {"middle_name": "Ильич"}, {"first_name": "Борис"}, ASKED),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[float | None, str, str]]:
    """what differs: (bits, what became of the pair, evidence)"""
    root = tmp_path_factory.mktemp("alike")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNIMART_DATA", str(root / "data"))
        project = IdentityProject(root)
        return _outcomes(project)


def _outcomes(project: IdentityProject) -> dict[str, tuple[float | None, str, str]]:
    # A birth year for each pair: a day that more than twenty share is a form's default.
    records, contacts = [], []
    for n, (one, other, _) in enumerate(PAIRS.values()):
        for side, told in (("a", one), ("b", one | other)):
            born = told["birth_date"]
            moved = born if born in (None, DEFAULT) else f"{int(born[:4]) - n - 1}{born[4:]}"
            records.append(person(f"retailcrm:{n}{side}", **told | {"birth_date": moved}, created_at="2026-01-01"))
            contacts += has(f"retailcrm:{n}{side}", phone=f"+7916{n:05}{1 if side == 'a' else 2:02}")
    for n in range(24):  # a form's default, of people with nothing else in common
        records.append(person(f"mindbox:{n}", first_name=f"Имя{n}", birth_date=DEFAULT, created_at="2026-01-01"))
    project.stage({"profiles": records, "identifiers": contacts, "profile_merges": (), "consents": (), "segments": ()})
    outcome = run_dbt(["build", "--select", "+int_identity_links", "--exclude-resource-type", "test", "unit_test"], refresh_id="alike",
                      project=project.root, extra_vars={"as_of": "2026-11-01 00:00:00", "as_of_on": "2026-11-01"})
    assert outcome.success, [node.message for node in outcome.failed] or outcome.error
    weighed = {(a.rsplit(":", 1)[1], b.rsplit(":", 1)[1]): (weight, evidence) for a, b, weight, evidence in project.rows(
        "select profile_a, profile_b, weight, evidence from intermediate.int_identity_pairs")}
    linked = {node for (node,) in project.rows("select node from intermediate.int_identity_links where link_type = 'probabilistic'")}
    found = {}
    for n, what in enumerate(PAIRS):
        weight, evidence = weighed.get((f"{n}a", f"{n}b"), (None, ""))
        became = UNSEEN if weight is None else ASKED if weight >= 2 else NOTHING
        is_linked = f"probabilistic|retailcrm:main:{n}a|retailcrm:main:{n}b" in linked
        found[what] = weight, LINKED if is_linked else became, evidence
    return found


def among(records: int, outcomes: dict[str, tuple[float | None, str, str]]) -> list[str]:
    """What becomes of the pairs among so many records by the same model (macro least_weight), where it is something else."""
    rules, more = business_rules.read().identity, max(0.0, log2(records / Model.load(SHIPPED).profiles))
    link, ask = rules.link_weight + more, rules.ask_weight + more
    told = [f"  {records} records: links from {link:.1f} bits, asked about from {ask:.1f}"]
    for what, (weight, became, _) in outcomes.items():
        then = became if weight is None else LINKED if became == LINKED and weight >= link else ASKED if weight >= ask else NOTHING
        if then != became:
            told.append(f"    {what:44} {became} -> {then}")
    return told


def test_what_becomes_of_each_pair(outcomes: dict[str, tuple[float | None, str, str]]) -> None:
    print()
    for what, (weight, became, evidence) in outcomes.items():
        print(f"  {what:44}{'' if weight is None else f'{weight:.1f}':>6}  {became:13} {evidence}")
    for records in (1_000_000, 10_000_000):
        print("\n".join(among(records, outcomes)))
    assert {what: became for what, (_, became, _) in outcomes.items()} == {what: became for what, (_, _, became) in PAIRS.items()}
