"""How alike two people's records are, in bits: a Fellegi-Sunter model that Splink trains and scores with.

    int_identity_features, clusters of tonight  ->  train  ->  Model  ->  model.json, frequencies.json
    int_identity_features, int_identity_candidates  ->  pair_weights  ->  int_identity_pairs

A weight is log2 of the odds that both records are one person's: each comparison adds log2(m / u) of its level, m how often
records of one person show it, u how often those of two people do; an agreeing name adds more the rarer it is. Names and
probabilities come from a model that stands still between trainings, so a pair's weight hangs on its two records alone and
what is compared tonight is weighed as it would be in a full run. Splink works on a connection of its own, in memory.

Which pairs are compared is SQL's business (int_identity_blocks); which weight links, a rule's (`identity.link_weight`).
Run alone: `python -m pytest -n 0 tests/identity/test_identity_model.py`
"""
from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:  # both are imported where they are used: another engine lends these functions too and has neither
    from duckdb import DuckDBPyConnection
    from splink import DuckDBAPI, Linker

SHIPPED = Path(__file__).resolve().parent / "identity_model"
MODEL, FREQUENCIES, CURRENT = "model.json", "frequencies.json", "current"

FEATURES: dict[str, str] = {  # column: its type in DuckDB, as int_identity_features hands it over
    "profile_id": "VARCHAR", "first_name_key": "VARCHAR", "last_name_key": "VARCHAR", "middle_name_key": "VARCHAR",
    "birth_date": "DATE", "birth_digits": "VARCHAR", "sex": "VARCHAR", "city_key": "VARCHAR", "email": "VARCHAR", "phone": "VARCHAR",
}
PAIR = {"profile_a": "VARCHAR", "profile_b": "VARCHAR"}
BY_FREQUENCY = ("first_name_key", "last_name_key")  # agreement in a rare name says more

# comparison: its levels from the strongest to the weakest, each as the evidence in words. The gamma of a level is how many
# stand below it, and -1 where nothing can be compared.
LEVELS: dict[str, tuple[str, ...]] = {
    "first_name": ("same first name", "first names a letter apart", "first names alike", "different first names"),
    "last_name": ("same last name", "last names a letter apart", "first and last name swapped", "different last names"),
    "birth_date": ("same birth date", "birth dates a digit apart", "born in the same year", "different birth dates"),
    "middle_name": ("same middle name", "middle names a letter apart", "different middle names"),
    "city": ("same city", "different cities"),
    "sex": ("same sex", "different sexes"),
    "contact": ("same e-mail and phone", "same e-mail", "same phone and first name"),
}
WEIGHED_PAIR = pa.struct([("profile_a", pa.string()), ("profile_b", pa.string()), ("weight", pa.float64()),
                          *((f"gamma_{name}", pa.int64()) for name in LEVELS), ("evidence", pa.string())])

# A level that no pair of the training shows would forbid or prove everything: nothing is rarer than this.
LEAST_M, LEAST_U = 1e-3, 1e-6
# (m, u) set by hand, since pairs that share no contact are not compared in it and u cannot be sampled. A telephone counts
# with an agreeing first name alone (a family shares it), and a second number or mailbox is no sign of a second person.
CONTACT_BY_HAND = ((0.35, 1e-4), (0.02, 1e-5), (0.63, 1e-2))
# How many of one person's pairs agree in the whole name and birth date, or in the mailbox: the prior is drawn from them.
ASSUMED_RECALL = 0.75
PAIRS_SAMPLED, SEED = 3_000_000, 1
DIGITS = 9  # of a probability in the files: another order of the rows differs in the 16th


class ModelError(Exception):
    """A model's files cannot be read; the text is a sentence."""


@dataclass(frozen=True)
class Model:
    """`settings` as Splink saves a model, with m, u and the prior in it; `frequencies`: {column: {name: share of records}};
    `profiles`: how many it was trained on. Among more of them two people are alike more often (macro least_weight)."""

    settings: dict[str, Any]
    frequencies: dict[str, dict[str, float]]
    profiles: int

    @property
    def version(self) -> str:
        """Twelve hex digits that change with anything a weight hangs on."""
        return hashlib.sha256("".join(self._texts().values()).encode()).hexdigest()[:12]

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
            return cls(told[MODEL]["splink"], {one: told[FREQUENCIES][one] for one in BY_FREQUENCY}, told[MODEL]["profiles"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"The likeness model {folder / name} is missing or damaged ({type(error).__name__}: {error}), so identity "
                             'is not built and what is published stays. Run `make identity-model ARGS="--use shipped"`.') from None

    def _texts(self) -> dict[str, str]:
        return {name: json.dumps(content, ensure_ascii=False, indent=1) + "\n"
                for name, content in ((MODEL, {"profiles": self.profiles, "splink": self.settings}), (FREQUENCIES, self.frequencies))}


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


def train(features: pa.Table, labels: pa.Table) -> Model:
    """A model of these people. `features`: the columns FEATURES, a row per profile; `labels`: profile_id, cluster_no of the
    profiles whose person is known without the model (tonight's deterministic clusters). Needs some thousand profiles.

    m is counted in pairs of one cluster, u in sampled pairs, the prior in pairs of one name and birth date or mailbox.
    """
    from splink import block_on

    with _own_connection() as own:
        own.register("given", features.select(list(FEATURES)))
        own.register("labels", labels)
        own.execute("create table features as select given.*, labels.cluster_no from given left join labels using (profile_id) "
                    "order by given.profile_id")
        linker, _ = _linker(own, _untrained())
        linker.training.estimate_probability_two_random_records_match(
            [block_on("first_name_key", "last_name_key", "birth_date"), block_on("email")], recall=ASSUMED_RECALL)
        linker.training.estimate_u_using_random_sampling(max_pairs=PAIRS_SAMPLED, seed=SEED)
        linker.training.estimate_m_from_label_column("cluster_no")
        settings = _tidied(linker.misc.save_model_to_json())
        frequencies = {column: _frequencies(own, column) for column in BY_FREQUENCY}
    return Model(settings, frequencies, features.num_rows)


def pair_weights(features: pa.Table, pairs: pa.Table, model: Model) -> pa.Table:
    """The pairs (columns PAIR) with the columns of WEIGHED_PAIR, in the order of their ids; weights in bits to six digits.

    `features` holds the columns FEATURES of every profile that a pair names; a pair of an unknown profile is left out.
    """
    with _own_connection() as own:
        own.register("given", features)
        own.execute("create table features as select * from given")
        own.register("asked", pairs)
        own.execute("create table blocked as select '0' as match_key, profile_a as join_key_l, profile_b as join_key_r from asked")
        linker, engine = _linker(own, model.settings)
        for column in BY_FREQUENCY:
            names = model.frequencies[column]
            own.register("names", pa.table({"name": list(names), "share": list(names.values())}, _NAMES))
            own.execute(f'create table tf_{column} as select name as "{column}", share as "tf_{column}" from names')
            linker.table_management.register_term_frequency_lookup(engine.register(f"tf_{column}"), column)
        linker.table_management.register_blocked_pairs_for_predict(engine.register("blocked"))
        answer = linker.inference.predict(warning_mode="never").physical_name
        gammas = ", ".join(f"cast(gamma_{name} as bigint) as gamma_{name}" for name in LEVELS)
        return own.sql(
            f"select profile_id_l as profile_a, profile_id_r as profile_b, round(match_weight, 6) as weight, {gammas}, "
            f"{_in_words()} as evidence from {answer} order by 1, 2").to_arrow_table().cast(pa.schema(list(WEIGHED_PAIR)))


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


_NAMES = pa.schema([("name", pa.string()), ("share", pa.float64())])


def _table(rows: pa.ListScalar) -> pa.Table:
    return pa.Table.from_struct_array(rows.values)


def _own_connection() -> DuckDBPyConnection:
    """A database in memory: Splink leaves tables behind in any other."""
    import duckdb

    return duckdb.connect(config={"threads": 1})


def _linker(own: DuckDBPyConnection, settings: dict[str, Any]) -> tuple[Linker, DuckDBAPI]:
    from splink import DuckDBAPI, Linker

    engine = DuckDBAPI(connection=own)
    return Linker(engine.register("features"), settings, log_level=None), engine


def _untrained() -> dict[str, Any]:
    """The comparisons as Splink takes them; where a level has words of its own in LEVELS, they are its label."""
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl
    from splink import SettingsCreator, block_on

    def comparison(name: str, unknown: Any, *levels: Any) -> Any:
        named = [level.configure(label_for_charts=words) for level, words in zip(levels, LEVELS[name], strict=True)]
        return cl.CustomComparison(output_column_name=name, comparison_levels=[unknown, *named])

    def exact(column: str) -> Any:
        return cll.ExactMatchLevel(column, term_frequency_adjustments=column in BY_FREQUENCY)

    def near(column: str) -> Any:
        return cll.CustomLevel(f"damerau_levenshtein({column}_l, {column}_r) <= 1")

    first, last, middle = "first_name_key", "last_name_key", "middle_name_key"
    mailbox, number = "coalesce(email_l = email_r, false)", "coalesce(phone_l = phone_r and first_name_key_l = first_name_key_r, false)"
    comparisons = [
        comparison("first_name", cll.NullLevel(first), exact(first), near(first),
                   cll.CustomLevel(f"jaro_winkler_similarity({first}_l, {first}_r) >= 0.9"), cll.ElseLevel()),
        comparison("last_name", cll.NullLevel(last), exact(last), near(last),
                   cll.CustomLevel(f"{first}_l = {last}_r and {first}_r = {last}_l"), cll.ElseLevel()),
        comparison("birth_date", cll.NullLevel("birth_date"), exact("birth_date"), near("birth_digits"),
                   cll.CustomLevel("year(birth_date_l) = year(birth_date_r)"), cll.ElseLevel()),
        comparison("middle_name", cll.NullLevel(middle), exact(middle), near(middle), cll.ElseLevel()),
        comparison("city", cll.NullLevel("city_key"), exact("city_key"), cll.ElseLevel()),
        comparison("sex", cll.NullLevel("sex"), exact("sex"), cll.ElseLevel()),
        comparison("contact", cll.CustomLevel(f"not {mailbox} and not {number}").configure(is_null_level=True),
                   cll.CustomLevel(f"{mailbox} and {number}"), cll.CustomLevel(mailbox), cll.ElseLevel()),
    ]
    return SettingsCreator(
        link_type="dedupe_only", unique_id_column_name="profile_id", comparisons=comparisons,
        blocking_rules_to_generate_predictions=[block_on("birth_date", first)],  # never used: pairs come from SQL
        retain_intermediate_calculation_columns=True, retain_matching_columns=True).create_settings_dict("duckdb")


def _tidied(settings: dict[str, Any]) -> dict[str, Any]:
    """What Splink saved, with nothing that differs from run to run, and no level that is impossible, certain or weighed by nobody."""
    settings.pop("linker_uid", None)
    for comparison in settings["comparisons"]:
        levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        if comparison["output_column_name"] == "contact":
            told = list(CONTACT_BY_HAND)
        else:
            m = [max(level.get("m_probability") or 0.0, LEAST_M) for level in levels]
            told = [(one / sum(m), max(level.get("u_probability") or 0.0, LEAST_U)) for one, level in zip(m, levels, strict=True)]
            for n, level in enumerate(levels):
                # Both floors together are no evidence: such a level says no more for one person than the one above it, the last nothing.
                if (level.get("m_probability") or 0.0) < LEAST_M and (level.get("u_probability") or 0.0) < LEAST_U:
                    (one, u), above = told[n], told[n - 1] if 0 < n < len(levels) - 1 else (1.0, 1.0)
                    told[n] = (one, max(u, one * min(1.0, above[1] / above[0])))
        for level, (m_probability, u_probability) in zip(levels, told, strict=True):
            level["m_probability"], level["u_probability"] = _rounded(m_probability), _rounded(u_probability)
    settings["probability_two_random_records_match"] = _rounded(settings["probability_two_random_records_match"])
    return settings


def _frequencies(own: DuckDBPyConnection, column: str) -> dict[str, float]:
    found: Sequence[tuple[str, float]] = own.execute(
        f"select {column}, count(*) / sum(count(*)) over () from features where {column} is not null group by 1 order by 1").fetchall()
    return {name: _rounded(share) for name, share in found}


def _rounded(share: float) -> float:
    return float(f"{share:.{DIGITS}g}")


def _in_words() -> str:
    """SQL: what each comparison says, in words that name no value."""
    told = []
    for name, levels in LEVELS.items():
        cases = " ".join(f"when {len(levels) - 1 - n} then '{words}'" for n, words in enumerate(levels))
        told.append(f"case gamma_{name} {cases} end")
    return f"concat_ws(', ', {', '.join(told)})"
