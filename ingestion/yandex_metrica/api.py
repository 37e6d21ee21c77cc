"""The vendor's methods, one function each.

request -> Http (patience, pace) -> answer judged -> what the method is about. Facts, unless marked, stand in the vendor's documentation:
`Authorization: OAuth <token>`, parameters of a new log request in the query, `logrequests` for the list and `logrequest/{id}` for one,
errors as `{"errors": [{"error_type", "message"}], "code", "message"}`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from ingestion.accounts import Account
from ingestion.http import RETRIED, Answer, Http, Transient, VendorError, without_queries

# Per address and second for the Logs API; half of it, since other programs may ask from here too.
REQUESTS_PER_SECOND = 5.0
PASSING_QUOTAS = frozenset({"quota_requests_by_ip", "quota_parallel_requests"})


@dataclass(frozen=True)
class LogRequest:
    """One log request as the vendor tells it."""

    request_id: int
    source: str
    status: str
    fields: tuple[str, ...]
    parts: tuple[int, ...]
    attribution: str
    size: int


class Api:
    """The conversation with one counter."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._counter = f"/management/v1/counter/{account.setting('counter_id')}"
        self._http = Http(account, base_url=account.setting("base_url"),
                          headers=lambda: {"Authorization": f"OAuth {account.setting('token')}"},
                          requests_per_second=account.number("requests_per_second", REQUESTS_PER_SECOND), judge=self._judge,
                          retried=RETRIED - {429})
        self.who = self._http.who

    def counter(self) -> str:
        """The counter's own record as JSON text, goals included."""
        answer = self._http.get(self._counter, resource="counters", params={"field": "goals"})
        return bytes(_member(answer, "counter", self.who("counters"))).decode("utf-8", "backslashreplace")

    def possible_days(self, source: str, since: date, until: date, fields: tuple[str, ...]) -> int:
        """How many days of this stretch may be asked for at once, by the vendor's estimate; 0 when its storage for us is full."""
        answer = self._http.get(f"{self._counter}/logrequests/evaluate", resource=source, params=_asked(source, since, until, fields))
        told = msgspec.json.decode(_member(answer, "log_request_evaluation", self.who(source)))
        return (until - since).days + 1 if told.get("possible") else int(told.get("max_possible_day_quantity") or 0)

    def create(self, source: str, since: date, until: date, fields: tuple[str, ...], attribution: str) -> LogRequest:
        """Ask for a log of whole days, both ends included."""
        params = {**_asked(source, since, until, fields), **({"attribution": attribution} if attribution else {})}
        return self._told(self._http.post(f"{self._counter}/logrequests", resource=source, params=params), source)

    def request(self, request_id: int, source: str) -> LogRequest:
        """What became of a log request."""
        return self._told(self._http.get(f"{self._counter}/logrequest/{request_id}", resource=source), source)

    def part(self, request_id: int, number: int, source: str) -> bytes:
        """A part of the log: TSV with a header."""
        return self._http.get(f"{self._counter}/logrequest/{request_id}/part/{number}/download", resource=source, whole="bytes").body

    def clean(self, request_id: int, source: str) -> None:
        """Give the vendor's storage back."""
        self._http.post(f"{self._counter}/logrequest/{request_id}/clean", resource=source)

    def cancel(self, request_id: int, source: str) -> None:
        """Take a request back that is not processed yet."""
        self._http.post(f"{self._counter}/logrequest/{request_id}/cancel", resource=source)

    def requests(self) -> list[LogRequest]:
        """All log requests of the counter, those of other people and programs too."""
        answer = self._http.get(f"{self._counter}/logrequests", resource="visits")
        return [_log_request(one) for one in msgspec.json.decode(_member(answer, "requests", self.who("visits")))]

    def _told(self, answer: Answer, source: str) -> LogRequest:
        return _log_request(msgspec.json.decode(_member(answer, "log_request", self.who(source))))

    def _judge(self, answer: Answer) -> None:
        """A quota of seconds passes by waiting; one of a day does not."""
        if answer.status != 429:
            return
        kinds = _error_types(answer)
        if not kinds or kinds & PASSING_QUOTAS:
            raise Transient(f"answered 429 {', '.join(sorted(kinds))}".rstrip())
        raise VendorError(f"{self.account.vendor}/{self.account.name}: the day's quota is spent ({', '.join(sorted(kinds))}). Nothing "
                          "of this load was kept; the vendor counts anew from 00:00 UTC, and the next run catches up.")


def _asked(source: str, since: date, until: date, fields: tuple[str, ...]) -> dict[str, str]:
    return {"date1": since.isoformat(), "date2": until.isoformat(), "fields": ",".join(fields), "source": source}


def _log_request(told: dict[str, Any]) -> LogRequest:
    # `source` is documented as an array and shown by clients as a text.
    source = told.get("source") or ""
    parts = sorted(int(part["part_number"]) for part in told.get("parts") or [])
    return LogRequest(int(told["request_id"]), source[0] if isinstance(source, list) else source, told.get("status", ""),
                      tuple(told.get("fields") or ()), tuple(parts), told.get("attribution") or "", int(told.get("size") or 0))


def _member(answer: Answer, name: str, who: str) -> msgspec.Raw:
    try:
        return msgspec.json.decode(answer.body, type=dict[str, msgspec.Raw])[name]
    except (msgspec.DecodeError, KeyError) as error:
        said = without_queries(answer.body[:1 << 16].decode("utf-8", "replace"))[:200]
        raise VendorError(f"{who}: the answer has no member {name!r}: {said}. "
                          "Nothing of this load was kept; the next run asks again.") from error


def _error_types(answer: Answer) -> set[str]:
    try:
        return {one.get("error_type", "") for one in answer.json().get("errors", [])} - {""}
    except (msgspec.DecodeError, AttributeError):
        return set()
