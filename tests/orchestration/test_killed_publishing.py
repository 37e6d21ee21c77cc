"""Publishing that is killed at any step: readers see the old version or the new one, whole, and the next one leaves nothing behind."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import duckdb

from ingestion import lock
from orchestration import publish, refresh, shortage, versions
from tests.torture.trap import BALLAST, Trap, dies, ends, fill
from tests.torture.verdict import HALVES

KEPT = 5
# In the order of the steps; whether readers have the new version when the process dies there.
STEPS = {
    "the gate is open": (Trap("orchestration.gate:reasons_to_refuse", "after"), False),
    "the audits are let through": (Trap("orchestration.promises:let_through", "after"), False),
    "half of what was let through": (Trap("pathlib:Path.write_text", "halfway", about="passed.json"), False),
    "the folder is made": (Trap("orchestration.versions:start", "after"), False),
    "half of the tables": (Trap("orchestration.exports:_copy", "after", nth=2), False),
    "before Parquet": (Trap("orchestration.exports:_parquet", "before"), False),
    "before contacts": (Trap("orchestration.exports:contacts_database", "before"), False),
    "before the history": (Trap("orchestration.exports:history", "before"), False),
    "half of the card": (Trap("pathlib:Path.write_text", "halfway", about="version.json"), False),
    "between two fsyncs": (Trap("orchestration.versions:_to_disk", "after", nth=4), False),
    "fsynced, not named": (Trap("pathlib:Path.rename", "before", about=".building-"), False),
    "named, not flipped": (Trap("orchestration.versions:flip", "before"), False),
    "the new link beside the old one": (Trap("pathlib:Path.replace", "before", about="current.flipping"), False),
    "flipped, nothing after it": (Trap("pathlib:Path.replace", "after", about="current.flipping"), True),
    "flipped": (Trap("orchestration.versions:flip", "after"), True),
    "half of an old version removed": (Trap("shutil:rmtree", "halfway", about=".removing-"), True),
    "pruned": (Trap("orchestration.versions:prune", "after"), True),
    "nobody told of opt-outs": (Trap("orchestration.opt_outs:tell", "before"), True),
}

# In a Python of its own: one that has worked before has memory of its own to spare.
WITHOUT_MEMORY = """
from orchestration import publish
from tests.torture.trap import Trap, lay

publish.descriptions, publish.manifest = dict, lambda: {"nodes": {}, "macros": {}}
publish.published_inputs = lambda: ["identity_registry", "load_reconciliation", "publications"]
lay(Trap("orchestration.exports:_copy", "tight"))
publish.publish("night-2")
"""


def orders(data):
    """What readers see: (the version in the file's own words, sum of the orders, of their lines, of the Parquet file)."""
    both = "select sum(amount)::integer from marts."
    newest = "select version from marts.publications where version not in (select coalesce(previous_version, '') from marts.publications)"
    with duckdb.connect(str(data / "published" / "omnimart.duckdb"), read_only=True) as connection:
        seen = [connection.execute(one).fetchone()[0] for one in (newest, f"{both}orders", f"{both}order_lines")]
    with duckdb.connect(str(data / "published" / "contacts.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from pii.customer_contacts").fetchone() == (1,)
    return (*seen, *duckdb.sql(f"select sum(amount)::integer from '{data}/published/marts/orders.parquet'").fetchone())


def publish_alone(refresh_id):
    """As the refresh publishes: under the lock, after the sweep."""
    with lock.refresh_lock(holder=refresh_id):
        versions.sweep()
        return publish.publish(refresh_id)


def left(data):
    return [path.name for path in data.rglob("*") if HALVES.search(path.name)]


def test_publishing_that_is_killed_at_every_step_shows_whole_versions_and_leaves_nothing(warehouse, own_data):
    for night in range(KEPT + 1):
        warehouse([("o1", float(night))], refresh_id=f"night-{night}")
        old = publish_alone(f"night-{night}").version.version
    for night, (step, (trap, is_flipped)) in enumerate(STEPS.items(), start=10):
        before = orders(own_data)
        warehouse([("o1", float(night))], refresh_id=f"night-{night}")
        assert dies(trap, lambda night=night: publish_alone(f"night-{night}")), step
        version, *sums = orders(own_data)
        assert (version != old, sums) == ((True, [night] * 3) if is_flipped else (False, [*before[1:]])), step
        outcome = publish_alone(f"night-{night}")
        assert outcome.flipped is not is_flipped, step
        old = versions.current().version
        assert orders(own_data) == (old, night, night, night), step
        whole = list((own_data / "published" / "versions").iterdir())
        assert len(whole) == KEPT, step
        assert {json.loads((path / "version.json").read_text())["version"] for path in whole} == {path.name for path in whole}, step
        assert left(own_data) == [], step
        assert lock.is_idle(), step


def test_a_first_publication_that_is_killed_at_every_step_is_made_again(warehouse, own_data):
    for step in ("half of the card", "named, not flipped", "the new link beside the old one", "flipped, nothing after it", "flipped"):
        trap, is_flipped = STEPS[step]
        shutil.rmtree(own_data, ignore_errors=True)
        warehouse([("o1", 7.0)])
        assert dies(trap, lambda: publish_alone("night-1")), step
        assert (own_data / "published" / "omnimart.duckdb").exists() is is_flipped, step
        publish_alone("night-1")
        assert orders(own_data) == (versions.current().version, 7, 7, 7), step
        assert len(list((own_data / "published" / "versions").iterdir())) == 1, step
        assert left(own_data) == [], step


def test_a_version_that_was_gone_back_from_is_kept(warehouse, own_data):
    """It was published, unlike one that a crash kept from it."""
    for night in (1, 2):
        warehouse([("o1", float(night))], refresh_id=f"night-{night}")
        publish_alone(f"night-{night}")
    left_version, _ = versions.roll_back()
    versions.sweep()
    assert versions.read(left_version.version) == left_version


def test_publishing_that_finds_no_room_on_the_disk_says_so_and_leaves_the_old_version(small_disk, warehouse):
    warehouse([("o1", 1.0)])
    publish_alone("night-1")
    steps = ("the folder is made", "half of the tables", "before Parquet", "before the history", "half of the card")
    for night, step in enumerate(steps, start=2):
        before = orders(small_disk)
        warehouse([("o1", float(night))], refresh_id=f"night-{night}")
        where = STEPS[step][0]
        ended = ends(replace(where, when="full"), lambda night=night: publish_alone(f"night-{night}"))
        assert shortage.told(ended) == shortage.DISK, (step, ended)
        assert orders(small_disk) == before, step
        (small_disk / BALLAST).unlink()
        publish_alone(f"night-{night}")
        assert orders(small_disk)[1:] == (night,) * 3, step
        assert left(small_disk) == [], step


def test_the_publishing_command_on_a_full_disk_says_what_to_do(small_disk, warehouse, capsys):
    warehouse([("o1", 1.0)])
    fill(small_disk, 1 << 16)
    assert publish.main([]) == 1
    assert capsys.readouterr().err.rstrip().endswith(
        "What was published stays. Make room, then `make refresh`. docs/operations.md, “The disk is filling”.")
    (small_disk / BALLAST).unlink()
    assert publish.main([]) == 0
    assert left(small_disk) == []


def test_publishing_that_gets_no_memory_says_so_and_leaves_the_old_version(own_data, warehouse):
    warehouse([("o1", 1.0)])
    publish_alone("night-1")
    before = orders(own_data)
    with duckdb.connect(str(warehouse([("o1", 2.0)], refresh_id="night-2"))) as connection:
        connection.execute("create table marts.wide as select number, md5(number::varchar) as told from range(2000000) as r (number)")
    ended = subprocess.run([sys.executable, "-c", WITHOUT_MEMORY], capture_output=True, text=True, check=False)
    assert (ended.returncode, shortage.told(ended.stderr)) == (1, shortage.MEMORY), ended.stderr
    assert orders(own_data) == before
    publish_alone("night-2")
    assert orders(own_data)[1:] == (2, 2, 2)
    assert left(own_data) == []


def test_a_refresh_that_finds_no_room_for_its_own_files_says_what_to_do(small_disk, capsys):
    """Dagster's settings, runs and events are met before and between the steps, outside of what a step may fail with."""
    fill(small_disk, 0)
    assert refresh.main([]) == 1
    said = capsys.readouterr().err
    assert "No space left on device" in said
    assert "Make room, then `make refresh`. docs/operations.md, “The disk is filling”." in said
