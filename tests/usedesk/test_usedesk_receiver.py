"""Webhooks over real HTTP: into the receiver, onto the disk, and from there into the lake."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
import uvicorn
from desk_nights import landed, night, payloads
from desk_world import hand_made

from ingestion.usedesk.receiver import append, receiver
from sandbox.usedesk.ratings import webhook


@pytest.fixture
def inbox(desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of ratings, empty, named in the settings."""
    folder = tmp_path / "ratings"
    folder.mkdir()
    monkeypatch.setenv("SOURCES__USEDESK__RATINGS_FOLDER", str(folder))
    return folder


@pytest.fixture
def url(inbox: Path) -> Iterator[str]:
    """The receiver's address."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(receiver(inbox, secret=lambda: "sandbox-usedesk-token"), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/usedesk"
    server.should_exit = True
    thread.join(timeout=10)
    listening.close()


def test_ratings_that_are_posted_are_loaded_once(desk, inbox, url):
    bodies = [webhook(row) for row in hand_made().rows("ticket_ratings") if row["comes_by"] == "webhook"]
    # UseDesk repeats a webhook that it thinks unheard.
    for body in [*bodies, bodies[0]]:
        answer = requests.post(url, json=body, timeout=10)
        assert (answer.status_code, answer.json()) == (200, {"status": "kept"})
    [file] = inbox.iterdir()
    assert file.name == "ratings-2026-10-31.jsonl"
    assert [json.loads(line) for line in file.read_text().splitlines()] == [
        {**{name: value for name, value in body.items() if name != "secret"}, "received_at": "2026-10-31T23:00:00+00:00"}
        for body in [*bodies, bodies[0]]]
    assert night().documents["ratings"] == 4
    assert len(landed("ratings")) == 3
    assert "ratings" not in night().documents
    requests.post(url, json={**bodies[0], "rating": "1"}, timeout=10)
    with file.open("a") as torn:
        torn.write('{"ticket_id": "9')
    third = night()
    # Half a line is nobody's yet; the whole one before it came, and nothing twice.
    assert third.documents == {"ratings": 1}
    assert [each["rating"] for each in landed("ratings", third.load_ids[-1]).values()] == ["1"]


def test_a_file_that_was_written_anew_is_read_anew(desk, inbox):
    file = inbox / "ratings-2026-10-31.jsonl"
    file.write_text('{"ticket_id": "1", "rating": "5"}\n{"ticket_id": "2", "rating": "5"}\n')
    assert night().documents["ratings"] == 2
    file.write_text('{"ticket_id": "3", "rating": "5"}\n{"ticket_id": "4", "rating": "5"}\nno JSON\n')
    assert night().documents == {"ratings": 3}


def test_a_line_without_its_end_is_taken_once_it_is_whole(desk, inbox):
    file = inbox / "ratings-2026-10-31.jsonl"
    file.write_text('{"ticket_id": "1"}\n{"ticket_id": "2"}')
    assert night().documents["ratings"] == 2
    assert "ratings" not in night().documents
    with file.open("a") as more:
        more.write('\n{"ticket_id": "3')
    assert "ratings" not in night().documents
    # The same half a line a night later: whoever wrote it is dead.
    assert (night().documents, night().documents) == ({"ratings": 1}, {})
    with file.open("a") as more:
        more.write('"}\n')
    assert night().documents == {"ratings": 1}


def test_a_correction_of_the_same_size_is_seen(desk, inbox):
    file = inbox / "ratings-2026-10-31.jsonl"
    file.write_text('{"ticket_id": "1", "rating": "5"}\n')
    night()
    file.write_text('{"ticket_id": "1", "rating": "1"}\n')
    assert night().documents == {"ratings": 1}


def test_a_secret_that_another_receiver_kept_does_not_reach_the_lake(desk, inbox):
    lines = ['{"secret": "s3cr3t", "ticket_id": "1", "data": [{"Token": "s3cr3t", "rating": 5}]}',
             '{"ticket_id": "2", "comment": "secret"}', '{"ticket_id": "3", "token":"s3cr3t\\"s3cr3t", "rating": ',
             '{"ticket_id": "4", "secret": "s3cr3t']
    (inbox / "ratings.jsonl").write_text("\n".join(lines) + "\n")
    assert night().documents["ratings"] == 4
    assert sorted(payloads()) == ['{"ticket_id": "1", "data": [{"rating": 5}]}', '{"ticket_id": "2", "comment": "secret"}',
                                  '{"ticket_id": "3", "token":"", "rating":', '{"ticket_id": "4", "secret": ""']


REFUSED = [
    (b"rating=5", 400, "the body is no JSON; tick \u00abJSON request\u00bb in the API channel"),
    (b"[1]", 400, "the body is no JSON object"),
    (b'{"secret": "sandbox-usedesk-token", "rating": ', 400, "the body is no JSON; tick \u00abJSON request\u00bb in the API channel"),
    (b'{"rating": "5"}', 403, "the secret is missing or wrong"),
    (b'{"secret": "sandbox-usedesk-tokem", "rating": "5"}', 403, "the secret is missing or wrong"),
    (b'{"secret": "' + b"x" * 1_000_000 + b'"}', 413, "a webhook has at most 1000000 bytes"),
]


def test_what_is_no_webhook_is_refused_and_leaves_nothing(inbox, url):
    for body, status, error in REFUSED:
        answer = requests.post(url, data=body, timeout=10)
        assert (answer.status_code, answer.json()) == (status, {"error": error, "code": status})
    assert list(inbox.iterdir()) == []


def test_many_at_once_are_whole_lines_and_half_a_line_stays_alone(desk, inbox, url):
    (inbox / "ratings-2026-10-31.jsonl").write_text('{"half": ')

    def post(number: int) -> int:
        body = {"secret": "sandbox-usedesk-token", "ticket_id": str(number), "comment": "ж" * 3000}
        return requests.post(url, json=body, timeout=30).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(40)))
    assert answers == [200] * 40
    first, *lines = (inbox / "ratings-2026-10-31.jsonl").read_text().splitlines()
    assert first == '{"half": '
    assert {json.loads(line)["ticket_id"] for line in lines} == {str(number) for number in range(40)}


def test_a_full_disk_leaves_no_half_line(desk, inbox, monkeypatch):
    append(inbox, {"ticket_id": "1"})
    before = (inbox / "ratings-2026-10-31.jsonl").read_bytes()
    import os

    written = os.write
    monkeypatch.setattr(os, "write", lambda handle, line: written(handle, line[:5]))
    with pytest.raises(OSError, match="the disk is full"):
        append(inbox, {"ticket_id": "2"})
    assert (inbox / "ratings-2026-10-31.jsonl").read_bytes() == before


def test_no_folder_of_ratings_is_no_ratings(desk, monkeypatch):
    monkeypatch.delenv("SOURCES__USEDESK__RATINGS_FOLDER")
    report = night()
    assert (report.error, "ratings" in report.documents) == ("", False)
