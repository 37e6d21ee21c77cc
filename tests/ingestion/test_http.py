"""The conversation: faults that pass are waited for, those that do not become a sentence, and no secret stands in it."""

import contextlib
import gzip
import logging
import socket
import threading
import time
import traceback
import tracemalloc
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from ingestion.accounts import Account
from ingestion.http import Http, Transient, VendorError
from ingestion.waits import standard_retry_after
from sandbox.faults import Fault, Faults
from sandbox.faulty import FaultyTransport

ACME = Account("acme")


class _Switches:
    def __init__(self) -> None:
        self.faults, self.requests, self.seen = Faults(), {"acme": 0}, []
        self.body, self.headers = b'{"orders":[{"id":1},{"id":2}]}', {}


@pytest.fixture
def acme(monkeypatch):
    """A one-path vendor on loopback behind the sandbox's faulty transport."""
    switches = _Switches()

    def orders(request):
        switches.seen.append(dict(request.headers))
        return Response(switches.body, media_type="application/json", headers=switches.headers)

    app = FaultyTransport(Starlette(routes=[Route("/acme/orders", orders)]), switches)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    monkeypatch.setenv("SOURCES__ACME__RETRY_PAUSE_SECONDS", "0.01")
    switches.url = f"http://127.0.0.1:{listening.getsockname()[1]}/acme"
    with contextlib.ExitStack() as stack:
        stack.callback(thread.join, 10)
        stack.callback(setattr, server, "should_exit", True)
        yield switches


def http(acme, **options):
    return Http(ACME, base_url=acme.url, headers=lambda: {"X-API-KEY": "planted-secret"}, requests_per_second=100, **options)


def test_what_is_private_in_a_path_and_any_word_of_the_answer_stand_in_no_error_or_log_line(acme, caplog):
    caplog.set_level(logging.DEBUG)
    card = "290000000017"
    echo = f'{{"path":"/users/{card}/info","message":"Anna, +7 (916) 000-00-01"}}'
    acme.faults.plant(Fault("acme", status=503, body=echo))
    acme.faults.plant(Fault("acme", status=403, body=echo))
    with pytest.raises(VendorError) as refused:
        http(acme).get(f"users/{card}/info?x=1", resource="users", private=(card, card[-10:]))
    assert str(refused.value).startswith(
        f'acme/main: GET {acme.url}/users/…/info answered 403 with application/json. This is not retried')
    assert "GET /acme/users/…/info?… HTTP/1.1" in caplog.text
    assert "acme/main users: answered 503 with application/json; asked again" in caplog.text
    assert [one for one in (card[-10:], "Anna", "000-00-01") if one in caplog.text + str(refused.value)] == []


@pytest.mark.parametrize("fault", [
    Fault("acme", kind="status", status=503),
    Fault("acme", kind="status", status=500),
    Fault("acme", kind="status", status=408),
    Fault("acme", kind="status", status=429, headers={"Retry-After": "0"}),
    Fault("acme", kind="html"),
    Fault("acme", kind="empty"),
    Fault("acme", kind="truncated"),
    Fault("acme", kind="truncated_without_length"),
    Fault("acme", kind="reset"),
], ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_a_fault_that_passes_is_retried(acme, fault):
    acme.faults.plant(fault)
    answer = http(acme).get("orders", resource="orders")
    assert answer.json() == {"orders": [{"id": 1}, {"id": 2}]}
    assert acme.faults.met == 1
    assert acme.requests["acme"] == 2


@pytest.mark.parametrize(("fault", "words"), [
    (Fault("acme", kind="status", status=503, times=99), "answered 503"),
    (Fault("acme", kind="html", times=99), "text/html; charset=utf-8 that is not JSON"),
    (Fault("acme", kind="truncated_without_length", times=99), "broke off after 15 bytes"),
    (Fault("acme", kind="reset", times=99), "the connection failed"),
], ids=["503", "html", "truncated", "reset"])
def test_a_fault_that_stays_becomes_a_sentence(acme, fault, words):
    acme.faults.plant(fault)
    with pytest.raises(VendorError) as failed:
        http(acme, attempts=3).get("orders", resource="orders")
    assert str(failed.value).startswith("acme/main orders: ")
    assert words in str(failed.value)
    assert "3 times in a row" in str(failed.value)
    assert "planted-secret" not in str(failed.value)
    assert acme.requests["acme"] == 3


def test_a_refusal_is_not_retried(acme):
    acme.faults.plant(Fault("acme", status=403, body='{"errorMsg":"Wrong \\"apiKey\\" value."}'))
    with pytest.raises(VendorError, match=r"answered 403 .*Wrong .*check the credentials"):
        http(acme).get("orders", resource="orders", params={"apiKey": "planted-secret"})
    assert acme.requests["acme"] == 1


def test_a_secret_with_two_spaces_is_known_before_an_answer_is_put_on_one_line(acme, monkeypatch):
    monkeypatch.setenv("SOURCES__ACME__PASSWORD", "correct  horse")
    acme.faults.plant(Fault("acme", status=403, body="wrong:\n\n  correct  horse"))
    with pytest.raises(VendorError, match=r"answered 403 wrong: …\. This"):
        http(acme).get("orders", resource="orders")


def test_the_vendors_own_pause_is_kept_and_an_absurd_one_is_capped(acme, monkeypatch):
    pauses = []
    monkeypatch.setattr("tenacity.nap.time.sleep", pauses.append)
    acme.faults.plant(Fault("acme", status=429, headers={"X-Own-Retry-After": "250"}))
    acme.faults.plant(Fault("acme", status=429, headers={"Retry-After": "86400"}))
    http(acme, retry_after=lambda response: float(own) / 1000 if (own := response.headers.get("X-Own-Retry-After")) else None).get(
        "orders", resource="orders")
    assert pauses == [0.25, 120.0]


def test_the_judge_may_call_a_whole_answer_wrong(acme):
    judged = []

    def judge(answer):
        judged.append(answer.status)
        if len(judged) < 3:
            raise Transient("the page repeats the one before")

    http(acme, judge=judge).get("orders", resource="orders")
    assert judged == [200, 200, 200]


def test_credentials_go_to_the_vendor_and_to_nobody_else(acme):
    elsewhere = acme.url
    conversation = Http(ACME, base_url="http://127.0.0.1:9/other", headers=lambda: {"X-API-KEY": "planted-secret"})
    conversation.get(f"{elsewhere}/orders", resource="files")
    http(acme).get("orders", resource="orders")
    assert ["x-api-key" in headers for headers in acme.seen] == [False, True]


def test_retry_after_is_read_as_seconds_and_as_a_date():
    assert standard_retry_after("17") == 17.0
    assert standard_retry_after("soon") is None
    assert standard_retry_after(None) is None
    assert standard_retry_after(format_datetime(datetime.now(UTC) - timedelta(hours=1))) == 0.0
    assert [standard_retry_after(odd) for odd in ("²", "-5", "nan", "9" * 400, str(10**9), "Mon, 01 Jan 99999 00:00:00 GMT")] == [None] * 6
    assert 25 < standard_retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=30))) <= 30


def test_a_date_to_ask_again_at_is_by_the_vendors_own_clock():
    slow = datetime.now(UTC) - timedelta(minutes=5)
    again = format_datetime(slow + timedelta(seconds=40))
    assert standard_retry_after(again, now=format_datetime(slow)) == 40.0
    assert standard_retry_after(again, now="half past five") == 0.0
    assert standard_retry_after(again.replace("+0000", "-0000"), now=format_datetime(slow)) is None


@pytest.mark.parametrize("told", [{"Retry-After": "0"}, {"Retry-After": format_datetime(datetime(2020, 1, 1, tzinfo=UTC))}])
def test_who_names_no_time_to_wait_is_not_asked_six_times_at_once(acme, monkeypatch, told):
    pauses = []
    monkeypatch.setattr("tenacity.nap.time.sleep", pauses.append)
    acme.faults.plant(Fault("acme", status=429, headers=told, times=5))
    http(acme, first_pause=2.0).get("orders", resource="orders")
    assert len(pauses) == 5
    assert min(pauses) >= 2.0
    assert sum(pauses) > 2 + 4 + 8 + 16


def test_an_answer_that_drips_is_given_up_although_no_read_ever_times_out(acme, monkeypatch):
    monkeypatch.setattr("ingestion.http.LONGEST_ANSWER", 0.05)
    monkeypatch.setattr("ingestion.http.SLOWEST_PACE", 10**6)
    acme.faults.plant(Fault("acme", kind="drip", seconds=0.02, times=2))
    with pytest.raises(VendorError, match="the answer came so slowly that it was given up after 0 s, 2 times in a row"):
        http(acme, attempts=2).get("orders", resource="orders")
    assert http(acme).get("orders", resource="orders").json() == {"orders": [{"id": 1}, {"id": 2}]}


@pytest.mark.parametrize("head", [
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nno header\r\nContent-Length: 2", "HTTP/1.1 200 O\r\n:"],
    ids=["a line that is none", "no name"])
def test_headers_that_cannot_be_read_pass_and_no_key_in_the_query_is_told(monkeypatch, caplog, head):
    """What urllib3 warns of with the whole address, and believes."""
    caplog.set_level(logging.DEBUG)
    secret = {"key": "planted-secret"}
    monkeypatch.setenv("SOURCES__ACME__RETRY_PAUSE_SECONDS", "0.01")
    answers = [head, head, "HTTP/1.1 400 Bad\r\nContent-Length: 45"]
    bodies = ["[]", "[]", "{'error': '/orders?key=planted-secret&a=1'}  "]

    def serve(listening):
        for first, body in zip(answers, bodies, strict=True):
            connection, _ = listening.accept()
            connection.recv(65536)
            connection.sendall(f"{first}\r\nConnection: close\r\n\r\n{body}".encode())
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        conversation = Http(ACME, base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", requests_per_second=100)
        with pytest.raises(VendorError, match=r"answered 400 \{'error': '/orders\?…'\}") as refused:
            conversation.get("orders", resource="orders", params=secret)
        thread.join(10)
    with pytest.raises(VendorError, match="the connection failed") as failed:
        Http(ACME, base_url="http://127.0.0.1:9", attempts=2).get("orders", resource="orders", params=secret)
    told = "".join(text for error in (refused.value, failed.value) for text in traceback.TracebackException.from_exception(error).format())
    assert "planted-secret" not in told
    assert "planted-secret" not in caplog.text
    assert caplog.text.count("acme/main orders: answered with headers that cannot be read; asked again") == 2
    assert "GET /orders?… HTTP/1.1" in caplog.text  # urllib3's own words, without the query


@pytest.mark.parametrize("is_packed", [True, False])
def test_an_answer_that_unpacks_to_more_than_it_may_is_refused_while_it_comes(acme, monkeypatch, is_packed):
    monkeypatch.setenv("SOURCES__ACME__LARGEST_ANSWER_MB", "3")
    acme.body = b'{"orders":["' + b"0" * (100 << 20 if is_packed else 4 << 20) + b'"]}'
    if is_packed:
        acme.body, acme.headers = gzip.compress(acme.body, 1), {"Content-Encoding": "gzip"}
    tracemalloc.start()
    with pytest.raises(VendorError, match=r"acme/main: an answer to \S+/acme/orders came to more than 3 MB unpacked.*LARGEST_ANSWER_MB"):
        http(acme).get("/orders", resource="orders")
    assert tracemalloc.get_traced_memory()[1] < 40 << 20
    tracemalloc.stop()
    assert len(acme.seen) == 1


@pytest.mark.parametrize("body", [b'{"orders":[' + b"{}," * 40_000 + b"{}]}", b"[" + b"1," * 6_000_000 + b"1]"],
                         ids=["empty records", "numbers"])
def test_an_answer_of_more_records_than_fit_into_memory_is_refused(acme, monkeypatch, body):
    monkeypatch.setenv("SOURCES__ACME__LARGEST_ANSWER_MB", "3" if len(body) < 1 << 20 else "64")
    acme.body, acme.headers = gzip.compress(body, 1), {"Content-Encoding": "gzip"}
    with pytest.raises(VendorError, match=r"an answer to \S+/acme/orders came to more than \d+ MB unpacked, or to as many records"):
        http(acme).get("/orders", resource="orders")
    assert len(acme.seen) == 1
