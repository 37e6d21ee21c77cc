"""A build file that another process has open: the build says who, waits, and goes on or ends in a sentence."""

import os
import subprocess
import sys

import duckdb
import pytest
from small_project import order

from ingestion import lock
from ingestion.accounts import REPOSITORY
from orchestration import dbt, exports, holders

OPEN = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
print("open", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def built(orders):
    """A small project that was built once."""
    orders.land("orders", order("1", 1))
    orders.build()
    return orders


@pytest.fixture
def reader(built):
    """Another process that has the build file open, read only, until its `stdin` is closed."""
    process = subprocess.Popen([sys.executable, "-c", OPEN, str(exports.warehouse())], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == "open\n"
    yield process
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_a_build_waits_until_a_reader_closes_the_file(built, reader):
    said = []
    outcome = dbt.run_dbt(["build"], refresh_id="night-2", project=built.root, say=lambda line: (said.append(line), reader.stdin.close()))
    assert outcome.success, outcome.error
    (line,) = said
    assert line.startswith(f"warehouse.duckdb is open in process {reader.pid} (")
    assert line.endswith("; the build waits for it to be closed, at most 15 min.")


def test_a_reader_who_never_closes_it_ends_the_build_with_a_sentence(built, reader, monkeypatch):
    monkeypatch.setitem(holders.wait_until_closed.__kwdefaults__, "patience_seconds", 0.0)
    outcome = dbt.run_dbt(["build"], refresh_id="night-2", project=built.root)
    assert not outcome.success
    assert not outcome.nodes
    assert outcome.error.startswith(f"warehouse.duckdb is still open in process {reader.pid} (")
    assert "End that process and start again." in outcome.error
    assert "\n" not in outcome.error


def test_a_command_that_opens_no_file_waits_for_nobody(built, reader):
    assert dbt.run_dbt(["parse"], project=built.root, say=pytest.fail).success


def test_nobody_is_waited_for_where_there_is_no_file_or_one_that_is_broken(tmp_path):
    holders.wait_until_closed(tmp_path / "none.duckdb", say=pytest.fail)
    (tmp_path / "broken.duckdb").write_bytes(b"no database" * 1000)
    holders.wait_until_closed(tmp_path / "broken.duckdb", say=pytest.fail)
    assert not (tmp_path / "none.duckdb").exists()


@pytest.mark.parametrize(("told", "named"), [
    ('IO Error: Could not set lock on file "w": Conflicting lock is held in /usr/bin/python3.11 (PID 47) by user anna. See also https://x',
     "process 47 (python3.11, user anna)"),
    ('IO Error: Could not set lock on file "w": Conflicting lock is held in /opt/D B/dbeaver (PID 8). See also', "process 8 (dbeaver)"),
    ('IO Error: Could not set lock on file "w": Conflicting lock is held (PID 8). See also', "process 8"),
    ('IO Error: Could not set lock on file "w": Resource temporarily unavailable', "another process"),
    ("IO Error: No space left on device", None),
])
def test_the_holder_is_named_as_far_as_it_is_known(told, named):
    assert holders.holder(duckdb.IOException(told)) == named


HOLD = """
from ingestion import lock
with lock.refresh_lock(holder="refresh, run 1"):
    print("held", flush=True)
    input()
"""


def test_dbt_by_hand_holds_the_refresh_lock_and_waits_for_a_night(own_data, monkeypatch, capsys):
    def found(args, **_):
        assert not lock.is_idle() or args == ["parse"]
        return dbt.DbtOutcome(True, (), None)

    monkeypatch.setattr(dbt, "run_dbt", found)
    monkeypatch.setattr(dbt, "_say", lambda line: (print(line), night.stdin.close()))
    with subprocess.Popen([sys.executable, "-c", HOLD], cwd=REPOSITORY, env={**os.environ}, text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as night:
        assert night.stdout.readline() == "held\n"
        assert dbt.main(["parse"]) == 0
        assert capsys.readouterr().out == ""
        assert dbt.main(["test", "--select", "orders"]) == 0
    waited = f"A refresh is running on {lock.data_root()} (process {night.pid} refresh, run 1); this one waits for its end.\n"
    assert capsys.readouterr().out == waited
    assert lock.is_idle()
