"""Reading RetailCRM's lists whole: pages that add up, histories that move on, a ledger whose cursor never stands still.

GET -> `Part`s of records, each with the moment it was asked for. A page that repeats another, a list that shrinks while it is read and a
cursor that comes back are asked again a few times, then a VendorError names the resource and what happened.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from ingestion import documents
from ingestion.accounts import Account
from ingestion.documents import PageError, Record
from ingestion.http import Answer, Http, Transient, VendorError

REQUESTS_PER_SECOND = 10.0
# Orders, customers and loyalty lists take 20, 50 or 100; so does every other list that is read here.
LIMIT = 100
TRIES = 4


@dataclass(frozen=True)
class Part:
    """Records of one answer, and when it was asked for (aware UTC). envelope: the answer without them."""

    records: list[Record]
    asked_at: datetime
    envelope: dict[str, Any]


class Verdict(msgspec.Struct):
    """What every answer says of itself."""

    success: bool | None = None
    errorMsg: str | None = None  # noqa: N815 (the vendor's spelling)


class Conversation:
    """One account's API v5."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.http = Http(
            account,
            base_url=account.setting("base_url").rstrip("/") + "/api/v5",
            headers=lambda: {"X-API-KEY": account.setting("api_key")},
            requests_per_second=account.number("requests_per_second", REQUESTS_PER_SECOND),
            judge=demand_success,
        )

    @cached_property
    def zone(self) -> ZoneInfo:
        """The account's zone, in which it writes its times: the setting timezone, else what /settings says, else Moscow."""
        if self.account.setting("timezone", ""):
            return self.account.zone()
        told = self.one("/settings", resource="settings", member="settings").records
        try:
            return ZoneInfo(msgspec.json.decode(told[0].payload)["timezone"]["value"])
        except (KeyError, TypeError, IndexError, ValueError, ZoneInfoNotFoundError):
            return self.account.zone()

    def local(self, moment: datetime) -> str:
        """A moment as the vendor's date-time filters want it."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def local_day(self, moment: datetime) -> str:
        """The account's day of a moment. Ranges are asked for by whole days, which every range filter understands."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d")

    def pages(
        self,
        path: str,
        *,
        resource: str,
        rows: str,
        params: dict[str, Any] | None = None,
        cursor: str | None = "createdAt",
        key: Sequence[str] = ("id",),
    ) -> Iterator[Part]:
        """A whole list by page. New records may push the rest onto later pages, which repeats some and loses none; when the total
        shrinks or too few records came, a record may have slipped onto a page already read, and the list is read again."""
        sentence = ""
        for _ in range(TRIES):
            seen: set[str] = set()
            number, promised, smallest = 1, 0, None
            while True:
                part, pagination = self._page(path, resource=resource, rows=rows, params=params, cursor=cursor, key=key, number=number)
                total = _whole(pagination, "totalCount")
                promised = total if number == 1 else promised
                smallest = total if smallest is None else min(smallest, total)
                seen.update(record.key or record.payload for record in part.records)
                if part.records:
                    yield part
                if number >= _whole(pagination, "totalPageCount") or not part.records:
                    break
                number += 1
            if smallest >= promised and len(seen) >= promised:
                return
            sentence = f"the list held {promised} records when its reading began, {smallest} later, and {len(seen)} of them came"
        raise VendorError(
            f"{self.http.who(resource)}: {sentence}, {TRIES} times in a row. Nothing of this load was kept; "
            "read again at a quieter hour, or ask the vendor why the list keeps changing."
        )

    def _page(
        self, path: str, *, resource: str, rows: str, params: dict[str, Any] | None, cursor: str | None, key: Sequence[str], number: int
    ) -> tuple[Part, dict[str, Any]]:
        found: Any = None
        for _ in range(TRIES):
            part = self.part(
                path, resource=resource, rows=rows, cursor=cursor, key=key, params={**(params or {}), "limit": LIMIT, "page": number}
            )
            pagination = part.envelope.get("pagination")
            found = pagination.get("currentPage") if isinstance(pagination, dict) else None
            if found == number and _whole(pagination, "limit") == LIMIT and len(part.records) <= LIMIT:
                return part, pagination
        raise VendorError(
            f"{self.http.who(resource)}: asked for page {number} of {path}, got page {found}, {TRIES} times in a row. "
            "Nothing of this load was kept; the data of the last finished load stays."
        )

    def history(self, path: str, *, resource: str, since: int) -> Iterator[Part]:
        """Every row of a history after an id, by moving the id: with `sinceId` the API refuses further pages."""
        while True:
            for _ in range(TRIES):
                part = self.part(
                    path, resource=resource, rows="history", params={"filter[sinceId]": since, "limit": LIMIT}, cursor="createdAt"
                )
                ids = [int(record.key) for record in part.records if record.key and record.key.isdigit()]
                left = _whole(part.envelope.get("pagination"), "totalPageCount")
                if len(ids) == len(part.records) and (min(ids) > since if ids else left <= 1):
                    break
            else:
                raise VendorError(
                    f"{self.http.who(resource)}: after history id {since} the answer repeated older rows or held none although "
                    f"more were promised, {TRIES} times in a row. Nothing of this load was kept; the next run goes on from there."
                )
            if not ids:
                return
            yield part
            since = max(ids)
            if left <= 1:
                return

    def ledger(self, path: str, *, resource: str, rows: str, cursor: str | None) -> Iterator[tuple[str | None, Part]]:
        """A list by cursor: (the cursor that asked, its part), to the end. There are no totals to check against, so a cursor that
        comes back is the one thing that would show."""
        used = {cursor}
        while True:
            for _ in range(TRIES):
                part = self.part(
                    path, resource=resource, rows=rows, key=("createdAt",), params={"limit": LIMIT} | ({"cursor": cursor} if cursor else {})
                )
                pagination = part.envelope.get("pagination")
                following = pagination.get("nextCursor") if isinstance(pagination, dict) else None
                if not following or following not in used or not part.records:
                    break
            else:
                raise VendorError(
                    f"{self.http.who(resource)}: the cursor {following} came back although it was used already, {TRIES} times in "
                    "a row. Nothing of this load was kept; the next run goes on from the last finished one."
                )
            yield cursor, part
            if not following or not part.records:
                return
            used.add(following)
            cursor = following

    def one(self, path: str, *, resource: str, member: str) -> Part:
        """An answer whose member is a single record; its key is the member's name."""
        answer = self.http.get(path, resource=resource)
        try:
            whole = msgspec.json.decode(answer.body, type=dict[str, msgspec.Raw])
            return Part([Record(member, None, bytes(whole[member]).decode())], answer.asked_at, {})
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError) as error:
            raise VendorError(
                f"{self.http.who(resource)}: {path} holds no readable member {member!r} ({error}). Nothing of this load was kept."
            ) from error

    def part(
        self,
        path: str,
        *,
        resource: str,
        rows: str,
        params: dict[str, Any] | None = None,
        cursor: str | None = None,
        key: Sequence[str] = ("id",),
    ) -> Part:
        """One answer, split; one without records is believed when it says that there are none, or else when it comes twice. Raises
        VendorError when it is not the list it should be."""
        for number in range(TRIES):
            part = self._part(path, resource=resource, rows=rows, params=params, cursor=cursor, key=key)
            pagination = part.envelope.get("pagination")
            promised = _whole(pagination, "totalCount")
            tells_total = isinstance(pagination, dict) and "totalCount" in pagination
            is_beyond = _whole(pagination, "currentPage") > _whole(pagination, "totalPageCount")
            if part.records or (tells_total and (not promised or is_beyond)) or (number and not tells_total):
                return part
        raise VendorError(
            f"{self.http.who(resource)}: {path} told {promised} records and none came, {TRIES} times in a row. "
            "Nothing of this load was kept; the data of the last finished load stays."
        )

    def _part(
        self, path: str, *, resource: str, rows: str, params: dict[str, Any] | None, cursor: str | None, key: Sequence[str]
    ) -> Part:
        answer = self.http.get(path, resource=resource, params=params)
        try:
            page = documents.split(answer.body, rows=rows, key=key, cursor=cursor)
        except PageError as error:
            raise VendorError(
                f"{self.http.who(resource)}: {path}: {error}. Nothing of this load was kept; the data of the last finished load stays."
            ) from error
        return Part(page.records, answer.asked_at, page.envelope)


def demand_success(answer: Answer) -> None:
    """An answer with status 200 that says it failed, or that only looks like whole JSON, is a fault that may pass."""
    if answer.status >= 400:
        return
    try:
        verdict = msgspec.json.decode(answer.body, type=Verdict)
    except (msgspec.DecodeError, RecursionError):
        # One record that cannot be read is no reason to ask again: documents.split sets it apart.
        try:
            verdict = msgspec.convert(documents.outline(answer.body), Verdict)
        except ValueError:
            raise Transient(f"the answer of {len(answer.body)} bytes is not whole JSON") from None
    if not verdict.success:
        raise Transient(f"the answer says success: false ({verdict.errorMsg or 'without a reason'})")


def epoch(text: str) -> datetime:
    """An ISO text from the state as aware UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _whole(pagination: Any, name: str) -> int:
    value = pagination.get(name) if isinstance(pagination, dict) else None
    return value if isinstance(value, int) else 0
