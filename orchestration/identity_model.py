"""The likeness model, trained on the installation's own records: an artefact with a version, not a part of the night.

    int_identity_features, links that share a value  ──►  train  ──►  $OMNIMART_DATA/identity/model/<version>/  ──►  dry run  ──►  current

    make identity-model                           trains; in force from the next refresh on if it changes few customers
    make identity-model ARGS=--keep               trains and keeps it, for `make identity-diff ARGS="--model <version>"`
    make identity-model ARGS="--use <version>"    puts one in force that was kept (`shipped`: the one that comes with the project)
    make identity-model ARGS=--list               what there is

A folder holds model.json, frequencies.json, diagnostics.json (m, u and weight of each level, pairs by threshold, what would change)
and weights.png. Labels are the customers that shared values alone make: who is one person without the model. A model that would merge,
split or move more than the share `identity.model_change_limit` of the customers is kept and not put in force: somebody looks first.
Exit code 0: the model is in force; 1: it is kept only; 2: none was trained, and why.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from dbt_project.plugins.identity_model import (
    CURRENT,
    FEATURES,
    PAIR,
    SHIPPED,
    Model,
    ModelError,
    current_folder,
    pair_weights,
    put_in_force,
    retrained_models,
    train,
)
from ingestion import clock, lock
from ingestion.accounts import read_env_file
from ingestion.lake import data_root
from orchestration import business_rules, exports, identity_diff, model_diagnostics
from orchestration.explain import table

LEAST_PROFILES, LEAST_LABELLED = 5_000, 1_000  # fewer records and pairs of one person say too little of rare errors
LIKENESS = 7  # the rank of links by likeness; a label is made of stronger ones
SHIPPED_NAME = "shipped"
DIAGNOSTICS = "diagnostics.json"


class TrainingError(Exception):
    """No model was trained or put in force; the text is a sentence. The one in force stays."""


@dataclass(frozen=True)
class Training:
    """A trained model and its folder; `sentence` tells what became of it, `diagnostics` what stands in the file of that name."""

    model: Model
    folder: Path
    is_in_force: bool
    sentence: str
    diagnostics: dict[str, Any]


@dataclass(frozen=True)
class Known:
    """What a training stands on: FEATURES of all compared records; profile_id and cluster_no of the labelled; the compared pairs."""

    features: pa.Table
    labels: pa.Table
    pairs: pa.Table

    @property
    def labelled_pairs(self) -> int:
        """Pairs of records that shared values make one person."""
        sizes = np.unique(self.labels["cluster_no"].to_numpy(), return_counts=True)[1].astype(np.int64)
        return int((sizes * (sizes - 1) // 2).sum())


def retrain(*, keep: bool = False) -> Training:
    """Train on the warehouse as it was built last, keep the model under its version, and put it in force unless `keep` or it would
    change too many customers. Raises TrainingError."""
    known = _known()
    if known.features.num_rows < LEAST_PROFILES or known.labelled_pairs < LEAST_LABELLED:
        raise TrainingError(
            f"{known.features.num_rows} records and {known.labelled_pairs} pairs of one person are too few to train on (it takes "
            f"{LEAST_PROFILES} and {LEAST_LABELLED}); the model {version_in_force()} stays in force."
        )
    model = train(known.features, known.labels)
    folder = retrained_models() / model.version
    before = version_in_force()
    told = model_diagnostics.diagnostics(model, pair_weights(known.features, known.pairs.select(list(PAIR)), model), known.labels)
    told = {"version": model.version, "trained_at": clock.now().isoformat(), "profiles": model.profiles,
            "labelled_pairs": known.labelled_pairs, "in_force_before": before, **told}
    model.save(folder)
    changes, share = _would_change(model.version) if model.version != before else (Counter(), 0.0)
    told["would_change"] = {**dict.fromkeys(identity_diff.KINDS, 0), **changes, "share_of_customers": round(share, 6)}
    limit = business_rules.read().identity.model_change_limit
    doubts = model_diagnostics.doubts(told)
    is_in_force = model.version == before or not (keep or doubts or share > limit)
    if model.version == before:
        sentence = f"Training gave the model {model.version} again, which is in force."
    elif is_in_force:
        put_in_force(model)
        sentence = f"Model {model.version} is in force from the next refresh on, in place of {before}; {_changes(changes)}."
    else:
        why = "as asked" if keep else "; ".join(doubts) or f"it would change {share:.2%} of the customers, more than {limit:.2%}"
        sentence = (f"Model {model.version} is kept and not in force ({why}); {before} stays. {_changes(changes).capitalize()}: "
                    f'`make identity-diff ARGS="--model {model.version}"` tells whom, `make identity-model ARGS="--use {model.version}"` '
                    "puts it in force.")
    told["is_in_force"] = is_in_force
    (folder / DIAGNOSTICS).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    model_diagnostics.draw(told).savefig(folder / model_diagnostics.PICTURE)
    return Training(model, folder, is_in_force, sentence, told)


def use(version: str) -> str:
    """Put a kept model, or the shipped one, in force; gives a sentence. Raises TrainingError when there is none of that version, ModelError
    when its files cannot be read; the one in force stays then."""
    before = version_in_force()
    pointer = retrained_models() / CURRENT
    if version == SHIPPED_NAME:
        pointer.unlink(missing_ok=True)
    elif version in kept():
        put_in_force(Model.load(retrained_models() / version))
    else:
        raise TrainingError(f"There is no model {version} under {retrained_models()}. There are: {', '.join([SHIPPED_NAME, *kept()])}.")
    return f"Model {version_in_force()} is in force from the next refresh on; it was {before}."


def kept() -> list[str]:
    """The versions that were trained here, the oldest first."""
    folders = retrained_models().glob("[!.]*/")
    return [folder.name for folder in sorted(folders, key=lambda one: one.stat().st_mtime_ns)]


def version_in_force() -> str:
    """The version that the next night scores with; of a model that cannot be read the name of its folder, and that it cannot."""
    try:
        return Model.load(current_folder()).version
    except ModelError:
        return f"{current_folder().name} (which cannot be read)"


def _known() -> Known:
    """Read under the refresh lock: a build has the file for itself."""
    if not exports.warehouse().exists():
        raise TrainingError(f"There is no warehouse under {data_root()} yet, so there is nothing to train on. Run `make refresh`.")
    try:
        with lock.refresh_lock(wait_seconds=5, holder="identity-model"), exports.reading() as connection:
            features = _read(connection, "int_identity_features").project(", ".join((*FEATURES, "profile_no"))).to_arrow_table()
            pairs = _read(connection, "int_identity_pairs").project(", ".join(PAIR)).to_arrow_table()
            links = _read(connection, "int_identity_links__numbered").filter(f"rank < {LIKENESS}").order("rank, node_no, profile_no")
            cuts = _read(connection, "int_identity_cuts").project("profile_no, other_profile_no, level")
            numbers = [column.to_numpy() for column in links.project("profile_no, node_no, rank").to_arrow_table().columns]
            numbers += [column.to_numpy() for column in cuts.to_arrow_table().columns]
    except lock.RefreshRunning as running:
        raise TrainingError(str(running)) from None
    except (duckdb.CatalogException, duckdb.BinderException) as missing:  # none yet, or one of an earlier version
        raise TrainingError(f"The warehouse lacks what a training reads ({missing}). Run `make refresh`.") from None
    return Known(features.select(list(FEATURES)), _labels(features, *numbers), pairs)


def _read(connection: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyRelation:
    return connection.table(f"warehouse.intermediate.{name}")


def _labels(features: pa.Table, profile_no: Any, node_no: Any, rank: Any, *cuts: Any) -> pa.Table:
    """Who is one person by shared values alone; a record that shares none is a person of its own."""
    from dbt_project.plugins.components import parted_components  # scipy, which loading Dagster's definitions need not pay

    cluster = dict(zip(profile_no.tolist(), parted_components(profile_no, node_no, rank, *cuts).tolist(), strict=True))
    numbers = features["profile_no"].to_pylist()
    return pa.table({"profile_id": features["profile_id"], "cluster_no": pa.array([cluster.get(one, one) for one in numbers], pa.int64())})


def _would_change(version: str) -> tuple[Counter[str], float]:
    """Customers that the dry run says would merge, split or move with this model, by kind and as a share of all published."""
    try:
        diff = identity_diff.compare(model=version)
    except identity_diff.DryRunError as error:
        raise TrainingError(f"Model {version} is kept, not in force: what it would change could not be found out. {error}") from None
    return Counter(change.kind for change in diff.changes), len(diff.changes) / max(diff.customers_before, 1)


def _changes(changes: Counter[str]) -> str:
    told = ", ".join(f"{changes[kind]} {kind}" for kind in identity_diff.KINDS)
    return f"the dry run counts {told}"


def _listing() -> list[str]:
    """A row per model, a damaged one by name, and one that `current` names though it is gone."""
    folders = {SHIPPED_NAME: SHIPPED} | {version: retrained_models() / version for version in kept()}
    if current_folder() not in folders.values():
        folders[current_folder().name] = current_folder()
    rows = []
    for name, folder in folders.items():
        when = ""
        try:
            model = Model.load(folder)
            if folder != SHIPPED and (folder / DIAGNOSTICS).exists():
                when = json.loads((folder / DIAGNOSTICS).read_text(encoding="utf-8"))["trained_at"][:16]
            told = (name, model.version, model.profiles, when)
        except (ModelError, ValueError, KeyError):
            told = (name, "missing or damaged", "", when)
        rows.append((*told, "in force" if folder == current_folder() else ""))
    return table(("model", "version", "trained on records", "at (UTC)", ""), rows)


def main(arguments: list[str]) -> int:
    """The command line; gives the exit code."""
    asked = argparse.ArgumentParser(prog="make identity-model", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    one_of = asked.add_mutually_exclusive_group()
    one_of.add_argument("--keep", action="store_true", help="train and keep it, without putting it in force")
    one_of.add_argument("--use", metavar="VERSION", help="put a kept model, or `shipped`, in force")
    one_of.add_argument("--list", action="store_true", help="the models there are")
    wanted = asked.parse_args(arguments)
    read_env_file()
    try:
        if wanted.list:
            print("\n".join(_listing()))
            return 0
        if wanted.use:
            print(use(wanted.use))
            return 0
        training = retrain(keep=wanted.keep)
    except (TrainingError, ModelError, duckdb.Error) as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join([*model_diagnostics.lines(training.diagnostics), "", training.sentence, f"Files: {training.folder}"]))
    return 0 if training.is_in_force else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
