"""The model that comes with the project, trained on generated people: an installation's own takes its place when there is one.

    planted(0) -> identity as far as shared values lead -> train -> dbt_project/plugins/identity_model/

Labels are clusters of shared values alone, as an installation has them, and never the truth. Seed 0 is none of those that
test_identity_at_scale.py measures. The same bytes every time: `python -m tests.identity.starting_model` (with another folder as
its argument: there).
"""
from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import duckdb

from dbt_project.plugins.identity_model import FEATURES, PEOPLE, SHIPPED, Model, put_in_force, train
from dbt_project.plugins.likeness import blank
from orchestration.dbt import run_dbt
from tests.identity.identity_project import IdentityProject
from tests.identity.planted_people import planted

SEED = 0
NEVER = 1000  # bits: no likeness links, so no label and no feature hangs on the model in force


def starting_model(root: Path) -> Model:
    """Trained in a project in the empty folder `root`; sets OMNIMART_DATA and OMNIMART_BUSINESS_RULES."""
    rules = root / "rules.yml"
    rules.write_text(f"identity: {{link_weight: {NEVER}, ask_weight: {NEVER}}}\n", encoding="utf-8")
    os.environ |= {"OMNIMART_DATA": str(root / "data"), "OMNIMART_BUSINESS_RULES": str(rules)}
    put_in_force(blank(PEOPLE))  # the shipped one may be of other comparisons than those to be trained
    people, project = planted(SEED), IdentityProject(root)
    project.stage(people.staged)
    outcome = run_dbt(["build", "--select", "+int_identity_clusters", "--exclude-resource-type", "test", "unit_test"],
                      refresh_id="training", project=root, extra_vars={"as_of": "2026-11-01 00:00:00", "as_of_on": "2026-11-01"})
    assert outcome.success, [node.message for node in outcome.failed] or outcome.error
    with duckdb.connect(str(project.data / "warehouse.duckdb"), read_only=True) as connection:
        features = connection.sql(f"select {', '.join(FEATURES)} from intermediate.int_identity_features").to_arrow_table()
        labels = connection.sql("select profile_id, cluster_no from intermediate.int_identity_clusters where is_known").to_arrow_table()
    return train(features, labels)


def main(arguments: list[str]) -> None:
    folder = Path(arguments[0]) if arguments else SHIPPED
    with tempfile.TemporaryDirectory() as root:
        model = starting_model(Path(root))
    model.save(folder)
    print(f"{folder}: version {model.version}, {model.profiles} profiles")


if __name__ == "__main__":
    main(sys.argv[1:])
