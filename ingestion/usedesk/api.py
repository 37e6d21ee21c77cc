"""UseDesk's methods: pages that may shift while they are read, single records, errors that come with any status.

POST {method} with `api_token` in the JSON body -> `Part`s of records, each with the moment it was asked for.

[D] the vendor's pages (api.usedocs.com 51376, 51377, 51383, 51384, 51414), [C] public scripts, [A] assumed:
- every method is a POST [D]; the body may be JSON [C]. `offset` counts pages of 100 rows, there is no total [D for clients, C for tickets].
- the date filters are inclusive, to the minute; the newer English page says that the API reads them as UTC, the Russian one says nothing
  [D]. The times in the answers have no zone [D for the form]; that they are the account's own, Moscow by default, is [A]. So a filter's
  lower end is written in whichever of the two zones is earlier and its upper end in the later one: right by both readings, at the price
  of some rows that were landed before (source.py leaves them out).
- errors are `{"error": …, "code": …}` with any status [C for `error`, A for the rest]. 150 requests a minute [D, an older edition].
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ingestion import documents
from ingestion.accounts import Account
from ingestion.documents import PageError, Record
from ingestion.http import Answer, Http, Transient, VendorError

REQUESTS_PER_SECOND = 2.0
LIMIT = 100
TRIES = 4
READINGS = 6


class Gone(Exception):
    """The record that was asked for is not there."""


@dataclass(frozen=True)
class Part:
    """Records of one answer, and when it was asked for (aware UTC)."""

    records: list[Record]
    asked_at: datetime


class Refusal(msgspec.Struct):
    """What an error says of itself."""

    error: Any = None
    code: Any = None


class Api:
    """One account's API."""

    def __init__(self, account: Account) -> None:
        self.account, self.zone = account, account.zone()
        self.http = Http(account, base_url=account.setting("base_url"), judge=self._judge,
                         requests_per_second=account.number("requests_per_second", REQUESTS_PER_SECOND))

    def since(self, moment: datetime) -> str:
        """A lower end for a date filter."""
        return min(self._texts(moment))

    def until(self, moment: datetime) -> str:
        """An upper end for a date filter: inclusive to its minute, so nothing before the moment is left out."""
        return max(self._texts(moment + timedelta(minutes=1)))

    def written(self, moment: datetime) -> str:
        """A moment as the API writes times."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def rows(self, method: str, *, resource: str, params: dict[str, Any], belongs: Callable[[Record], bool] = lambda record: True,
             cursor: str | None = None) -> Iterator[Part]:
        """Every row of a list.

        The order of rows is not documented, and a row that changes while the pages are read may move from one not yet read to one that
        was, or push another one there. So a list of more than one page is read again until a reading brings no row that was not seen
        before; a row that changed in between comes in both versions. What changes later still is found by the next night's overlap.
        Raises VendorError when the list does not come to rest or a page is answered with another's rows.
        """
        keys: set[str] = set()
        payloads: set[int] = set()
        for reading in range(READINGS):
            known, pages, here = len(keys), 0, set()
            while True:
                part = self._page(method, resource=resource, params={**params, "offset": pages}, belongs=belongs, read=here, cursor=cursor)
                names = [record.key or record.payload for record in part.records]
                here.update(names)
                keys.update(names)
                fresh = [record for record in part.records if hash(record.payload) not in payloads]
                payloads.update(hash(record.payload) for record in fresh)
                if fresh:
                    yield Part(fresh, part.asked_at)
                if len(part.records) < LIMIT:
                    break
                pages += 1
            if pages == 0 or (reading and len(keys) == known):
                return
        raise VendorError(f"{self.http.who(resource)}: {method} brought new rows each of the {READINGS} times it was read. Nothing of this "
                          "load was kept; read again at a quieter hour.")

    def holds_any(self, method: str, *, resource: str, params: dict[str, Any]) -> bool:
        """Whether a list has any row."""
        return bool(self._part(method, resource=resource, params={**params, "offset": 0}, cursor=None).records)

    def one(self, method: str, *, resource: str, params: dict[str, Any], key: str, wanted: str, listed: bool = False) -> Part:
        """A single record, which the API may wrap into an array. Raises Gone; VendorError when another record is answered."""
        found: str | None = None
        for number in range(TRIES):
            answer = self._post(method, resource=resource, params=params)
            body = answer.body if listed else b"[" + answer.body + b"]"
            part = self._split(answer, body, method, resource=resource, key=key, cursor=None)
            if not part.records and number:
                raise Gone
            if not part.records:
                continue
            found = part.records[0].key
            # A record whose key was spoiled has none; it is landed under the one that was asked for and ends in quarantine.
            if found in (wanted, None):
                return Part([Record(wanted, None, part.records[0].payload)], part.asked_at)
        raise VendorError(f"{self.http.who(resource)}: asked {method} for {wanted}, got {found}, {TRIES} times in a row. Nothing of this "
                          "load was kept; the data of the last finished load stays.")

    def _page(self, method: str, *, resource: str, params: dict[str, Any], belongs: Callable[[Record], bool], read: set[str],
              cursor: str | None) -> Part:
        for _ in range(TRIES):
            part = self._part(method, resource=resource, params=params, cursor=cursor)
            repeated = bool(part.records) and all((record.key or record.payload) in read for record in part.records)
            strange = bool(part.records) and not any(belongs(record) for record in part.records)
            if len(part.records) <= LIMIT and not repeated and not strange:
                return part
        if strange and not repeated:
            # It insists: one spoiled date, and not the answer to another question.
            return part
        raise VendorError(f"{self.http.who(resource)}: page {params['offset']} of {method} holds the rows of the pages before it or more "
                          f"than {LIMIT}, {TRIES} times in a row. Nothing of this load was kept; the data of the last finished load stays.")

    def _part(self, method: str, *, resource: str, params: dict[str, Any], cursor: str | None) -> Part:
        """A page; an empty first one, which ends a list that tells no total, is believed when it comes twice."""
        for _ in range(2):
            try:
                answer = self._post(method, resource=resource, params=params)
            except Gone:
                raise VendorError(f"{self.http.who(resource)}: the API knows no method {method}. Nothing of this load was kept; check "
                                  f"{self.account.variable('base_url')}.") from None
            part = self._split(answer, answer.body, method, resource=resource, key="id", cursor=cursor)
            if part.records or params["offset"]:
                break
        return part

    def _post(self, method: str, *, resource: str, params: dict[str, Any]) -> Answer:
        return self.http.post(method, resource=resource, json={"api_token": self.account.setting("api_token"), **params})

    def _split(self, answer: Answer, body: bytes, method: str, *, resource: str, key: str, cursor: str | None) -> Part:
        try:
            return Part(documents.split(body, rows="", key=(key,), cursor=cursor).records, answer.asked_at)
        except PageError as error:
            raise VendorError(f"{self.http.who(resource)}: {method}: {error}. Nothing of this load was kept; the data of the last finished "
                              "load stays.") from error

    def _judge(self, answer: Answer) -> None:
        body = answer.body.lstrip()
        try:
            refusal = _refusal(body)
        except ValueError:
            if answer.status >= 400:
                return
            raise Transient(f"the answer of {len(answer.body)} bytes is not whole JSON") from None
        if refusal.error in (None, "", False):
            return
        code = str(refusal.code) if refusal.code is not None else str(answer.status)
        if code == "404":
            raise Gone
        if code in ("400", "401", "403", "422"):
            raise VendorError(f"{self.account.vendor}/{self.account.name}: the API refused ({code}: {refusal.error}). This is not retried: "
                              f"check {self.account.variable('api_token')} and the rights of its channel.")
        raise Transient(f"the answer says: {refusal.error}")

    def _texts(self, moment: datetime) -> list[str]:
        return [moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") for zone in (UTC, self.zone)]


def _refusal(body: bytes) -> Refusal:
    """The error in an answer; an empty one when it is none. Raises ValueError when the answer is not whole JSON."""
    try:
        if body[:1] == b"{":
            return msgspec.json.decode(body, type=Refusal)
        msgspec.json.decode(body)
    except msgspec.ValidationError:
        return Refusal()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # One record that cannot be read is no reason to ask again: documents.split sets it apart.
        if body[:1] == b"{":
            whole = documents.outline(body)
            return Refusal(whole.get("error"), whole.get("code"))
        documents.split(body, rows="")
    return Refusal()
