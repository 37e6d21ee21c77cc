"""What is written is its owner's alone, whatever the umask; memory that spills does not leave the data folder."""

import os
import re
import stat

import duckdb
import pytest

from ingestion import lake, rooms

NOBODY = 2_000_000_000


@pytest.fixture(params=[0o000, 0o077], ids=["umask 000", "umask 077"])
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_rooms_are_closed_and_readers_pass_through(umask, tmp_path):
    data = tmp_path / "data"
    rooms.close(data)
    assert mode(data) == 0o755
    assert {name: mode(data / name) for name in rooms.ROOMS} == dict.fromkeys(rooms.ROOMS, 0o700)


def test_a_room_that_was_open_is_closed_and_its_owners_folder_stays_as_it_was(tmp_path):
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake").chmod(0o777)
    tmp_path.chmod(0o710)
    rooms.close(tmp_path)
    assert (mode(tmp_path / "lake"), mode(tmp_path)) == (0o700, 0o710)


def test_what_spills_stays_in_a_room_and_goes_with_its_connection(own_data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with rooms.in_memory(lake.data_root()) as connection:
        connection.execute("set memory_limit = '40MB'; set threads = 1")
        connection.execute("create temp table kept as select range as n, hash(range)::varchar as t from range(2_000_000)")
        (spilled,) = (own_data / "spilled").iterdir()
        assert sum(file.stat().st_size for file in spilled.iterdir()) > 10 << 20
    assert list((own_data / "spilled").iterdir()) == []
    assert not (tmp_path / ".tmp").exists()


def test_only_what_a_dead_process_spilled_is_swept(own_data):
    rooms.close(own_data)
    for process in (os.getpid(), NOBODY):
        (own_data / "spilled" / f"{process}-1").mkdir()
    rooms.sweep(own_data, is_alive=lambda process: process != NOBODY)
    assert [folder.name for folder in (own_data / "spilled").iterdir()] == [f"{os.getpid()}-1"]


def test_no_database_in_memory_is_opened_but_there():
    """What spills beside such a one lies in the folder of whoever started the process."""
    assert duckdb.connect().execute("select current_setting('temp_directory')").fetchone() == (".tmp",)
    code = [*(lake.REPOSITORY / "ingestion").rglob("*.py"), *(lake.REPOSITORY / "orchestration").rglob("*.py")]
    opens = re.compile(r"duckdb[.]connect[(](\":memory:\")?[)]")
    openers = [path.name for path in code if opens.search(path.read_text(encoding="utf-8"))]
    assert openers == ["rooms.py"]
