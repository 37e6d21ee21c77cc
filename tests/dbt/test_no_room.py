"""A build that finds no room, on the disk or in memory: an error that says so, and the next build has everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from small_project import ORDERS, SmallProject, order, project_at

from dbt_project.plugins.lend_to_duckdb import MEMORY_LIMIT
from orchestration import dbt, exports, shortage
from tests.torture import machine
from tests.torture.trap import BALLAST, fill

WIDE = "select document_key, md5(document_key || number) as told from {{ ref('base_acme__orders') }}, range(60000) as r (number) order by 2"
STATE = "select count(*), sum(gross_amount)::integer from staging.base_acme__orders"


@pytest.fixture
def narrow(small_projects: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallProject]:
    """The small project on a disk of 48 MB, with a model that sorts 40 MB."""
    try:
        with machine.small_disk(small_projects / "narrow", 48) as folder:
            project = project_at(folder, monkeypatch)
            project.declare("orders")
            project.write("models/staging/acme/base/base_acme__orders.sql", ORDERS.replace("MONEY", "money"))
            project.land("orders", *[order(str(number), 1) for number in range(20)])
            yield project
    except machine.NoDisk as refused:
        pytest.skip(f"no disk of its own may be mounted here: {refused}")


def said(project: SmallProject) -> str:
    with pytest.raises(AssertionError) as failed:
        project.build()
    return str(failed.value)


def test_a_build_on_a_full_disk_says_so_and_the_next_one_has_everything(narrow: SmallProject) -> None:
    narrow.build()
    before = narrow.rows(STATE)
    narrow.land("orders", *[order(str(number), 2) for number in range(30)])
    narrow.write("models/staging/acme/wide.sql", "{{ config(materialized='table') }} " + WIDE)
    fill(narrow.root, 1 << 20)
    assert shortage.told(said(narrow)) == shortage.DISK
    (narrow.root / BALLAST).unlink()
    (narrow.root / "models/staging/acme/wide.sql").unlink()
    assert narrow.rows(STATE) in (before, [(30, 60)])
    narrow.build()
    assert narrow.rows(STATE) == [(30, 60)]


def test_what_fits_neither_memory_nor_the_spill_folder_says_so(narrow: SmallProject, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow.build()
    narrow.write("models/staging/acme/wide.sql", "{{ config(materialized='table') }} " + WIDE)
    monkeypatch.setenv(MEMORY_LIMIT, "32MB")
    fill(narrow.root, 2 << 20)
    assert shortage.told(said(narrow)) in (shortage.DISK, shortage.MEMORY)
    (narrow.root / BALLAST).unlink()
    assert not any(path.name.startswith("duckdb_temp") and path.stat().st_size for path in dbt.spilled().glob("*"))
    with duckdb.connect(str(exports.warehouse())) as connection:
        assert connection.execute(STATE).fetchone() == (20, 20)


def test_dbt_that_gets_no_memory_itself_says_so_without_a_traceback(
    narrow: SmallProject, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def nothing_left(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("dbt.task.build.BuildTask.run", nothing_left)
    outcome = dbt.run_dbt(["build"], project=narrow.root)
    assert (outcome.success, outcome.nodes, outcome.error) == (False, (), "MemoryError")
    assert shortage.told(outcome.error) == shortage.MEMORY
    assert "Traceback" not in "".join(capfd.readouterr())
