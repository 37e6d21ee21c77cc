"""The likeness model as an artefact: trained on the installation's records, kept under its version, in force when little would change."""
from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import pytest

from dbt_project.plugins.identity_model import LEVELS, SHIPPED, Model, ModelError, current_folder, model_version, put_in_force
from ingestion import lock
from orchestration import alerts, exports, identity_assets, identity_diff, identity_model
from orchestration.identity_diff import Change, Diff
from orchestration.identity_model import TrainingError, retrain

PEOPLE = 240
LETTERS = "abcdefghijklmnopqrstuvwxyz"  # names of one letter are far apart


def build(people: int = PEOPLE) -> None:
    """A warehouse of the tables that are read: two records of each person at one mailbox, and of everybody's first a namesake's."""
    rows = []
    for n in range(people):
        told = {"first_name_key": LETTERS[n % 20] * 5, "last_name_key": LETTERS[n % 13] * 4 + LETTERS[n % 17] * 4,
                "middle_name_key": LETTERS[n % 11] * 7,
                "birth_date": date(1950 + n % 50, 1 + n % 12, 1 + n % 28), "sex": ("male", "female")[n % 2], "city_key": f"city{n % 5}",
                "email": f"{n}@b.ru", "phone": None}
        rows += [{"profile_id": f"{n:04}-{k}", "profile_no": 2 * n + k, **told} for k in (0, 1)]
    features = pd.DataFrame(rows)
    features["birth_digits"] = [f"{day:%Y%m%d}" for day in features["birth_date"]]
    features["birth_year"], features["last_name_parts"] = features["birth_digits"].str[:4], None
    features["first_names"] = None
    exports.warehouse().parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(exports.warehouse())) as warehouse:
        warehouse.register("told", features)
        for statement in (
            "create schema intermediate",
            "create table intermediate.int_identity_features as select * replace (cast(birth_date as date) as birth_date, "
            "cast(phone as varchar) as phone, cast(last_name_parts as varchar) as last_name_parts, "
            "cast(first_names as varchar) as first_names) from told",
            "create table intermediate.int_identity_links__numbered as select profile_no, profile_no // 2 as node_no, 4 as rank from told "
            "union all select profile_no, 1000000 as node_no, 7 from told where profile_no in (0, 2)",  # a likeness is no label
            "create table intermediate.int_identity_cuts as select 0 as profile_no, 2 as other_profile_no, 5 as level",
            "create table intermediate.int_identity_pairs as select one.profile_id as profile_a, other.profile_id as profile_b "
            "from told as one inner join told as other on one.profile_id < other.profile_id "
            "and (one.email = other.email or (one.last_name_key = other.last_name_key and one.first_name_key = other.first_name_key))",
        ):
            warehouse.execute(statement)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Trained once on that warehouse."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNIMART_DATA", str(tmp_path_factory.mktemp("trained")))
        build()
        known = identity_model._known()
    assert (known.features.num_rows, known.labelled_pairs) == (2 * PEOPLE, PEOPLE)
    return identity_model.train(known.features, known.labels)


@pytest.fixture
def shop(own_data: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    """That warehouse, big enough to train on; the list holds what the dry run says of the 100 customers."""
    changes: list[Change] = []
    build()
    monkeypatch.setattr(identity_model, "train", lambda *_: model)
    monkeypatch.setattr(identity_model, "LEAST_PROFILES", 100)
    monkeypatch.setattr(identity_model, "LEAST_LABELLED", 100)
    monkeypatch.setattr(identity_diff, "compare", lambda **asked: Diff(100, 100 - len(changes), tuple(changes), {}))
    return changes


def merge(n: int) -> Change:
    return Change("merges", f"c{n}", f"d{n}", 1, f"{n}", None)


def test_a_trained_model_lies_under_its_version_with_its_diagnostics_and_is_in_force(shop: list[Change], model: Model) -> None:
    shop.append(merge(1))
    training = retrain()
    assert training.is_in_force
    assert training.sentence == (f"Model {model.version} is in force from the next refresh on, in place of {Model.load(SHIPPED).version}; "
                                 "the dry run counts 1 merges, 0 splits, 0 moves.")
    assert current_folder() == training.folder
    assert sorted(path.name for path in training.folder.iterdir()) == ["diagnostics.json", "frequencies.json", "model.json", "weights.png"]
    told = json.loads((training.folder / "diagnostics.json").read_text(encoding="utf-8"))
    assert [(level["comparison"], level["level"]) for level in told["levels"]] == [
        (name, level) for name, levels in LEVELS.items() for level in levels]
    assert (told["profiles"], told["labelled_pairs"]) == (2 * PEOPLE, PEOPLE)
    assert told["would_change"] == {"merges": 1, "splits": 0, "moves": 0, "share_of_customers": 0.01}
    by_weight = {one["weight"]: one for one in told["thresholds"]}
    assert by_weight[8]["known"] == PEOPLE, "both records of everybody are alike"
    assert by_weight[8]["pairs"] == by_weight[8]["known"] + by_weight[8]["new"]
    assert by_weight[2]["wrong_expected"] >= by_weight[8]["wrong_expected"]
    assert retrain().sentence == f"Training gave the model {model.version} again, which is in force."


def test_a_model_that_would_change_many_customers_waits_for_somebody(shop: list[Change], model: Model) -> None:
    shop += [merge(1), merge(2)]
    training = retrain()
    assert not training.is_in_force
    assert current_folder() == SHIPPED
    assert "not in force (it would change 2.00% of the customers, more than 1.00%)" in training.sentence
    assert identity_model.main(["--use", model.version]) == 0
    assert current_folder() == training.folder
    assert identity_model.main(["--use", "shipped"]) == 0
    assert current_folder() == SHIPPED


def test_keeping_and_listing(shop: list[Change], model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    assert identity_model.main(["--keep"]) == 1
    assert "(as asked)" in capsys.readouterr().out
    assert identity_model.main(["--list"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert [(row[:3], row[-2:] == ["in", "force"]) for row in rows] == [
        (["shipped", (shipped := Model.load(SHIPPED)).version, str(shipped.profiles)], True),
        ([model.version, model.version, str(2 * PEOPLE)], False)]


def test_a_damaged_model_is_told_in_a_sentence_and_left_by_use(own_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shipped = Model.load(SHIPPED)
    folder = put_in_force(shipped)
    (folder / "frequencies.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match=r"frequencies\.json is missing or damaged \(JSONDecodeError.* ARGS=\"--use shipped\""):
        model_version()
    assert identity_model.main(["--list"]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()[3:]] == [
        [folder.name, "missing", "or", "damaged", "in", "force"]]
    assert identity_model.main(["--use", folder.name]) == 2
    assert "is missing or damaged" in capsys.readouterr().err
    shutil.rmtree(folder)
    assert identity_model.main(["--list"]) == 0
    assert f"{folder.name}  missing or damaged" in capsys.readouterr().out
    assert identity_model.main(["--use", "shipped"]) == 0
    assert capsys.readouterr().out == (
        f"Model {shipped.version} is in force from the next refresh on; it was {folder.name} (which cannot be read).\n")


def test_what_keeps_a_training_from_being_made_is_a_sentence(own_data: Path, monkeypatch: pytest.MonkeyPatch,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TrainingError, match="There is no warehouse under"):
        retrain()
    build(20)
    with pytest.raises(TrainingError, match="40 records and 20 pairs of one person are too few to train on"):
        retrain()
    assert identity_model.main(["--use", "abc"]) == 2
    assert capsys.readouterr().err.startswith("There is no model abc under ")
    locked = lock.refresh_lock
    with locked(holder="a night"), monkeypatch.context() as hurried:
        hurried.setattr(lock, "refresh_lock", lambda **_: locked(wait_seconds=0))
        with pytest.raises(TrainingError, match="A refresh is already running"):
            retrain()


def materialized(asset: Any) -> dict[str, Any]:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([asset], instance=instance, raise_on_error=True)
        (event,) = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_dagster_shows_a_training_and_tells_of_one_that_waits(shop: list[Change], model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(alerts, "send", lambda alert: told.append(alert.text))
    shop += [merge(1), merge(2)]
    seen = materialized(identity_assets.trained_model)
    assert (seen["in_force"], seen["would_change/merges"], seen["profiles"]) == (False, 2, 2 * PEOPLE)
    assert seen["weights"].startswith("![weights](data:image/png;base64,iVBOR")
    assert "| comparison | level | m | u | bits |" in seen["levels_and_thresholds"]
    assert told == [seen["said"]]
    assert identity_model.version_in_force() == Model.load(SHIPPED).version


def test_dagster_shows_a_dry_run(shop: list[Change]) -> None:
    shop.append(merge(1))
    seen = materialized(identity_assets.dry_run)
    assert (seen["merges"], seen["splits"], seen["moves"], seen["customers_before"], seen["customers_after"]) == (1, 0, 0, 100, 99)
    assert "      1 would merge into another" in seen["told"]


def test_odd_weights_are_doubted() -> None:
    from orchestration.model_diagnostics import doubts

    level = {"comparison": "last_name", "level": "", "m": 0.1, "u": 0.1}
    assert doubts({"levels": [level | {"weight": -0.5}, level | {"weight": -3.0}]}) == [
        "in last name agreeing weighs -0.5 and differing -3.0 bits"]
    assert doubts({"levels": [level | {"weight": 7.5}, level | {"weight": -3.0}]}) == []
