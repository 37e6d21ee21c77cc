"""Likeness of records in bits, whatever the records are: a Fellegi-Sunter model that Splink trains and scores with.

    Likeness (what is compared), records, clusters  ->  train  ->  Model  ->  model.json, frequencies.json
    Likeness, records, pairs, Model  ->  pair_weights  ->  the pairs with weight, gammas and evidence

A weight is log2 of the odds that both records are one thing's: each comparison adds log2(m / u) of its level, m how often
records of one show it, u how often those of two do; a value that agrees adds more the rarer it is. Probabilities and
frequencies come from a model that stands still between trainings, so a pair's weight hangs on its two records alone.
Splink works on a connection of its own, in memory. What a shop compares people by is in identity_comparisons.py; which model is
in force, in identity_model.py. Run alone: `python -m pytest -n 0 tests/identity/test_identity_model.py`
"""
from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:  # both are imported where they are used: another engine lends these functions too and has neither
    from duckdb import DuckDBPyConnection
    from splink import DuckDBAPI, Linker

MODEL, FREQUENCIES = "model.json", "frequencies.json"
PAIR = {"profile_a": "VARCHAR", "profile_b": "VARCHAR"}
# A level that no pair of the training shows would forbid or prove everything: nothing is rarer than this.
LEAST_M, LEAST_U = 1e-3, 1e-6
SEED = 1
DIGITS = 9  # of a probability in the files: another order of the rows differs in the 16th
ANYTHING_ELSE = "else"


class ModelError(Exception):
    """A model's files cannot be read, or it is one of other comparisons; the text is a sentence."""


@dataclass(frozen=True)
class Level:
    """What two records show: `words` are the evidence, `sql` the condition over `<column>_l` and `<column>_r` (or ANYTHING_ELSE).
    With `equal`, a column, they agree in it, and say more the rarer the value is if the likeness weighs that column by frequency."""

    words: str
    sql: str = ANYTHING_ELSE
    equal: str | None = None


@dataclass(frozen=True)
class Comparison:
    """Levels from the strongest to the weakest. The gamma of a level is how many stand below it, and -1 where `unknown`: nothing
    to compare. `by_hand`: (m, u) of each level where a sample of pairs cannot show u."""

    unknown: str
    levels: tuple[Level, ...]
    by_hand: tuple[tuple[float, float], ...] | None = None

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(level.words for level in self.levels)


@dataclass(frozen=True)
class Likeness:
    """What is compared. `features`: column -> its type in DuckDB, `profile_id` among them; `by_frequency`: columns whose agreement says
    more in a rare value. The prior is drawn from the pairs that agree in all columns of one of the lists `sure`, which find the share
    `recall` of those that belong together; u is drawn from `pairs_sampled` pairs."""

    features: Mapping[str, str]
    comparisons: Mapping[str, Comparison]
    by_frequency: tuple[str, ...]
    sure: tuple[tuple[str, ...], ...]
    recall: float
    pairs_sampled: int = 3_000_000

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """comparison: its levels in words, from the strongest to the weakest."""
        return {name: comparison.words for name, comparison in self.comparisons.items()}

    @property
    def weighed_pair(self) -> pa.StructType:
        """The columns of a weighed pair."""
        return pa.struct([("profile_a", pa.string()), ("profile_b", pa.string()), ("weight", pa.float64()),
                          *((f"gamma_{name}", pa.int64()) for name in self.comparisons), ("evidence", pa.string())])


@dataclass(frozen=True)
class Model:
    """`settings` as Splink saves a model, with m, u and the prior in it; `frequencies`: {column: {value: share of records}};
    `profiles`: how many it was trained on. Among more of them two people are alike more often (macro least_weight)."""

    settings: dict[str, Any]
    frequencies: dict[str, dict[str, float]]
    profiles: int

    @property
    def version(self) -> str:
        """Twelve hex digits that change with anything a weight hangs on."""
        return hashlib.sha256("".join(self._texts().values()).encode()).hexdigest()[:12]

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """comparison: its levels in words, as trained."""
        return {comparison["output_column_name"]: tuple(level["label_for_charts"] for level in _levels(comparison))
                for comparison in self.settings["comparisons"]}

    def save(self, folder: Path) -> None:
        """Write both files, the same bytes for the same model."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self._texts().items():
            (folder / name).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Model:
        """The model in `folder`. Raises ModelError when one of its files is missing or damaged."""
        told, name = {}, MODEL
        try:
            for name in (MODEL, FREQUENCIES):
                told[name] = json.loads((folder / name).read_text(encoding="utf-8"))
            values = {column: dict(shares) for column, shares in told[FREQUENCIES].items()}
            return cls(told[MODEL]["splink"], values, told[MODEL]["profiles"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"The likeness model {folder / name} is missing or damaged ({type(error).__name__}: {error}), so identity "
                             'is not built and what is published stays. Run `make identity-model ARGS="--use shipped"`.') from None

    def _texts(self) -> dict[str, str]:
        return {name: json.dumps(content, ensure_ascii=False, indent=1) + "\n"
                for name, content in ((MODEL, {"profiles": self.profiles, "splink": self.settings}), (FREQUENCIES, self.frequencies))}


def train(features: pa.Table, labels: pa.Table, likeness: Likeness) -> Model:
    """A model of these records. `features`: the columns of the likeness, a row per profile; `labels`: profile_id, cluster_no of the
    profiles that are known to be one without the model. Needs some thousand profiles.

    m is counted in pairs of one cluster, u in sampled pairs, the prior in pairs that surely belong together.
    """
    from splink import block_on

    with _own_connection() as own:
        own.register("given", features.select(list(likeness.features)))
        own.register("labels", labels)
        own.execute("create table features as select given.*, labels.cluster_no from given left join labels using (profile_id) "
                    "order by given.profile_id")
        linker, _ = _linker(own, _untrained(likeness))
        linker.training.estimate_probability_two_random_records_match(
            [block_on(*columns) for columns in likeness.sure], recall=likeness.recall)
        linker.training.estimate_u_using_random_sampling(max_pairs=likeness.pairs_sampled, seed=SEED)
        linker.training.estimate_m_from_label_column("cluster_no")
        settings = _tidied(linker.misc.save_model_to_json(), likeness)
        frequencies = {column: _frequencies(own, column) for column in likeness.by_frequency}
    return Model(settings, frequencies, features.num_rows)


def blank(likeness: Likeness) -> Model:
    """A model that has learned nothing, to begin with where there is none; its weights mean nothing."""
    return Model(_tidied(_untrained(likeness), likeness), {column: {} for column in likeness.by_frequency}, 1)


def pair_weights(features: pa.Table, pairs: pa.Table, model: Model, likeness: Likeness) -> pa.Table:
    """The pairs (columns PAIR) with the columns of `likeness.weighed_pair`, in the order of their ids; weights in bits to six digits.

    `features` holds the likeness's columns of every profile that a pair names; a pair of an unknown profile is left out. Raises
    ModelError when the model was trained on other comparisons.
    """
    if (model.words, tuple(model.frequencies)) != (likeness.words, likeness.by_frequency):
        raise ModelError(f"The likeness model {model.version} was trained on other comparisons than this version of Omnimart makes, so "
                         'identity is not built and what is published stays. Run `make identity-model ARGS="--use shipped"`.')
    with _own_connection() as own:
        own.register("given", features)
        own.execute("create table features as select * from given")
        own.register("asked", pairs)
        own.execute("create table blocked as select '0' as match_key, profile_a as join_key_l, profile_b as join_key_r from asked")
        linker, engine = _linker(own, model.settings)
        for column, values in model.frequencies.items():
            own.register("names", pa.table({"name": list(values), "share": list(values.values())}, _NAMES))
            own.execute(f'create table tf_{column} as select name as "{column}", share as "tf_{column}" from names')
            linker.table_management.register_term_frequency_lookup(engine.register(f"tf_{column}"), column)
        linker.table_management.register_blocked_pairs_for_predict(engine.register("blocked"))
        answer = linker.inference.predict(warning_mode="never").physical_name
        gammas = ", ".join(f"cast(gamma_{name} as bigint) as gamma_{name}" for name in likeness.comparisons)
        return own.sql(
            f"select profile_id_l as profile_a, profile_id_r as profile_b, round(match_weight, 6) as weight, {gammas}, "
            f"{_in_words(likeness)} as evidence from {answer} order by 1, 2").to_arrow_table().cast(pa.schema(list(likeness.weighed_pair)))


_NAMES = pa.schema([("name", pa.string()), ("share", pa.float64())])


def _own_connection() -> DuckDBPyConnection:
    """A database in memory: Splink leaves tables behind in any other."""
    import duckdb

    return duckdb.connect(config={"threads": 1})


def _linker(own: DuckDBPyConnection, settings: dict[str, Any]) -> tuple[Linker, DuckDBAPI]:
    from splink import DuckDBAPI, Linker

    engine = DuckDBAPI(connection=own)
    return Linker(engine.register("features"), settings, log_level=None), engine


def _untrained(likeness: Likeness) -> dict[str, Any]:
    """The comparisons as Splink takes them; the words of a level are its label."""
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl
    from splink import SettingsCreator, block_on

    def as_splink(level: Level) -> Any:
        if level.equal:
            made = cll.ExactMatchLevel(level.equal, term_frequency_adjustments=level.equal in likeness.by_frequency)
        else:
            made = cll.ElseLevel() if level.sql == ANYTHING_ELSE else cll.CustomLevel(level.sql)
        return made.configure(label_for_charts=level.words)

    comparisons = [
        cl.CustomComparison(output_column_name=name, comparison_levels=[
            cll.CustomLevel(comparison.unknown).configure(is_null_level=True), *(as_splink(level) for level in comparison.levels)])
        for name, comparison in likeness.comparisons.items()]
    return SettingsCreator(
        link_type="dedupe_only", unique_id_column_name="profile_id", comparisons=comparisons,
        blocking_rules_to_generate_predictions=[block_on(*likeness.sure[0])],  # never used: pairs are given
        retain_intermediate_calculation_columns=True, retain_matching_columns=True).create_settings_dict("duckdb")


def _levels(comparison: dict[str, Any]) -> list[dict[str, Any]]:
    return [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]


def _tidied(settings: dict[str, Any], likeness: Likeness) -> dict[str, Any]:
    """What Splink saved, with nothing that differs from run to run, and no level that is impossible, certain or weighed by nobody."""
    settings.pop("linker_uid", None)
    for comparison in settings["comparisons"]:
        levels = _levels(comparison)
        told = likeness.comparisons[comparison["output_column_name"]].by_hand
        for level, (m_probability, u_probability) in zip(levels, told or _floored(levels), strict=True):
            level["m_probability"], level["u_probability"] = _rounded(m_probability), _rounded(u_probability)
    settings["probability_two_random_records_match"] = _rounded(settings["probability_two_random_records_match"])
    return settings


def _floored(levels: Sequence[dict[str, Any]]) -> list[tuple[float, float]]:
    """(m, u) of each level, none below the least."""
    m = [max(level.get("m_probability") or 0.0, LEAST_M) for level in levels]
    told = [(one / sum(m), max(level.get("u_probability") or 0.0, LEAST_U)) for one, level in zip(m, levels, strict=True)]
    for n, level in enumerate(levels):
        # Both floors together are no evidence: such a level says no more for one person than the one above it, the last nothing.
        if (level.get("m_probability") or 0.0) < LEAST_M and (level.get("u_probability") or 0.0) < LEAST_U:
            (one, u), above = told[n], told[n - 1] if 0 < n < len(levels) - 1 else (1.0, 1.0)
            told[n] = (one, max(u, one * min(1.0, above[1] / above[0])))
    return told


def _frequencies(own: DuckDBPyConnection, column: str) -> dict[str, float]:
    found: Sequence[tuple[str, float]] = own.execute(
        f"select {column}, count(*) / sum(count(*)) over () from features where {column} is not null group by 1 order by 1").fetchall()
    return {name: _rounded(share) for name, share in found}


def _rounded(share: float) -> float:
    return float(f"{share:.{DIGITS}g}")


def _in_words(likeness: Likeness) -> str:
    """SQL: what each comparison says, in words that name no value."""
    told = []
    for name, levels in likeness.words.items():
        cases = " ".join(f"when {len(levels) - 1 - n} then '{words}'" for n, words in enumerate(levels))
        told.append(f"case gamma_{name} {cases} end")
    return f"concat_ws(', ', {', '.join(told)})"
