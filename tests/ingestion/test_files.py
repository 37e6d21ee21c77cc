"""Files in a folder: what is listed, what is read, and the sentence for each folder that cannot be read. The web is in tests/file_drop."""

import hashlib
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.files import Vanished, listed
from ingestion.http import VendorError


def names(folder: object, *suffixes: str) -> list[str]:
    return [file.name for file in listed(str(folder), suffixes=suffixes or (".csv",), who="acme/main files", first_pause=0.01)]


def test_files_are_listed_by_name_with_subfolders_and_without_unfinished_ones(tmp_path):
    for name in ("b.CSV", "2026/a.csv", "2026/осень и зима.csv", ".a.csv", "_half/a.csv", "~$b.csv", "b.csv.part", "c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    assert names(tmp_path) == ["2026/a.csv", "2026/осень и зима.csv", "b.CSV"]
    assert names(tmp_path, ".txt", ".part") == ["b.csv.part", "c.txt"]
    assert names(f"{tmp_path}/2026/") == ["a.csv", "осень и зима.csv"]


def test_a_file_tells_its_size_time_and_content(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"abc")
    [file] = listed(str(tmp_path), suffixes=(".csv",), who="acme/main files")
    assert (file.size, file.etag, file.read(), file.digest) == (3, "", b"abc", hashlib.sha256(b"abc").hexdigest())
    assert abs((datetime.now(UTC) - file.modified).total_seconds()) < 60
    (tmp_path / "a.csv").unlink()
    with pytest.raises(Vanished, match=r"acme/main files: the file a\.csv was listed and is there no more"):
        file.read()


def test_a_local_file_is_hashed_where_it_lies(tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_bytes(b"abc")
    monkeypatch.setattr(tempfile, "TemporaryDirectory", lambda: pytest.fail("the file was copied"))
    [file] = listed(str(tmp_path), suffixes=(".csv",), who="acme/main files")
    assert (file.digest, file.read()) == (hashlib.sha256(b"abc").hexdigest(), b"abc")


def test_a_name_of_another_encoding_is_told_with_escapes(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xea\xe0.csv")).write_bytes(b"abc")
    [file] = listed(str(tmp_path), suffixes=(".csv",), who="acme/main files")
    assert (file.name, file.read()) == ("\\xea\\xe0.csv", b"abc")


def test_an_empty_folder_has_no_files(tmp_path):
    assert names(tmp_path) == []


@pytest.mark.parametrize(("folder", "sentence"), [
    ("{root}/nowhere", "acme/main files: the folder {root}/nowhere does not exist. Nothing was loaded"),
    ("{root}/a.csv", "acme/main files: {root}/a.csv is a file and not a folder. Nothing was loaded; name its folder."),
    ("gopher://host/x", "acme/main files: gopher://host/x is no address of a folder that can be read"),
    ("http://user:secret@127.0.0.1:1/x?token=secret", "acme/main files: the folder at http://127.0.0.1:1/x: the connection failed "
                                                      "(ClientConnectorError), 6 times in a row."),
])
def test_a_folder_that_cannot_be_read_is_a_sentence_without_secrets(tmp_path, folder, sentence):
    (tmp_path / "a.csv").write_text("1", encoding="utf-8")
    with pytest.raises(VendorError) as refused:
        names(folder.format(root=tmp_path))
    assert str(refused.value).startswith(sentence.format(root=tmp_path))
    assert "secret" not in str(refused.value)
