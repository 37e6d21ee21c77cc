"""Identity measured on all of the sandbox's systems: what orders, tickets and forms bring too, which the suite's measurement leaves out.

    planted(seed, whole=True)  ->  the identity models  ->  a table: with 1C, and with the help desk and call tracking as well

Five seeds take some six CPU minutes: `python -m tests.identity.whole_population`. docs/identity.md holds the last figures.
"""
from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from identity_project import IdentityProject
from measures import Measures, measure_aligned
from planted_people import planted
from test_identity_at_scale import COLUMNS, SEEDS, Resolved, resolved

WITHOUT = {"with 1C": ("usedesk", "calltouch"), "all systems": ()}
FOUND = ("as built", "shared values alone", "what the data allows")


def measures(one: Resolved) -> dict[tuple[str, str], Measures]:
    """By population and way."""
    systems = np.array([record.split(":")[0] for record in one.records])
    found = dict(zip(FOUND, (one.found, one.by_shared_values(), one.allowed()), strict=True))
    measured = {}
    for population, left_out in WITHOUT.items():
        own = one.is_of_person & ~np.isin(systems, left_out)
        measured |= {(population, way): measure_aligned(clusters[own], one.whose[own]) for way, clusters in found.items()}
    return measured


def main() -> None:
    """Print the worst of the five."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"OMNIMART_DATA": str(Path(folder) / "data"), "OMNIMART_SECRETS": str(Path(folder) / "no-secrets.toml")}
        project = IdentityProject(Path(folder))
        five = [measures(resolved(project, seed, planted(seed, whole=True))) for seed in SEEDS]
    print(f"{'':36}{'records':>10}" + "".join(f"{column:>20}" for column in COLUMNS))
    for key in five[0]:
        told = [[getattr(one[key], column) for one in five] for column in COLUMNS]
        worst = [max(values) if column == "over_merge_rate" else min(values) for column, values in zip(COLUMNS, told, strict=True)]
        print(f"{key[0] + ', ' + key[1]:36}{min(one[key].records for one in five):10}" + "".join(f"{value:20.5f}" for value in worst))


if __name__ == "__main__":
    main()
