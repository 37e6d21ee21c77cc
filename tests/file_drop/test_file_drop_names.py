"""Names that are made to break something, and files that are none: each is read under its name or told, and leads nowhere else."""

import json
import logging
import os

from drop_nights import landed, payload

COSTS = "cost_on,channel,cost\n2026-10-{day:02d},sms,{day}\n"
NAMES = ("it's.csv", 'a"b.csv', "new\nline.csv", "-rf.csv", "{{ 1 }}{% x %}.csv", "x'; drop table costs; --.csv",
         "\x1b[2J\x1b]0;owned\x07.csv", "\u202efdp.csv", "=cmd|' C calc'!A0.csv", "a" * 251 + ".csv",
         "%2e%2e%2fetc%2fpasswd.csv", "$(id).csv", "`id`.csv", "<b>x.csv")


def test_a_file_is_read_under_whatever_name(drop):
    for day, name in enumerate(NAMES, start=1):
        drop.write(f"channel_costs/{name}", COSTS.format(day=day))
    assert drop.night().documents == {"channel_costs": len(NAMES), "settings": 1}
    assert sorted(landed("channel_costs")) == sorted((f"channel_costs/{name}:1", "upsert") for name in NAMES)
    told = payload("channel_costs", f"channel_costs/{NAMES[5]}:1")
    assert (told["file"], told["row"]["cost"]) == (f"channel_costs/{NAMES[5]}", "6")
    assert drop.night().documents == {}


def test_what_leads_out_of_the_folder_or_never_ends_is_not_read(drop, tmp_path, caplog):
    (tmp_path / "secrets.toml").write_text("token = 'of-somebody'\n", encoding="utf-8")
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "theirs.csv").write_text(COSTS.format(day=9), encoding="utf-8")
    drop.write("channel_costs/a.csv", COSTS.format(day=1))
    costs = drop.root / "channel_costs"
    for name, target in {"secrets.csv": tmp_path / "secrets.toml", "zero.csv": "/dev/zero", "none.csv": "nowhere", "up": "..",
                         "theirs": tmp_path / "others", "loop.csv": "loop.csv"}.items():
        (costs / name).symlink_to(target)
    os.mkfifo(costs / "pipe.csv")
    (costs / "same.csv").symlink_to("a.csv")
    caplog.set_level(logging.WARNING)
    assert drop.night().documents == {"channel_costs": 1, "settings": 1}
    assert landed("channel_costs") == [("channel_costs/a.csv:1", "upsert")]
    told = {message.partition(" is no file of the folder's own")[0] for message in caplog.messages}
    assert {f"file_drop/main: channel_costs/{name}.csv" for name in ("secrets", "zero", "pipe", "none", "loop")} <= told
    assert "of-somebody" not in json.dumps(caplog.messages)


def test_a_file_that_becomes_a_link_after_it_was_listed_is_not_followed(drop, tmp_path):
    from ingestion.files import Vanished, listed

    path = drop.write("channel_costs/a.csv", COSTS.format(day=1))
    (file,) = listed(str(drop.root), suffixes=(".csv",), who="file_drop/main")
    path.unlink()
    path.symlink_to("/etc/passwd")
    for read in (file.read, lambda: file.digest, lambda: file.copy_to(tmp_path / "copy")):
        try:
            read()
        except Vanished:
            continue
        raise AssertionError("it was followed")
