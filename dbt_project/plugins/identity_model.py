"""How alike two people's records are, in bits: the likeness model in force, and what engines borrow of it.

    int_identity_features, clusters of tonight  ->  train  ->  Model  ->  model.json, frequencies.json
    int_identity_features, int_identity_candidates  ->  pair_weights  ->  int_identity_pairs

How a weight comes about: likeness.py; what people are compared by: identity_comparisons.py. What is compared tonight is weighed as
it would be in a full run, since the model stands still between trainings.
Run alone: `python -m pytest -n 0 tests/identity/test_identity_model.py`
"""
from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa

from dbt_project.plugins import likeness
from dbt_project.plugins.identity_comparisons import BY_FREQUENCY, FEATURES, LEVELS, PEOPLE, WEIGHED_PAIR
from dbt_project.plugins.likeness import FREQUENCIES, LEAST_M, LEAST_U, MODEL, PAIR, Likeness, Model, ModelError

__all__ = ["BY_FREQUENCY", "CURRENT", "FEATURES", "FREQUENCIES", "LEAST_M", "LEAST_U", "LEVELS", "MODEL", "PAIR", "PEOPLE", "SHIPPED",
           "WEIGHED_PAIR", "Model", "ModelError", "current_folder", "model_profiles", "model_version", "pair_weights", "pair_weights_arrow",
           "pair_weights_of_rows", "put_in_force", "retrained_models", "train"]

SHIPPED = Path(__file__).resolve().parent / "identity_model"
CURRENT = "current"


def retrained_models() -> Path:
    """Where an installation keeps models of its own: a folder per version, and `current`, which names the one in force."""
    return Path(os.environ.get("OMNIMART_DATA", "data")) / "identity" / "model"


def current_folder() -> Path:
    """The folder of the model in force: the installation's own if it has one, else the one that comes with the project."""
    pointer = retrained_models() / CURRENT
    return retrained_models() / pointer.read_text(encoding="utf-8").strip() if pointer.exists() else SHIPPED


def model_version() -> str:
    """The version of the model in force."""
    return Model.load(current_folder()).version


def model_profiles() -> int:
    """How many profiles the model in force was trained on."""
    return Model.load(current_folder()).profiles


def put_in_force(model: Model) -> Path:
    """Keep a model under its version and let the next night score with it; returns its folder. The ones before it stay."""
    folder = retrained_models() / model.version
    model.save(folder)
    draft = folder.parent / f".{CURRENT}"
    draft.write_text(model.version + "\n", encoding="utf-8")
    draft.replace(folder.parent / CURRENT)
    return folder


def train(features: pa.Table, labels: pa.Table, compared: Likeness = PEOPLE) -> Model:
    """A model of these people, or of whatever `compared` compares: likeness.train."""
    return likeness.train(features, labels, compared)


def pair_weights(features: pa.Table, pairs: pa.Table, model: Model, compared: Likeness = PEOPLE) -> pa.Table:
    """The pairs with weight, gammas and evidence: likeness.pair_weights."""
    return likeness.pair_weights(features, pairs, model, compared)


def pair_weights_arrow(features: pa.ChunkedArray, pairs: pa.ChunkedArray) -> pa.Array:
    """`pair_weights` by the model in force for an engine that hands over Arrow lists of structs, one piece of work per row."""
    model = Model.load(current_folder())
    answers = [pair_weights(_table(some), _table(asked), model) for some, asked in zip(features, pairs, strict=True)]
    ends = list(accumulate((answer.num_rows for answer in answers), initial=0))
    rows = pa.concat_tables(answers).combine_chunks().to_struct_array().combine_chunks()
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), rows)


def pair_weights_of_rows(features: Sequence[Any], pairs: Sequence[Any]) -> list[dict[str, Any]]:
    """The same for an engine that comes with lists of rows (asDict), one piece of work at a time."""
    some, asked = (pa.Table.from_pylist([row.asDict() for row in rows], _schema(columns)) for rows, columns in
                   ((features, FEATURES), (pairs, PAIR)))
    return pair_weights(some, asked, Model.load(current_folder())).to_pylist()


def _schema(columns: dict[str, str]) -> pa.Schema:
    return pa.schema([(name, {"VARCHAR": pa.string(), "DATE": pa.date32()}[kind]) for name, kind in columns.items()])


def _table(rows: pa.ListScalar) -> pa.Table:
    return pa.Table.from_struct_array(rows.values)
