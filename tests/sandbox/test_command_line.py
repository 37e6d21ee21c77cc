"""`python -m sandbox`: the clock goes forward, bad input is a sentence, and a sandbox ends with whoever started it."""

import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from sandbox.__main__ import folder, main


@pytest.fixture
def clock(own_data):
    """The clock file of a sandbox under this test's data folder."""
    folder().mkdir(parents=True)
    (folder() / "clock").write_text(datetime(2026, 10, 31, 23, tzinfo=UTC).isoformat(), encoding="utf-8")
    return folder() / "clock"


def test_the_clock_moves_forward(clock):
    assert main(["advance", "--days", "2"]) == 0
    assert clock.read_text(encoding="utf-8") == "2026-11-02T23:00:00+00:00"


@pytest.mark.parametrize("days", ["-5", "0"])
def test_the_clock_does_not_run_backwards(clock, capsys, days):
    with pytest.raises(SystemExit):
        main(["advance", "--days", days])
    assert "would not move the clock forward" in capsys.readouterr().err
    assert clock.read_text(encoding="utf-8") == "2026-10-31T23:00:00+00:00"


def test_a_purchase_log_that_is_not_there_is_a_sentence(own_data, capsys):
    assert main(["serve", "--purchases", "/nowhere/log.txt"]) == 2
    assert capsys.readouterr().err == "The sandbox did not start: there is no file /nowhere/log.txt.\n"


def test_a_published_file_that_is_not_there_is_a_sentence(capsys):
    assert main(["plausible", "/nowhere/omnimart.duckdb"]) == 2
    assert capsys.readouterr().err == "There is no published file /nowhere/omnimart.duckdb; `make refresh` makes one.\n"


def test_a_sandbox_ends_with_the_process_that_started_it(own_data):
    starter = ("import os, subprocess, sys; served = subprocess.Popen([sys.executable, '-m', 'sandbox', 'serve', '--customers', '20', "
               "'--days', '5', '--stores', '2', '--end-with', str(os.getpid())], stdout=subprocess.PIPE); "
               "served.stdout.readline(); print(served.pid)")
    served = int(subprocess.run([sys.executable, "-c", starter], capture_output=True, text=True, check=True, timeout=60).stdout)
    until = time.monotonic() + 20
    while _is_alive(served) and time.monotonic() < until:
        time.sleep(0.2)
    assert not _is_alive(served)


def _is_alive(process: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about yet does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False).stdout.strip()
    return bool(state) and not state.startswith("Z")
