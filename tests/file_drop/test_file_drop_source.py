"""Nights over a local folder and an object store: what is loaded once, replaced, kept, refused and mended."""

import os

import pytest
import s3fs
from drop_nights import landed, payload
from moto.server import ThreadedMotoServer

from ingestion.accounts import Account, SettingError
from ingestion.file_drop import VENDOR
from ingestion.file_drop.source import dialect_of

HEADER = "cost_on,channel,cost\n"


def costs(*rows: str) -> str:
    return HEADER + "".join(f"2026-10-{row}\n" for row in rows)


def test_a_file_is_loaded_once_and_a_changed_one_replaces_its_rows(drop):
    drop.write("channel_costs/a.csv", costs("01,sms,1", "02,sms,2", "03,sms,3"))
    drop.write("channel_costs/2025/b.csv", costs("04,sms,4"))
    drop.write("channel_costs/2025/b again.csv", costs("04,sms,4"))
    drop.write("channel_costs/_b.csv", "unfinished")
    assert drop.night().documents == {"channel_costs": 4, "settings": 1}
    assert payload("channel_costs", "channel_costs/a.csv:2")["row"] == {"cost_on": "2026-10-02", "channel": "sms", "cost": "2"}
    assert (drop.night().documents, drop.night().documents) == ({}, {})
    # Two rows stay of a, its third is deleted; b's content has another name now, and its second copy is gone.
    (drop.root / "channel_costs/2025/b again.csv").unlink()
    drop.write("channel_costs/a.csv", costs("01,sms,1", "02,sms,20"))
    (drop.root / "channel_costs/2025/b.csv").rename(drop.root / "channel_costs/c.csv")
    drop.write("channel_costs/d.csv", costs("05,sms,5"))
    assert drop.night().documents == {"channel_costs": 4}
    assert landed("channel_costs")[4:] == [("channel_costs/a.csv:1", "upsert"), ("channel_costs/a.csv:2", "upsert"),
                                           ("channel_costs/d.csv:1", "upsert"), ("channel_costs/a.csv:3", "delete")]
    # d is emptied on purpose, a is gone to an archive: d's row is deleted, a's rows stay.
    drop.write("channel_costs/d.csv", "")
    (drop.root / "channel_costs/a.csv").unlink()
    assert drop.night().documents == {"channel_costs": 1}
    assert landed("channel_costs")[8:] == [("channel_costs/d.csv:1", "delete")]
    # A name that is used again for other rows gives way, and the copy of its old content is loaded in its stead.
    drop.write("channel_costs/2025/b.csv", costs("09,sms,9"))
    assert drop.night().documents == {"channel_costs": 2}
    assert landed("channel_costs")[9:] == [("channel_costs/2025/b.csv:1", "upsert"), ("channel_costs/c.csv:1", "upsert")]
    assert drop.night().documents == {}


def test_a_broken_file_is_refused_whole_and_stops_no_other_and_is_mended(drop):
    drop.write("channel_costs/a.csv", costs("01,sms,1", "02,sms,2"))
    drop.write("channel_costs/b.csv", costs("03,sms,3"))
    drop.night()
    drop.write("channel_costs/a.csv", costs("01,sms,1", "02,sms,2", "03,sms,many"))
    drop.write("channel_costs/c.csv", costs("04,sms,4"))
    drop.write("channel_costs/d.xlsx", "a workbook")
    report = drop.night()
    assert (report.succeeded, report.documents) == (True, {"channel_costs": 3})
    assert payload("channel_costs", "channel_costs/a.csv") == {
        "file": "channel_costs/a.csv", "line": 4, "column": "cost", "text": "2026-10-03,sms,many",
        "refusal": "cost: the value in line 4 is no number (a number of money is expected). No row of the file was loaded."}
    assert drop.night().documents == {}, "the same break is told once"
    # Mended with a new content: the document of the break is withdrawn.
    drop.write("channel_costs/a.csv", costs("01,sms,1", "02,sms,2", "03,sms,3"))
    assert drop.night().documents == {"channel_costs": 4}
    assert ("channel_costs/a.csv", "delete") in landed("channel_costs")
    # Broken and taken back to the old content; a broken file that is taken away.
    drop.write("channel_costs/b.csv", "no,header\n")
    (drop.root / "channel_costs/d.xlsx").unlink()
    assert drop.night().documents == {"channel_costs": 2}
    drop.write("channel_costs/b.csv", costs("03,sms,3"))
    assert drop.night().documents == {"channel_costs": 1}
    assert landed("channel_costs")[-3:] == [("channel_costs/b.csv", "upsert"), ("channel_costs/d.xlsx", "delete"),
                                            ("channel_costs/b.csv", "delete")]
    assert drop.night().documents == {}


def test_a_setting_that_was_mended_reads_the_file_again(drop, monkeypatch):
    drop.write("promotions/p.csv", "promotion_id;name;starts_on\n1;Осень;01.10.2026\n".encode("cp1251"))
    assert drop.night().documents == {"promotions": 1, "settings": 1}
    assert payload("promotions", "promotions/p.csv")["text"] == "1;\\xce\\xf1\\xe5\\xed\\xfc;01.10.2026"
    monkeypatch.setenv("SOURCES__FILE_DROP__ENCODING", "cp1251")
    monkeypatch.setenv("SOURCES__FILE_DROP__TIMEZONE", "Asia/Omsk")
    assert drop.night().documents == {"promotions": 2, "settings": 1}
    assert payload("promotions", "promotions/p.csv:1")["row"]["name"] == "Осень"


def test_a_folder_that_cannot_be_right_is_an_error_and_loses_nothing(drop, monkeypatch):
    drop.write("channel_costs/a.csv", costs("01,sms,1"))
    drop.night()
    (drop.root / "channel_costs/a.csv").unlink()
    report = drop.night()
    assert report.error.startswith("file_drop/main: the folder is empty, and it held files before. Nothing was loaded")
    monkeypatch.setenv("SOURCES__FILE_DROP__FOLDER", str(drop.root / "nowhere"))
    assert "nowhere does not exist. Nothing was loaded" in drop.night().error
    assert landed("channel_costs") == [("channel_costs/a.csv:1", "upsert")]


def test_a_file_that_nobody_would_read_is_told_once_and_withdrawn_when_it_is_moved(drop):
    drop.write("Channel_Costs/a.csv", costs("01,sms,1"))
    drop.write("channel_costs.csv", costs("02,sms,2"))
    drop.write("loyalty/x.parquet", "of no dataset")
    drop.write("README.txt", "how to")
    assert drop.night().documents == {"channel_costs": 1, "settings": 1, "strays": 2}
    assert payload("channel_costs", "Channel_Costs/a.csv:1")["row"]["cost"] == "1"
    assert payload("strays", "channel_costs.csv")["refusal"].startswith("file: it lies in no folder of a dataset (channel_costs, survey_")
    (drop.root / "channel_costs.csv").rename(drop.root / "Channel_Costs/b.csv")
    # A name that is no UTF-8, as old archivers leave it, and a time that has not come yet.
    odd = drop.write(os.fsdecode(b"Channel_Costs/\xea\xe0.csv"), costs("03,sms,3"))
    os.utime(odd, (4_000_000_000, 4_000_000_000))
    report = drop.night()
    assert (report.error, report.documents) == ("", {"channel_costs": 2, "strays": 1})
    assert payload("channel_costs", "Channel_Costs/\\xea\\xe0.csv:1")["modified_at"] == "2026-11-02T09:00:00.000000+00:00"
    assert landed("strays")[-1] == ("channel_costs.csv", "delete")
    assert drop.night().documents == {}


@pytest.mark.parametrize(("setting", "value"), [("DECIMAL", "dot"), ("ENCODING", "utf-16"), ("ENCODING", "klingon"), ("DELIMITER", "||")])
def test_a_setting_that_makes_no_sense_is_told(monkeypatch, setting, value):
    monkeypatch.setenv(f"SOURCES__FILE_DROP__{setting}", value)
    with pytest.raises(SettingError, match=f"SOURCES__FILE_DROP__{setting} is '"):
        dialect_of(Account("file_drop"))


def test_an_object_store_is_a_folder(drop, monkeypatch):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        options = f'{{"endpoint_url": "http://{host}:{port}", "key": "k", "secret": "s"}}'
        bucket = s3fs.S3FileSystem(endpoint_url=f"http://{host}:{port}", key="k", secret="s", skip_instance_cache=True)
        bucket.mkdir("retail")
        bucket.pipe({"retail/drop/channel_costs/a.csv": costs("01,sms,1").encode(),
                     "retail/drop/channel_costs/2026/осень.csv": costs("02,sms,2").encode()})
        monkeypatch.setenv("SOURCES__FILE_DROP__FOLDER", "s3://retail/drop")
        monkeypatch.setenv("SOURCES__FILE_DROP__STORAGE_OPTIONS", options)
        assert drop.night().documents == {"channel_costs": 2, "settings": 1}
        assert drop.night().documents == {}
        bucket.pipe("retail/drop/channel_costs/a.csv", costs("01,sms,5").encode())
        assert drop.night().documents == {"channel_costs": 1}
        assert payload("channel_costs", "channel_costs/a.csv:1")["row"]["cost"] == "5"
        monkeypatch.setenv("SOURCES__FILE_DROP__FOLDER", "s3://retail/nothing")
        assert "s3://retail/nothing does not exist" in drop.night().error
    finally:
        server.stop()


def test_two_accounts_keep_their_files_apart(drop, monkeypatch, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("SOURCES__FILE_DROP__SECOND__FOLDER", str(other))
    assert [account.name for account in VENDOR.accounts()] == ["main", "second"]
