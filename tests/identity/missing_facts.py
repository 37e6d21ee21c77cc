"""Identity measured on shops that know more or fewer birth dates, cities and last names: the table of docs/identity.md.

planted(seed) with other shares of what records do not tell (sandbox/identity_noise.py, MISSING)  ->  the identity models  ->  a table

Two seeds each, the worse of both; some three CPU minutes: `.venv/bin/python -m tests.identity.missing_facts`.
"""
from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from identity_project import IdentityProject
from planted_people import planted
from test_identity_at_scale import resolved

from sandbox import identity_noise

SEEDS = (1, 2)
SHOPS = {  # how many records tell no …
    "0, 0, 0": {"birth_date": 0.0, "city": 0.0, "last_name": 0.0},
    "10 %, 15 %, 2 %": {"birth_date": 0.10, "city": 0.15, "last_name": 0.02},
    "45 %, 15 %, 6 %": {"birth_date": 0.45, "city": 0.15, "last_name": 0.06},
}


def figures(project: IdentityProject, seed: int) -> tuple[float, float, float, float]:
    """Pairwise precision and recall as built, recall by shared values alone, recall that the data allows."""
    measured = resolved(project, seed, planted(seed)).measures()
    built = measured["as built"]
    return (built.pairwise_precision, built.pairwise_recall,
            measured["shared values alone"].pairwise_recall, measured["what the data allows"].pairwise_recall)


def main() -> None:
    """Print the table; of each figure the worse of the seeds."""
    told = dict(identity_noise.MISSING)
    print("| missing: birth date, city, last name | pairwise precision | pairwise recall | shared values alone | what the data allows |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"OMNIMART_DATA": str(Path(folder) / "data"), "OMNIMART_SECRETS": str(Path(folder) / "no-secrets.toml")}
        project = IdentityProject(Path(folder))
        for shop, missing in SHOPS.items():
            identity_noise.MISSING.update(told | missing)
            worse = [min(column) for column in zip(*(figures(project, seed) for seed in SEEDS), strict=True)]
            print(f"| {shop} | " + " | ".join(f"{value:.5f}" for value in worse) + " |", flush=True)


if __name__ == "__main__":
    main()
