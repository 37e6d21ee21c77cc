"""Log requests, from the wish for some days to the parts of their TSV.

days ──► evaluate ──► requests of at most so many days ──► created … processed ──► parts ──► cleaned

Whatever was asked for is cleaned, also after a failure: prepared logs fill a quota (10 GB per counter) that all programs share. What a
crashed run left behind is found in the list at the next contact. A request counts as ours when it names exactly our fields in our order, so
nobody else's is touched, unless a second installation reads the same counter with the same fields; one more field in `extra_fields`
tells the two apart.
"""

import logging
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from ingestion.accounts import Account
from ingestion.http import VendorError
from ingestion.yandex_metrica.api import Api, LogRequest

log = logging.getLogger(__name__)
LONGEST_PERIOD = timedelta(days=365)
FIRST_POLL_SECONDS = 10.0
LONGEST_POLL_SECONDS = 300.0
# The vendor works requests off in one queue for everybody, which has been seen to take hours.
PATIENCE_MINUTES = 180.0
WAITING = frozenset({"created", "awaiting_retry"})
HOLDS_STORAGE = frozenset({"created", "awaiting_retry", "processed"})


class Logs:
    """The log requests of one contact. fields: by source, in the order in which they are asked."""

    def __init__(self, api: Api, account: Account, fields: dict[str, tuple[str, ...]]) -> None:
        self.api, self._account, self._fields = api, account, fields
        self._left: dict[str, tuple[date, date]] = {}
        self._asked: dict[str, tuple[LogRequest, date, date]] = {}
        self._open: dict[int, str] = {}
        self._is_begun = False

    def begin(self, since: date, until: date) -> None:
        """Clean what was left behind, and ask for the first days of every source, so that they wait in the queue side by side."""
        if self._is_begun:
            return
        self._is_begun = True
        self.sweep()
        for source in self._fields:
            self._left[source] = (since, until)
        for source in self._fields:
            self._ask(source)

    def parts(self, source: str) -> Iterator[tuple[LogRequest, bytes]]:
        """Every part of the log of the days that were begun, each with its request. Raises VendorError.

        A log is fetched whole before its first part is given, and cleaned at once: who reads slowly holds nobody's storage, and a source
        that found it full finds room when its turn comes.
        """
        while source in self._asked or source in self._left:
            if source not in self._asked:
                self._ask(source, is_its_turn=True)
            asked, since, last = self._asked.pop(source)
            ready = self._awaited(asked, source, f"{since} … {last}")
            with TemporaryDirectory(prefix="log-") as folder:
                files = [Path(folder) / f"{number}.tsv" for number in ready.parts]
                for number, file in zip(ready.parts, files, strict=True):
                    file.write_bytes(self._whole_part(ready.request_id, number, source))
                self._give_back(ready)
                for file in files:
                    yield ready, file.read_bytes()

    def sweep(self) -> None:
        """Clean what an earlier run of ours left behind."""
        for one in self.api.requests():
            if one.status in HOLDS_STORAGE and one.request_id not in self._open and one.fields == self._fields.get(one.source):
                log.warning("%s: log request %d of an earlier run was left behind; cleaned.", self.api.who(one.source), one.request_id)
                self._give_back(one)

    def close(self) -> None:
        """Give back all that is still open; never raises for a vendor's fault, since another one is on its way."""
        for request_id, source in list(self._open.items()):
            try:
                self._give_back(self.api.request(request_id, source))
            except VendorError as error:
                log.warning("%s: log request %d could not be cleaned: %s", self.api.who(source), request_id, error)
            self._open.pop(request_id, None)

    def _ask(self, source: str, *, is_its_turn: bool = False) -> None:
        """Ask for as many of the days that are left as the vendor takes at once. While another log of ours takes the room: for none, or,
        in its turn, once the other one has been given back."""
        since, until = self._left[source]
        last = min(until, since + LONGEST_PERIOD - timedelta(days=1))
        days = self.api.possible_days(source, since, last, self._fields[source])
        if days < 1 and self._open:
            if not is_its_turn:
                return
            self._make_room()
            days = self.api.possible_days(source, since, last, self._fields[source])
        if days < 1:
            held = sum(one.size for one in self.api.requests() if one.status in HOLDS_STORAGE)
            raise VendorError(f"{self.api.who(source)}: not even {since} may be exported, for the counter's storage for logs is full "
                              f"({held / 1e9:.2f} GB are prepared and not cleaned). Nothing of this load was kept; clean the requests of "
                              "other programs (GET logrequests lists them) or raise the quota.")
        last = min(last, since + timedelta(days=days - 1))
        asked = self.api.create(source, since, last, self._fields[source], self._account.setting("attribution", ""))
        self._open[asked.request_id] = source
        self._asked[source] = asked, since, last
        del self._left[source]
        if last < until:
            self._left[source] = (last + timedelta(days=1), until)

    def _make_room(self) -> None:
        """Give back what the other sources have asked for and not fetched; in their turn they ask for these days again."""
        for source, (asked, since, last) in list(self._asked.items()):
            self._give_back(self.api.request(asked.request_id, source))
            del self._asked[source]
            self._left[source] = since, self._left.get(source, (since, last))[1]

    def _awaited(self, asked: LogRequest, source: str, days: str) -> LogRequest:
        """The request once it is processed."""
        pause, waited = self._account.number("poll_seconds", FIRST_POLL_SECONDS), 0.0
        patience = 60.0 * self._account.number("patience_minutes", PATIENCE_MINUTES)
        what, told = f"{self.api.who(source)}: log request {asked.request_id} ({days})", asked
        while told.status in WAITING:
            if waited >= patience:
                raise VendorError(f"{what} is still {told.status!r} after {waited / 60:.0f} minutes and was taken back. Nothing of this "
                                  f"load was kept; the next run asks again. {self._account.variable('patience_minutes')} is the patience.")
            time.sleep(min(pause, max(patience - waited, 0.001)))
            waited, pause = waited + pause, min(pause * 1.5, LONGEST_POLL_SECONDS)
            told = self.api.request(asked.request_id, source)
        if told.status != "processed":
            raise VendorError(f"{what} ended as {told.status!r}. Nothing of this load was kept; the next run asks again.")
        # That a log has no part is believed when it is told twice.
        return told if told.parts else self.api.request(asked.request_id, source)

    def _whole_part(self, request_id: int, number: int, source: str) -> bytes:
        """A part ends with a line's end (seen in clients; nothing else tells a body that broke off). One that does not, or has its header
        alone, is asked for again, and believed when it comes back the same."""
        body = self.api.part(request_id, number, source)
        for _ in range(5):
            if body.endswith(b"\n") and body.count(b"\n") > 1:
                break
            before, body = body, self.api.part(request_id, number, source)
            if before == body:
                break
        return body

    def _give_back(self, one: LogRequest) -> None:
        """Cancel or clean. A refusal means nothing yet: the answer to the first try may be lost, or the log was ready meanwhile; what
        counts is where the request stands now."""
        try:
            if one.status in WAITING:
                self.api.cancel(one.request_id, one.source)
            elif one.status in HOLDS_STORAGE:
                self.api.clean(one.request_id, one.source)
        except VendorError:
            now = self.api.request(one.request_id, one.source)
            if now.status == one.status:
                raise
            if now.status in HOLDS_STORAGE:
                self._give_back(now)
        self._open.pop(one.request_id, None)
