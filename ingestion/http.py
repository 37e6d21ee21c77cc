"""A patient, polite conversation with a vendor over HTTP.

request -> rate limit -> answer judged whole -> bytes. What dlt's own client lets through is treated as a fault here: 408, an HTML page with
status 200, a body cut short or without end, headers that cannot be read. A fault is retried with pauses; the last one becomes a sentence.

Some vendors want their key in the query, and the libraries below print and raise addresses whole. So their records pass `_NoQueries`, no
exception of theirs hangs on ours, and what a vendor echoes is told without its query. A vendor that wants a card or a phone in the path is
asked with `private`: while that request is under way these texts stand in no log line or error either, and no word of an answer does, since
a vendor may echo the person's name, mail or the same phone spelled in another way.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import requests
import tenacity
from pyrate_limiter import Duration, Limiter, Rate
from urllib3.exceptions import HeaderParsingError, HTTPError
from urllib3.util.response import assert_header_parsing

from ingestion import byte_order, clock, links, unpacking
from ingestion.accounts import Account
from ingestion.redaction import guard_logs, keep_out, printable, redact
from ingestion.waits import standard_retry_after

log = logging.getLogger(__name__)
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
LONGEST_PAUSE = 120.0
# An answer may take so many seconds, and one more for each so many bytes: a read timeout alone never ends one that drips.
LONGEST_ANSWER, SLOWEST_PACE, PIECE = 600.0, 16 << 10, 1 << 16
LARGEST_ANSWER_MB = 1024.0  # unpacked; what is larger is no answer, and would take the machine's memory with it
MEDIA_TYPE = re.compile(r"no content type|[a-z]+/[a-z.+-]+(; ?charset=[\w-]+)?", re.IGNORECASE)
QUERY = re.compile(r"""\?[^\s"'<>?]*=[^\s"'<>]*""")
# Who below us writes addresses, each by its full name: a filter holds for its own logger only.
TALKERS = ("urllib3.connection", "urllib3.connectionpool", "urllib3.poolmanager", "urllib3.response", "urllib3.util.retry", "requests",
           "fsspec", "fsspec.http", "aiohttp.client", "aiohttp.internal")


_private: ContextVar[tuple[str, ...]] = ContextVar("private", default=())


class _NoQueries(logging.Filter):
    """Lets a record pass without the query of any address in it and what is private, and without its traceback, which may hold them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_queries(record.getMessage()), ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def without_queries(text: str) -> str:
    """The text with `?…` for the query of every address, since a key may stand there, and `…` for what the request holds private and for
    every secret: cut it afterwards only, since half a key is still half of one."""
    for told in _private.get():
        text = text.replace(told, "…")
    return QUERY.sub("?…", redact(text))


guard_logs()
for _talker in TALKERS:
    logging.getLogger(_talker).addFilter(_NoQueries())


class VendorError(Exception):
    """A vendor could not be read; the text is a sentence with vendor, account, resource and what happened, and neither a secret of ours
    that the vendor may have quoted nor a sign that a screen obeys."""

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(redact(sentence)))


class Transient(Exception):
    """A fault that may pass. `pause` is what the vendor asked us to wait, in seconds."""

    def __init__(self, sentence: str, *, pause: float | None = None) -> None:
        super().__init__(printable(redact(sentence)))
        self.pause = pause


@dataclass(frozen=True)
class Answer:
    """A whole answer. asked_at is when it was asked for (aware UTC): the version of every document in it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    asked_at: datetime

    def json(self) -> Any:
        """The body decoded. Raises msgspec.DecodeError."""
        return msgspec.json.decode(self.body)


@dataclass(frozen=True)
class Heard:
    """An answer as it came, its body whole."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


class Http:
    """A conversation with one account of a vendor; thread-safe as far as requests.Session is.

    headers: called for each request, so that a secret is read when it is used. requests_per_second: our own polite rate.
    retry_after: what the vendor's own header asks, in seconds, where it is not the standard one. judge: may raise Transient or VendorError
    for an answer that is well-formed and yet wrong; it is called with every status below 500 other than 408 and 429. An answer larger
    than the setting `largest_answer_mb`, unpacked, is refused while it comes.
    """

    def __init__(self, account: Account, *, base_url: str, headers: Callable[[], dict[str, str]] = dict,
                 requests_per_second: float = 10.0, attempts: int = 6, timeout: tuple[float, float] = (10.0, 120.0),
                 first_pause: float | None = None, retry_after: Callable[[Heard], float | None] | None = None,
                 judge: Callable[[Answer], None] | None = None, retried: frozenset[int] = RETRIED) -> None:
        self._account, self._base_url, self._headers = account, base_url.rstrip("/"), headers
        self._attempts, self._timeout, self._retried = attempts, timeout, retried
        self._first_pause = account.number("retry_pause_seconds", 1.0) if first_pause is None else first_pause
        self._retry_after, self._judge = retry_after, judge
        self.largest = int(account.number("largest_answer_mb", LARGEST_ANSWER_MB) * (1 << 20))
        self._limiter = _limiter(requests_per_second)
        self._home = self._base_url or account.setting("base_url", "")
        self._session, self._links = requests.Session(), links.session(self._home)

    def get(self, path: str, *, resource: str, params: Any = None, headers: dict[str, str] | None = None, whole: str = "json",
            private: Sequence[str] = ()) -> Answer:
        """GET base_url + path (or an absolute URL, to which no credentials are sent). `whole`: "json" or "bytes"; `private`: spellings of
        what the path holds and nobody may read; no word of the answer is quoted either. Raises VendorError."""
        mark = _private.set(tuple(sorted(filter(None, private), key=len, reverse=True)))
        try:
            return self._ask("GET", path, resource=resource, whole=whole, params=params, headers=headers)
        finally:
            _private.reset(mark)

    def post(self, path: str, *, resource: str, json: Any = None, params: Any = None, data: Any = None,
             headers: dict[str, str] | None = None, whole: str = "json") -> Answer:
        """POST, as `get`. Retried likewise, so only for calls that may be repeated. Raises VendorError."""
        return self._ask("POST", path, resource=resource, whole=whole, params=params, json=json, data=data, headers=headers)

    def who(self, resource: str) -> str:
        """`vendor/account resource`, the beginning of every sentence about this conversation."""
        return f"{self._account.vendor}/{self._account.name} {resource}"

    def _ask(self, method: str, path: str, *, resource: str, whole: str, headers: dict[str, str] | None = None, **request: Any) -> Answer:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._attempts), wait=self._pause, reraise=True,
            retry=tenacity.retry_if_exception_type(Transient),
            before_sleep=lambda state: log.warning(
                "%s: %s; asked again in %.1f s (attempt %d of %d).", self.who(resource), state.outcome.exception(),
                state.next_action.sleep, state.attempt_number, self._attempts),
        )
        try:
            return retrying(self._once, method, path, whole, headers, request)
        except Transient as error:
            raise VendorError(f"{self.who(resource)}: {error}, {self._attempts} times in a row. Nothing of this load was kept; "
                              "the data of the last finished load stays, and the next run catches up.") from error

    def _once(self, method: str, path: str, whole: str, headers: dict[str, str] | None, request: dict[str, Any]) -> Answer:
        url, foreign = self._address(path)
        sent = {**({} if foreign else self._headers()), **(headers or {})}
        self._limiter.try_acquire("request")
        asked_at = clock.now()
        response = self._sent(method, url, sent, request)
        if response.status_code in self._retried:
            raise Transient(f"answered {response.status_code} {_gist(response)}".rstrip(), pause=self._asked_pause(response))
        body = byte_order.of_json(response.content) if whole == "json" else byte_order.begun(response.content)
        answer = Answer(response.status_code, response.headers, body, asked_at)
        if 300 <= response.status_code < 400:
            raise VendorError(f"{self._account.vendor}/{self._account.name}: {method} {without_queries(_path_only(url))} answered "
                              f"{response.status_code} and sends elsewhere, where our credentials have no business. This is not retried: "
                              f"check {self._account.variable('base_url')}, e.g. https instead of http.")
        if whole == "json" and response.status_code < 400:
            _demand_json(answer)
        if self._judge is not None and not foreign:
            self._judge(answer)
        if response.status_code >= 400:
            raise VendorError(f"{self._account.vendor}/{self._account.name}: {method} {without_queries(_path_only(url))} answered "
                              f"{response.status_code} {_gist(response)}. This is not retried: check the credentials, the address "
                              "and the rights of the key.")
        return answer

    def _address(self, path: str) -> tuple[str, bool]:
        """The whole address, and whether it is another's, to whom no credentials go. A conversation without an address of its own is about
        links alone."""
        if self._base_url and "://" not in path.partition("?")[0]:
            return f"{self._base_url}/{path.lstrip('/')}", False
        if links.is_of(path, self._base_url):
            return path, False
        try:
            link = links.followed(path, home=self._home)
        except links.Unfollowable as refused:
            raise self._refused(path, refused) from None
        keep_out(self.who("link"), *links.signature(link))
        return link, bool(self._base_url)

    def _refused(self, link: str, why: links.Unfollowable) -> VendorError:
        return VendorError(f"{self._account.vendor}/{self._account.name}: a link to {without_queries(link)[:200]} was told and is not "
                           f"followed: {why}. Nothing of this load was kept.")

    def _sent(self, method: str, url: str, headers: dict[str, str], request: dict[str, Any]) -> Heard:
        """The vendor's answer, headers and body whole. Faults are raised outside of `except`, so that no address hangs on them."""
        fault, session = "", self._session if links.is_of(url, self._base_url) else self._links
        try:
            response = session.request(method, url, headers=headers, timeout=self._timeout, allow_redirects=False, stream=True,
                                             **request)
            # Where the headers break off, what follows is lost: the length of the body, how it is packed, what the limits are. urllib3 only
            # warns of it, and keeps what was parsed in a private place alone.
            if (parsed := getattr(response.raw, "_original_response", None)) is not None:
                assert_header_parsing(parsed.msg)
            with response:
                return Heard(response.status_code, response.headers, _body(response, self.largest))
        except links.Unfollowable as refused:
            raise self._refused(url, refused) from None
        except HeaderParsingError:
            fault = "answered with headers that cannot be read"
        except _Drips:
            fault = f"the answer came so slowly that it was given up after {LONGEST_ANSWER:.0f} s"
        except (requests.ConnectionError, requests.Timeout, HTTPError, OSError) as error:
            fault = f"the connection failed ({type(error).__name__})"
        except _TooLarge:
            raise VendorError(f"{self._account.vendor}/{self._account.name}: an answer to {without_queries(_path_only(url))} came to more "
                              f"than {self.largest / (1 << 20):g} MB unpacked, or to as many records, and was refused. Nothing of this "
                              f"load was kept. If it is meant so, raise {self._account.variable('largest_answer_mb')}.") from None
        raise Transient(fault)

    def _asked_pause(self, response: Heard) -> float | None:
        own = self._retry_after(response) if self._retry_after else None
        asked = own if own is not None else standard_retry_after(response.headers.get("Retry-After"), now=response.headers.get("Date"))
        # Asked again at once, six tries are over before any fault has passed: who names no time to wait leaves it to us.
        return asked or None

    def _pause(self, state: tenacity.RetryCallState) -> float:
        asked = getattr(state.outcome.exception(), "pause", None)
        grown = tenacity.wait_exponential_jitter(initial=self._first_pause, max=60, jitter=self._first_pause)(state)
        return min(asked if asked is not None else grown, LONGEST_PAUSE)


class _Drips(Exception):
    """The body comes too slowly."""


class _TooLarge(Exception):
    """The body goes on for too long."""


def _body(response: requests.Response, largest: int) -> bytes:
    """The whole body, unpacked, as it comes. Raises urllib3's errors, _Drips and _TooLarge."""
    begun, body = time.monotonic(), bytearray()
    while piece := response.raw.read1(PIECE, decode_content=True):
        body += piece
        if len(body) > largest:
            raise _TooLarge
        if time.monotonic() - begun > LONGEST_ANSWER + len(body) / SLOWEST_PACE:
            raise _Drips
    if unpacking.is_crowded(body, largest=largest):
        raise _TooLarge
    return bytes(body)


def _limiter(requests_per_second: float) -> Limiter:
    per_second = max(1, int(requests_per_second))
    if requests_per_second >= 1:
        return Limiter(Rate(per_second, Duration.SECOND))
    return Limiter(Rate(1, int(1000 / max(requests_per_second, 0.001))))


def _demand_json(answer: Answer) -> None:
    start = answer.body.lstrip()[:1]
    if start in (b"{", b"["):
        if answer.body.rstrip()[-1:] not in (b"}", b"]"):
            raise Transient(f"the answer broke off after {len(answer.body)} bytes")
        return
    raise Transient("the answer was empty" if not start else f"answered {answer.status} with {_kind(answer.headers)} that is not JSON")


def _kind(headers: Mapping[str, str]) -> str:
    """The content type; where the conversation is private, only if it is one."""
    told = headers.get("Content-Type", "no content type")
    return told if not _private.get() or MEDIA_TYPE.fullmatch(told) else "an odd content type"


def _gist(response: Heard) -> str:
    """The first words of an error body, without mark-up's line breaks; bodies may be long pages. Of a private answer its type alone."""
    if _private.get():
        return f"with {_kind(response.headers)}"
    # Joined afterwards only: a secret with two spaces in it is not known by one.
    return " ".join(without_queries(response.content[:1 << 16].decode("utf-8", "replace")).split())[:200]


def _path_only(url: str) -> str:
    """The address without its query, since a key may stand there."""
    return url.split("?", 1)[0]
