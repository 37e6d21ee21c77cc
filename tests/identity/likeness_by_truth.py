"""Of compared pairs that nothing but likeness ties, how many are one person: what docs/identity.md says of each difference.

planted(seed), five seeds  ->  the identity models  ->  int_identity_pairs beside the truth  ->  a table

Counted are pairs that no shared value joins and that share no contact; of the five worlds together. Some two CPU minutes:
`.venv/bin/python -m tests.identity.likeness_by_truth`.
"""
from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import duckdb
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))

from identity_project import IdentityProject
from planted_people import planted
from test_identity_at_scale import SEEDS, resolved

from dbt_project.plugins.identity_comparisons import LEVELS

SAME_NAMES = {"first_name": "same first name", "last_name": "same last name"}
MARRIED = {"first_name": "same first name", "last_name": "different last names", "birth_date": "same birth date", "city": "same city"}
DIGIT = SAME_NAMES | {"birth_date": "birth dates a digit apart", "city": "same city", "sex": "same sex"}
# what the pair shows: (comparison: its level in words, None where nothing is compared; bits from; bits below)
SHOWN: dict[str, tuple[dict[str, str | None], float, float]] = {
    "another last name; first name, birth date, patronymic and city agree": (MARRIED | {"middle_name": "same middle name"}, -99, 99),
    "the same without a patronymic": (MARRIED | {"middle_name": None}, -99, 99),
    "a digit of the birth date; names, city and sex agree, no patronymic; 8 bits and more": (DIGIT | {"middle_name": None}, 8, 99),
    "the same below 8 bits": (DIGIT | {"middle_name": None}, -99, 8),
    "a digit of the birth date; names, city, sex and patronymic agree": (DIGIT | {"middle_name": "same middle name"}, -99, 99),
    "any of 8 to 9 bits": ({}, 8, 9),
    "any of 7 to 8 bits": ({}, 7, 8),
}

# Two known first names that sound alike are asked about whatever the weight: they are no pairs of these.
NO_TWO_KNOWN_NAMES = """
    inner join intermediate.int_identity_profiles as one on pairs.profile_a = one.profile_id
    inner join intermediate.int_identity_profiles as other on pairs.profile_b = other.profile_id
    where pairs.gamma_contact < 0 and not (pairs.gamma_first_name in (1, 2) and one.is_common_name and other.is_common_name)
"""


def pairs_of(project: IdentityProject, seed: int) -> pd.DataFrame:
    """The compared pairs of one world that nothing but likeness ties, two known names aside; `is_one`: whether they are one person's."""
    world = resolved(project, seed, planted(seed))
    with duckdb.connect(str(project.data / "warehouse.duckdb"), read_only=True) as connection:
        pairs = connection.execute(f"select pairs.* from intermediate.int_identity_pairs as pairs {NO_TWO_KNOWN_NAMES}").df()
    number = pd.Series(range(len(world.records)), index=world.records)
    one, other = (number[pairs[side]].to_numpy() for side in ("profile_a", "profile_b"))
    joined = world.by_shared_values()
    pairs["is_one"] = world.whose[one] == world.whose[other]
    return pairs[joined[one] != joined[other]]


def gamma(comparison: str, words: str | None) -> int:
    """The level's number: how many stand below it, -1 where nothing is compared."""
    levels = LEVELS[comparison]
    return -1 if words is None else len(levels) - 1 - levels.index(words)


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"OMNIMART_DATA": str(Path(folder) / "data"), "OMNIMART_SECRETS": str(Path(folder) / "no-secrets.toml")}
        project = IdentityProject(Path(folder))
        pairs = pd.concat([pairs_of(project, seed) for seed in SEEDS])
    print("| what the pair shows | pairs | of one person | |\n|---|---|---|---|")
    for what, (shown, least, below) in SHOWN.items():
        found = pairs[(pairs["weight"] >= least) & (pairs["weight"] < below)]
        for comparison, words in shown.items():
            found = found[found[f"gamma_{comparison}"] == gamma(comparison, words)]
        right = int(found["is_one"].sum())
        print(f"| {what} | {len(found)} | {right} | {right / max(1, len(found)):.1%} |")


if __name__ == "__main__":
    main()
