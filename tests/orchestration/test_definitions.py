"""What Dagster is told: every landed list, every model, every check, and that publishing stands behind all of them."""

import os
import subprocess
import sys

import pytest

from ingestion.accounts import REPOSITORY
from ingestion.vendors import vendors


@pytest.fixture
def graph(parsed):
    from orchestration.definitions import defs

    return defs.resolve_asset_graph()


def test_definitions_load_with_an_empty_environment(parsed):
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(parsed),
        "OMNIMART_DATA": str(parsed),
        "OMNIMART_SECRETS": str(parsed / "none.toml"),
    }
    script = "import dagster; from orchestration.definitions import defs; dagster.Definitions.validate_loadable(defs)"
    subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, env=environment, check=True, capture_output=True, timeout=120)


def test_every_landed_list_and_every_model_is_an_asset(graph):
    from orchestration.manifest import manifest

    keys = {key.to_user_string() for key in graph.materializable_asset_keys}
    landed = {f"{vendor.dataset}/{resource.name}" for vendor in vendors() for resource in vendor.resources}
    models = {
        f"{node['schema']}/{node['alias']}" for node in manifest()["nodes"].values() if node["resource_type"] in ("model", "seed")
    }
    assert keys == landed | models | {"published/omnimart", "lake/housekeeping", "identity/model", "identity/diff", "backfill/window"}


def test_lineage_runs_from_the_landed_lists_to_the_publication(graph):
    from dagster import AssetKey

    from orchestration.publication import KEY

    for vendor in vendors():
        for resource in vendor.resources:
            bases = graph.get(AssetKey([vendor.dataset, resource.name])).child_keys
            assert AssetKey(["staging", f"base_{vendor.name}__{resource.name}"]) in bases
    assert graph.get(AssetKey(["marts", "orders"])).child_keys >= {KEY}


def test_publishing_stands_behind_every_table_that_is_checked(graph):
    from orchestration.publication import KEY

    checked = {
        key.asset_key for key in graph.asset_check_keys if key.asset_key != KEY and not key.asset_key.path[0].startswith("raw_")
    }
    assert checked - graph.get(KEY).parent_keys == set()


def test_every_dbt_test_is_a_check_and_blocks_when_it_is_an_error(graph):
    from orchestration.manifest import manifest

    tests = {
        node["name"]: (node["config"]["severity"] or "error").lower()
        for node in manifest()["nodes"].values()
        if node["resource_type"] == "test"
    }
    checks = {key.name: graph.get(key).blocking for key in graph.asset_check_keys}
    assert {name: checks.get(name) for name in tests} == {name: severity == "error" for name, severity in tests.items()}


def test_every_asset_has_a_group_an_owner_and_a_kind(graph):
    bare = [
        key.to_user_string()
        for key in graph.materializable_asset_keys
        if not graph.get(key).group_name or not graph.get(key).owners or not graph.get(key).kinds
    ]
    assert bare == []


def test_every_landed_and_published_asset_says_what_it_is(graph):
    silent = [
        key.to_user_string()
        for key in graph.materializable_asset_keys
        if key.path[0].startswith(("raw_", "marts", "pii", "published")) and not graph.get(key).description
    ]
    assert silent == []


def test_the_nightly_runs_at_the_businesss_own_hour(monkeypatch, tmp_path):
    from orchestration import schedules

    (tmp_path / "rules.yml").write_text(
        "business: {timezone: Asia/Yekaterinburg}\nschedule: {refresh_at: '03:30'}\n", encoding="utf-8"
    )
    monkeypatch.setenv("OMNIMART_BUSINESS_RULES", str(tmp_path / "rules.yml"))
    nightly = schedules.nightly()
    assert (nightly.name, nightly.cron_schedule, nightly.execution_timezone) == (
        "refresh_warehouse_nightly",
        "30 3 * * *",
        "Asia/Yekaterinburg",
    )


def test_training_and_dry_run_are_jobs_of_their_own_and_no_part_of_a_refresh(graph):
    from orchestration import identity_assets
    from orchestration.definitions import defs
    from orchestration.schedules import JOB

    of = {name: {key.to_user_string() for key in defs.resolve_job_def(name).asset_layer.selected_asset_keys}
          for name in (JOB, identity_assets.TRAIN, identity_assets.COMPARE)}
    assert of[identity_assets.TRAIN] == {"identity/model"}
    assert of[identity_assets.COMPARE] == {"identity/diff"}
    everything = {key.to_user_string() for key in graph.materializable_asset_keys}
    assert of[JOB] == everything - {"identity/model", "identity/diff", "backfill/window"}
    monthly = identity_assets.monthly()
    assert (monthly.name, monthly.cron_schedule) == ("train_identity_model_monthly", "0 14 1 * *")


def test_the_home_has_the_settings_of_the_repository_without_its_folders(own_data, monkeypatch):
    import yaml

    from orchestration import home

    monkeypatch.setenv("DAGSTER_HOME", "")
    settings = yaml.safe_load((home.prepare() / "dagster.yaml").read_text(encoding="utf-8"))
    ours = yaml.safe_load((REPOSITORY / "dagster.yaml").read_text(encoding="utf-8"))
    assert settings == {name: value for name, value in ours.items() if name not in home.FOLDERS}
    assert os.environ["DAGSTER_HOME"] == str(own_data / "dagster")
