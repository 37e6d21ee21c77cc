"""The model behind likeness: what a weight is made of, that it hangs on two records alone, and what a file of it keeps.

Alone: `python -m pytest -n 0 tests/identity/test_identity_model.py`
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from identity_project import IdentityProject, Row, has, person

from dbt_project.plugins import identity_model
from dbt_project.plugins.identity_model import (
    BY_FREQUENCY,
    LEAST_M,
    LEAST_U,
    LEVELS,
    SHIPPED,
    Model,
    current_folder,
    model_version,
    pair_weights,
    put_in_force,
    train,
)
from orchestration.dbt import run_dbt

TYPES = {"VARCHAR": pa.string(), "DATE": pa.date32()}
SCHEMA = pa.schema([(name, TYPES[kind]) for name, kind in identity_model.FEATURES.items()])


def record(profile_id: str, *, born: date | None = None, **facts: str) -> dict[str, Any]:
    told = {"profile_id": profile_id, "birth_date": born, "birth_digits": born and f"{born:%Y%m%d}", "birth_year": born and f"{born:%Y}"}
    told |= facts
    return dict.fromkeys(SCHEMA.names) | told


def features(*records: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(records), schema=SCHEMA)


def pairs(*ids: tuple[str, str]) -> pa.Table:
    return pa.table({"profile_a": [a for a, _ in ids], "profile_b": [b for _, b in ids]})


HOME = "+79161112200"
IVAN = record("a", born=date(1984, 5, 6), first_name_key="ivan", last_name_key="petrov", city_key="moskva", sex="male", phone=HOME)
TYPO = record("b", born=date(1984, 5, 8), first_name_key="ivan", last_name_key="petrv", city_key="samara", sex="male", phone=HOME)
SWAPPED = record("c", born=date(1984, 5, 6), first_name_key="petrov", last_name_key="ivan", sex="male")
STRANGER = record("d", born=date(1984, 1, 1), first_name_key="oleg", last_name_key="zzz", city_key="moskva", sex="male", email="o@b.ru")
UNHEARD = record("e", born=date(1984, 5, 6), first_name_key="qqivan", last_name_key="qqpetrov", middle_name_key="olegovich")
TWIN = UNHEARD | {"profile_id": "f", "middle_name_key": "olegovch"}
EVERYBODY = (IVAN, TYPO, SWAPPED, STRANGER, UNHEARD, TWIN)
ASKED = (("a", "b"), ("a", "c"), ("a", "d"), ("e", "f"), ("b", "d"))


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load(SHIPPED)


def by_hand(model: Model, one: dict[str, Any], other: dict[str, Any], gammas: dict[str, int]) -> float:
    """log2 of prior odds, of m / u of each level met, and of how much rarer the agreeing name is than names that agree."""
    prior = model.settings["probability_two_random_records_match"]
    weight = math.log2(prior / (1 - prior))
    for comparison in model.settings["comparisons"]:
        name = comparison["output_column_name"]
        levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        if gammas[name] < 0:
            continue
        level = levels[len(levels) - 1 - gammas[name]]
        weight += math.log2(level["m_probability"] / level["u_probability"])
        column = f"{name}_key"
        if column in BY_FREQUENCY and level is levels[0] and one[column] in model.frequencies[column]:
            weight += math.log2(level["u_probability"] / model.frequencies[column][one[column]])
        assert (one.get(column) == other.get(column)) or level is not levels[0]
    return weight


def test_a_weight_is_the_sum_that_anybody_can_add_up(model: Model) -> None:
    told = pair_weights(features(*EVERYBODY), pairs(*ASKED), model).to_pylist()
    records = {one["profile_id"]: one for one in EVERYBODY}
    assert [(row["profile_a"], row["profile_b"]) for row in told] == sorted(ASKED)
    for row in told:
        gammas = {name: row[f"gamma_{name}"] for name in LEVELS}
        assert row["weight"] == pytest.approx(by_hand(model, records[row["profile_a"]], records[row["profile_b"]], gammas), abs=1e-5)


def test_the_evidence_says_in_words_what_agrees_and_names_no_value(model: Model) -> None:
    told = {(row["profile_a"], row["profile_b"]): row["evidence"]
            for row in pair_weights(features(*EVERYBODY), pairs(*ASKED), model).to_pylist()}
    assert told["a", "b"] == ("same first name, last names a letter apart, birth dates a digit apart, different cities, same sex, "
                              "same phone and first name")
    assert told["a", "c"] == "different first names, first and last name swapped, same birth date, same sex"
    assert told["a", "d"] == "different first names, different last names, born in the same year, same city, same sex"
    assert told["e", "f"] == "same first name, same last name, same birth date, middle names a letter apart"


def test_a_weight_hangs_on_its_two_records_alone(model: Model) -> None:
    """So tonight's pairs by themselves get what a full run gives them, and a warehouse built anew says the same."""
    together = {(row["profile_a"], row["profile_b"]): row for row in pair_weights(features(*EVERYBODY), pairs(*ASKED), model).to_pylist()}
    backwards = pair_weights(features(*EVERYBODY[::-1]), pairs(*ASKED[::-1]), model).to_pylist()
    assert {(row["profile_a"], row["profile_b"]): row for row in backwards} == together
    records = {one["profile_id"]: one for one in EVERYBODY}
    for a, b in ASKED:
        assert pair_weights(features(records[b], records[a]), pairs((a, b)), model).to_pylist() == [together[a, b]]


def test_a_second_telephone_or_mailbox_says_nothing(model: Model) -> None:
    alone = pair_weights(features(IVAN | {"phone": None}, TYPO), pairs(("a", "b")), model).to_pylist()[0]
    other = pair_weights(features(IVAN | {"phone": "+79990001122"}, TYPO), pairs(("a", "b")), model).to_pylist()[0]
    family = pair_weights(features(IVAN | {"first_name_key": "oleg"}, TYPO), pairs(("a", "b")), model).to_pylist()[0]
    assert alone == other
    assert (alone["gamma_contact"], family["gamma_contact"]) == (-1, -1)


def people(count: int) -> tuple[pa.Table, pa.Table]:
    """Two records of each person; nobody's middle name, city or sex ever differs between them."""
    records, labels = [], []
    for n in range(count):
        born = date(1950 + n % 50, 1 + n % 12, 1 + n % 28)
        told = {"first_name_key": f"first{n % 20}", "last_name_key": f"last{n % 37}", "city_key": f"city{n % 5}",
                "middle_name_key": f"middle{n % 11}", "sex": ("male", "female")[n % 2], "email": f"{n}@b.ru"}
        records += [record(f"{n:04}-{k}", born=born, **told) for k in (0, 1)]
        labels += [(f"{n:04}-{k}", n) for k in (0, 1)]
    return features(*records), pa.table({"profile_id": [one for one, _ in labels], "cluster_no": [one for _, one in labels]})


def test_what_training_never_saw_is_neither_impossible_nor_certain(tmp_path: Path) -> None:
    trained = train(*people(300))
    for comparison in trained.settings["comparisons"]:
        levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        assert [level["label_for_charts"] for level in levels] == list(LEVELS[comparison["output_column_name"]])
        assert min(level["m_probability"] for level in levels) >= LEAST_M / 2
        assert min(level["u_probability"] for level in levels) >= LEAST_U
    records, labels = people(300)
    again = train(records.take(list(range(records.num_rows))[::-1]), labels.take(list(range(labels.num_rows))[::-1]))
    assert again == trained, "the order of the rows is nobody's evidence"
    trained.save(tmp_path)
    assert Model.load(tmp_path) == trained
    assert Model.load(tmp_path).version == trained.version
    assert trained.profiles == 600


def bits(model: Model) -> dict[str, float]:
    """What each level weighs, by its words."""
    return {level["label_for_charts"]: math.log2(level["m_probability"] / level["u_probability"])
            for comparison in model.settings["comparisons"] for level in comparison["comparison_levels"] if not level.get("is_null_level")}


def test_a_level_that_nobody_showed_is_no_strong_evidence() -> None:
    """Both least shares together would be ten bits for one person: twice what the same first name says."""
    trained = bits(train(*people(300)))
    assert trained["a first name that may be short for the other"] == pytest.approx(trained["same first name"], abs=1e-6)
    # No two of first0 … first19 are different enough; nobody's names are swapped, and a letter apart speaks against one person there.
    assert (trained["different first names"], trained["first and last name swapped"]) == pytest.approx((0, 0), abs=1e-6)


def test_a_model_of_ones_own_wins_over_the_one_that_comes_along(own_data: Path, model: Model) -> None:
    assert current_folder() == SHIPPED
    assert model_version() == model.version
    changed = Model(model.settings | {"probability_two_random_records_match": 0.001}, model.frequencies, model.profiles)
    folder = put_in_force(changed)
    assert (current_folder(), model_version()) == (folder, changed.version)
    put_in_force(model)
    assert model_version() == model.version != changed.version
    assert folder.exists(), "the ones before stay, to go back to"


EVERYTHING = ("--select", "+int_identity_pairs", "int_identity_candidates__skipped")


@dataclass(frozen=True)
class Night:
    """The pairs compared on that night, all pairs known after it, and the blocks that were too big, by the numbers of records."""

    compared: set[tuple[str, ...]]
    known: list[tuple[Any, ...]]
    skipped: list[tuple[Any, ...]]

    @property
    def pairs(self) -> set[tuple[str, ...]]:
        return {numbers(row[:2]) for row in self.known}


def numbers(profile_ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(profile_id.rsplit(":", 1)[1] for profile_id in profile_ids))


def built(project: IdentityProject, number: int, records: list[Row], contacts: Sequence[Row], *,
          asked: Sequence[str] = EVERYTHING) -> Night:
    """A night as far as identity needs it to compare, or only what is `asked` of dbt."""
    project.stage({"profiles": [row | {"created_at": "2026-01-01"} for row in records], "identifiers": contacts, "profile_merges": (),
                   "consents": (), "segments": ()})
    outcome = run_dbt(
        ["build", *asked, "--exclude-resource-type", "test", "unit_test"],
        refresh_id=f"night-{number}", project=project.root,
        extra_vars={"as_of": f"2026-11-0{number} 00:00:00", "as_of_on": f"2026-11-0{number}"})
    assert outcome.success, [node.message for node in outcome.failed] or outcome.error
    tables = "intermediate.int_identity_candidates", "intermediate.int_identity_pairs", "intermediate.int_identity_candidates__skipped"
    compared, known, skipped = (project.rows(f"select * from {table} order by all") for table in tables)
    return Night({numbers(row[:2]) for row in compared}, known, skipped)


def test_only_the_new_and_the_changed_are_compared_and_it_is_all_the_same(own_data: Path, monkeypatch: pytest.MonkeyPatch,
                                                                          tmp_path: Path) -> None:
    """Nights over one warehouse end as one that is built anew: a newcomer, a corrected birth date, one who left, a block that grew."""
    rules = tmp_path / "rules.yml"
    rules.write_text("identity: {block_size_limit: 4}\n", encoding="utf-8")
    monkeypatch.setenv("OMNIMART_BUSINESS_RULES", str(rules))
    project = IdentityProject(own_data.parent)
    named = {"first_name": "Иван", "last_name": "Петров", "birth_date": "1984-05-06"}
    one, two = person("retailcrm:1", **named), person("moysklad:2", **named | {"first_name": "Ivan", "city": "г. Москва"})
    wrong, olga = person("mindbox:3", **named | {"birth_date": "1991-01-01"}), person("mindbox:4", first_name="Ольга")
    contacts = [*has("mindbox:4", email="o@b.ru"), *has("retailcrm:1", email="o@b.ru")]

    first = built(project, 1, [one, two, wrong, olga], contacts)
    assert first.compared == first.pairs == {("1", "2"), ("1", "4")}

    changed = [one, two, wrong | {"birth_date": "1984-05-06"}, person("one_c:5", **named | {"birth_date": "1984-11-16"})]
    second = built(project, 2, changed, contacts[1:])
    assert second.compared == {("1", "3"), ("2", "3"), ("1", "5"), ("2", "5"), ("3", "5")}, "1 and 2 are as they were"
    assert second.pairs == {*second.compared, ("1", "2")}, "who left is forgotten"

    crowd = [*changed, person("abm_loyalty:6", **named | {"birth_date": "1984-09-20"})]
    third = built(project, 3, crowd, contacts[1:])
    assert third.skipped == [("names and year of birth|ivan petrov|1984", 5)]
    assert third.pairs == {("1", "2"), ("1", "3"), ("2", "3")}, "what only a crowd shares is not compared, and was for nothing"

    project.lose_the_warehouse()
    anew = built(project, 3, crowd, contacts[1:])
    assert (anew.known, anew.skipped) == (third.known, third.skipped)
    assert built(project, 4, crowd, contacts[1:]) == Night(set(), third.known, third.skipped), "a night without news compares nobody"

    again = [crowd[0], crowd[1] | {"city": "Самара"}, *crowd[2:]]
    built(project, 5, again, contacts[1:], asked=("--select", "+int_identity_features"))
    built(project, 5, again, contacts[1:], asked=("--select", "int_identity_pairs"))
    died = built(project, 5, again, contacts[1:], asked=("--full-refresh", "--select", "int_identity_pairs"))
    assert died.pairs == {("1", "3")}, "2 changed since it was compared, and no candidate says so yet"
    mended = built(project, 6, again, contacts[1:])
    assert mended.compared == mended.pairs - died.pairs == {("1", "2"), ("2", "3")}, "what a night left undone the next one does"
    assert mended.known == built(project, 6, again, contacts[1:], asked=("--full-refresh", *EVERYTHING)).known
