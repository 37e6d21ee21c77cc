"""What is lacking is said once: not by every log line that finds no room for itself."""

import errno
import io
import logging

import pytest

from orchestration import shortage


class Full(io.StringIO):
    """A log file on a full disk."""

    def write(self, text):
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def log():
    """A logger of its own that writes to where a test says."""
    logger = logging.Logger("alone")
    logger.addHandler(logging.StreamHandler(Full()))
    return logger


def test_a_log_line_without_room_is_lost_without_a_traceback(log, capsys):
    with shortage.logs_without_room():
        log.warning("no vendor is to blame")
    assert capsys.readouterr().err == ""
    log.warning("no vendor is to blame")
    assert "No space left on device" in capsys.readouterr().err


def test_any_other_fault_of_a_log_line_is_told(log, capsys):
    closed = io.StringIO()
    log.handlers[0].setStream(closed)
    closed.close()
    with shortage.logs_without_room():
        log.warning("seven records")
    assert "I/O operation on closed file" in capsys.readouterr().err
