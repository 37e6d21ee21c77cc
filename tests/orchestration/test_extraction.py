"""What a run sweeps up when it takes the lock: all that a dead one left half done."""

import dagster as dg
import pytest

from ingestion import lock
from orchestration import dbt
from orchestration.extraction import extraction

LEFT = ("lake/raw_acme/.halves/0f", "lake/contacts/.halves/1f", "warehouse.duckdb.tmp/duckdb_temp_storage_DEFAULT-0.tmp",
        "published/versions/.building-v2/omnimart.duckdb", "published/versions/.removing-v0/omnimart.duckdb",
        "published/versions/v1/.unseen")
KEPT = ("lake/raw_acme/orders/1.parquet", "warehouse.duckdb", "published/versions/v3/version.json")


@pytest.fixture
def crashed(own_data):
    for name in (*LEFT, *KEPT):
        path = own_data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return own_data


@dg.op(required_resource_keys={"extraction"})
def look(context):
    assert not lock.is_idle()


@dg.job(resource_defs={"extraction": extraction})
def night():
    look()


def test_the_next_run_removes_what_a_dead_one_left_half_done(crashed):
    assert dbt.spilled() == crashed / "warehouse.duckdb.tmp"
    assert night.execute_in_process().success
    assert [name for name in LEFT if (crashed / name).exists()] == []
    assert [name for name in KEPT if not (crashed / name).exists()] == []
    assert lock.is_idle()
