"""What is written is its owner's alone, whatever the umask; memory that spills does not leave the data folder."""

import os
import re
import stat

import duckdb
import pytest

from ingestion import lake, rooms
from ingestion.contact import load_alone
from ingestion.vendors import vendors

NOBODY = 2_000_000_000
CODE = [path for room, suffix in (("ingestion", "py"), ("orchestration", "py"), ("dbt_project/macros", "sql"))
        for path in (lake.REPOSITORY / room).rglob(f"*.{suffix}")]


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


@pytest.mark.parametrize("name", ["o'brien data", "two''", "100%", "данные", "a;b -- c", "a$b {c} ~"])
def test_a_path_means_itself_in_a_statement(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    with duckdb.connect() as connection:
        connection.execute(f"copy (select 1 as n) to {rooms.quoted(folder / 'a.parquet')} (format parquet)")
        connection.execute(f"attach {rooms.quoted(folder / 'a.duckdb')} as kept")
        connection.execute("create table kept.t as select 2 as n")
        found = connection.execute(f"from read_parquet({rooms.quoted(folder / '*.parquet')}) union all from kept.t order by n")
        assert found.fetchall() == [(1,), (2,)]
    assert sorted(path.name for path in folder.iterdir()) == ["a.duckdb", "a.parquet"]


@pytest.mark.parametrize("sign", "%*?[\\")
def test_a_data_folder_whose_name_would_be_taken_for_a_pattern_is_refused_in_a_sentence(tmp_path, monkeypatch, capsys, sign):
    monkeypatch.setenv("OMNIMART_DATA", str(tmp_path / f"a{sign}b"))
    assert load_alone(vendors()[0]) == 2
    assert f"has {sign} in its path" in capsys.readouterr().err
    assert not (tmp_path / f"a{sign}b").exists()


def test_no_path_is_put_into_a_statement_but_quoted():
    bare = re.compile(r"""\b(attach|to|from|glob\(|read_\w+\()\s*'(\{\{?|"\s*~)""", re.IGNORECASE)
    told = [f"{path.name}: {line.strip()}" for path in CODE for line in path.read_text(encoding="utf-8").splitlines() if bare.search(line)]
    assert told == []
    assert [bool(bare.search(line)) for line in ("attach '{path}' as x", "from '{file}'", "glob('\" ~ path", "read_json(")] == [
        True, True, True, False]


def test_no_database_in_memory_is_opened_but_there():
    """What spills beside such a one lies in the folder of whoever started the process."""
    assert duckdb.connect().execute("select current_setting('temp_directory')").fetchone() == (".tmp",)
    code = [*(lake.REPOSITORY / "ingestion").rglob("*.py"), *(lake.REPOSITORY / "orchestration").rglob("*.py")]
    opens = re.compile(r"duckdb[.]connect[(](\":memory:\")?[)]")
    openers = [path.name for path in code if opens.search(path.read_text(encoding="utf-8"))]
    assert openers == ["rooms.py"]
