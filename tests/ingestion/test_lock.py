"""One lock between real processes: a second refresh steps back, whoever else is met is waited for."""

import os
import subprocess
import sys
import threading
import time

import pytest

from ingestion import lock
from ingestion.accounts import REPOSITORY

HOLD = """
import sys, time
from ingestion import lock
with lock.refresh_lock(holder=sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def held(own_data):
    """held(holder) has another process hold the lock until the test lets it go with `.stdin.close()`."""
    started = []

    def by(holder):
        process = subprocess.Popen([sys.executable, "-c", HOLD, holder], cwd=REPOSITORY, env={**os.environ}, text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield by
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_a_second_refresh_does_nothing_and_says_whom_it_met(held):
    other = held("refresh, run 1")
    with pytest.raises(lock.RefreshRunning, match=rf"^A refresh is already running on .* \(process {other.pid} refresh, run 1\)\. This"):
        take(lock.all_but_a_refresh)


@pytest.mark.parametrize(("holder", "told"), [("backfill, run 2", "backfill"), ("load of acme", "load"), ("identity-model", "refresh")])
def test_a_refresh_waits_for_the_end_of_anything_else_and_says_so_once(held, holder, told):
    other, said = held(holder), []
    assert take(lock.all_but_a_refresh, say=lambda line: (said.append(line), other.stdin.close())) == "held"
    assert said == [f"A {told} is running on {lock.data_root()} (process {other.pid} {holder}); this one waits for its end."]


def test_a_backfill_waits_for_a_refresh_also_for_one_that_is_killed(held):
    other = held("refresh, run 3")
    assert take(lock.anybody, say=lambda line: other.kill()) == "held"
    assert lock.is_idle()


def test_a_wait_that_lasts_longer_than_a_run_may_take_ends(held, monkeypatch):
    held("refresh")
    monkeypatch.setattr(lock, "LONGEST_WAIT_SECONDS", 0.3)
    with pytest.raises(lock.RefreshRunning, match="A refresh is already running"):
        take(lock.anybody)


def test_what_a_process_shares_with_itself_is_shut_to_others(own_data):
    with lock.refresh_lock(holder="refresh", shared=True):
        with lock.refresh_lock(joins=True):
            pass
        assert not lock.is_idle()
        with pytest.raises(lock.RefreshRunning), lock.refresh_lock():
            pass
    assert lock.is_idle()
    with lock.refresh_lock(joins=True):
        assert not lock.is_idle()


def test_a_holder_that_has_not_said_who_it_is_is_given_a_moment(held, own_data):
    held("backfill")
    (own_data / "refresh.holder").unlink()
    began = time.monotonic()
    with pytest.raises(lock.RefreshRunning, match="another process"):
        take(lock.all_but_a_refresh)
    assert time.monotonic() - began >= lock.UNKNOWN_SECONDS


def test_who_comes_after_the_one_that_was_waited_for_is_given_his_moment_too(held, own_data):
    """A refresh waited for a backfill, a load took the lock when that ended, and the refresh gave up before it had said who it was."""
    other = held("backfill")

    def change_hands():
        time.sleep(lock.UNKNOWN_SECONDS + 0.2)
        (own_data / "refresh.holder").unlink()
        time.sleep(0.3)
        other.stdin.close()

    assert take(lock.all_but_a_refresh, say=lambda line: threading.Thread(target=change_hands).start()) == "held"


def test_the_load_of_one_vendor_waits_for_the_refresh_that_would_sweep_its_half_files(held, own_data):
    other = held("refresh, run 4")
    settings = {f"SOURCES__TELPHIN__{name}": "http://127.0.0.1:1" for name in ("BASE_URL", "CLIENT_ID", "CLIENT_SECRET")}
    load = subprocess.Popen([sys.executable, "-m", "ingestion.telphin"], cwd=REPOSITORY, env=os.environ | settings, text=True,
                            stdout=subprocess.PIPE, bufsize=1)
    with load:
        told = load.stdout.readline()
        load.kill()
    assert told == f"A refresh is running on {own_data} (process {other.pid} refresh, run 4); this one waits for its end.\n"
    assert not (own_data / "lake" / "contacts").exists()


def take(waits_for, say=None):
    with lock.refresh_lock(holder="refresh", waits_for=waits_for, say=say):
        return "held"
