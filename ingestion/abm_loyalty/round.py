"""One night's round of questions: who is asked, in which order, and when it ends.

    customers, what the lake knows of earlier answers  ->  account and history of each  ->  documents of the night

An answer's document: type, result (member, not_a_member, failed), asked_at, and for a member account, through (when its history was read),
version (of the account that was landed) and edge (the operations since `through` less the overlap, which the next answer will bring again).
"""

import hashlib
import json
import logging
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from ingestion import clock
from ingestion.abm_loyalty.api import Api, Member, Unanswered
from ingestion.abm_loyalty.customers import Customer, Key, Kind
from ingestion.accounts import Account
from ingestion.documents import Record
from ingestion.http import VendorError
from ingestion.vendor import Contact

log = logging.getLogger(__name__)
CALLS_PER_NIGHT, REASK_DAYS, OVERLAP_DAYS = 5000, 30, 7
# A night that is run twice gives the same marts: it goes on where it was cut, and who was answered just now is not asked again.
JUST_NOW = timedelta(hours=12)
# So many in a row and the vendor is down; so large a share and something is wrong that is no single customer's.
IN_A_ROW, FAILED_SHARE = 10, 0.2
# So many questions and not one member, ever: rather a wrong address than a retailer without a programme.
NOBODY = 200


@dataclass(frozen=True)
class Turn:
    """What the lake knows of one card or phone."""

    asked_at: str = ""
    result: str = ""
    account: str = ""
    through: str = ""
    version: str = ""
    edge: dict[str, str] = field(default_factory=dict)

    def told(self, kind: Kind) -> str:
        """As a document."""
        return json.dumps({"type": kind, "result": self.result, "asked_at": self.asked_at, "account": self.account or None,
                           "through": self.through or None, "version": self.version or None, "edge": json.dumps(self.edge)})


def turn(asked_at: str | None, result: str | None, account: str | None, through: str | None, version: str | None, edge: str | None) -> Turn:
    """A document of `answers` read back."""
    return Turn(asked_at or "", result or "", account or "", through or "", version or "", json.loads(edge or "{}"))


@dataclass
class Told:
    """The night's documents by resource."""

    accounts: list[Record] = field(default_factory=list)
    operations: list[Record] = field(default_factory=list)
    answers: list[Record] = field(default_factory=list)


class Round:
    """The questions of one contact. whole_at: when everybody was asked; just after it only those are who were not answered then, since
    whom the night's own publication brought belongs to the next one. After `run` it is now, or None when the round was cut."""

    def __init__(self, account: Account, contact: Contact, api: Api, before: dict[str, Turn], whole_at: str | None = None) -> None:
        self._account, self._contact, self._api, self._before = account, contact, api, before
        # Several cards and phones lead to one account; the answer that read its history last knows it best.
        self._accounts = {one.account: one for one in sorted(before.values(), key=lambda one: one.through)}
        self._budget = account.number("calls_per_night", CALLS_PER_NIGHT)
        self._rest = timedelta(days=account.number("reask_days", REASK_DAYS))
        self._overlap = timedelta(days=account.number("overlap_days", OVERLAP_DAYS))
        self._start = account.moment("start_date", zone=account.zone())
        self._told, self._calls = Told(), 0
        self._met: dict[str, Member] = {}
        self._asked: set[str] = set()
        self._failed: list[Record] = []
        self._answered, self._in_a_row, self._fault = 0, 0, ""
        self.whole_at = whole_at
        self._is_again = whole_at is not None and datetime.fromisoformat(whole_at) + JUST_NOW > contact.now

    def run(self, customers: list[Customer]) -> Told:
        """Ask until everybody was asked or the night's calls are spent. Raises VendorError when the vendor does not answer."""
        queue = self._queue(customers)
        self.whole_at = self.whole_at if self._is_again else self._contact.now.isoformat()
        for place, customer in enumerate(queue):
            if self._calls >= self._budget:
                log.info("%s: %d customers were asked, %d wait for the next nights.", self._who, place, len(queue) - place)
                self.whole_at = None
                break
            self._ask(customer)
            if self._in_a_row >= IN_A_ROW and self._is_down():
                self.whole_at = None
                break
        self._judge()
        self._told.answers += self._failed
        return self._told

    def _queue(self, customers: list[Customer]) -> list[Customer]:
        """Never asked first, in another order every day; then the longest ago. Who was answered just now rests, and for long who is no
        member by any of his keys."""
        day = self._contact.now.date().isoformat()
        turns = {key: self._before.get(key.document_key, Turn()) for customer in customers for key in customer.keys}
        awake = [customer for customer in customers if not self._was_just_met([turns[key] for key in customer.keys])
                 and not all(self._rests(turns[key]) for key in customer.keys)]
        if self._is_again:
            awake = [customer for customer in awake if any(turns[key].result == "failed" for key in customer.keys)]
        return sorted(awake, key=lambda customer: (max(turns[key].asked_at for key in customer.keys), customer.lot(day)))

    def _was_just_met(self, turns: list[Turn]) -> bool:
        return any(one.result == "member" and datetime.fromisoformat(one.asked_at) + JUST_NOW > self._contact.now for one in turns)

    def _rests(self, known: Turn) -> bool:
        return known.result == "not_a_member" and datetime.fromisoformat(known.asked_at) + self._rest > self._contact.now

    def _ask(self, customer: Customer) -> None:
        """By card, then by phone unless an account of tonight names it."""
        for key in customer.keys:
            name = key.document_key
            before = self._before.get(name, Turn())
            is_met = key.kind == "phone" and any(key.token[-10:] == phone[-10:] for one in self._met.values() for phone in one.phones)
            if name in self._asked or is_met or self._rests(before):
                continue
            self._asked.add(name)
            try:
                self._one(key, before)
            except Unanswered as unanswered:
                self._fault = str(unanswered)
                self._in_a_row += 1
                self._failed.append(self._answer(key, before, result="failed"))
                log.warning("%s: a customer asked for by %s was not answered: %s. What was known of him stays.", self._who, key.kind,
                            self._fault)
                return
            self._answered, self._in_a_row = self._answered + 1, 0

    def _one(self, key: Key, before: Turn) -> None:
        self._calls += 1
        member = self._api.member(key)
        if member is None:
            self._told.answers.append(self._answer(key, before, result="not_a_member"))
            return
        is_new = member.account not in self._met
        if not is_new:
            # Its history was read tonight, by another card.
            self._told.answers.append(self._answer(key, Turn(account=member.account), result="member"))
            return
        known, through = self._accounts.get(member.account, Turn()), clock.now()
        operations, edge = self._history(key, member, known, through)
        self._met[member.account] = member
        if known.version != member.version:
            self._told.accounts.append(member.record)
        self._told.operations += operations
        told = Turn(account=member.account, through=through.isoformat(), version=member.version, edge=edge)
        self._told.answers.append(self._answer(key, told, result="member"))

    def _history(self, key: Key, member: Member, known: Turn, through: datetime) -> tuple[list[Record], dict[str, str]]:
        """What is new or differs, and what the next answer will bring again."""
        if not self._api.tells_history:
            return [], {}
        self._calls += 1
        since = datetime.fromisoformat(known.through) - self._overlap if known.through else self._start
        found = self._api.operations(key, member, self._day(since))
        versions = {record.key: hashlib.sha256(record.payload.encode("utf-8", "backslashreplace")).hexdigest()[:12] for record in found}
        begins = str(self._day(through - self._overlap))
        edge = {record.key: versions[record.key] for record in found if (record.cursor or begins)[:10] >= begins}
        return [record for record in found if known.edge.get(record.key) != versions[record.key]], edge

    def _answer(self, key: Key, known: Turn, *, result: str) -> Record:
        at = self._contact.now.isoformat()
        turned = Turn(at, result, known.account, known.through, known.version, known.edge)
        return Record(key.document_key, at, turned.told(key.kind))

    def _is_down(self) -> bool:
        """True: the rest of the round is left to the next night, and those of the last row stay unasked."""
        if not self._answered:
            raise VendorError(f"{self._who}: {self._fault}, for {self._in_a_row} customers in a row and no other. Nothing of this load was "
                              "kept; the data of the last finished load stays, and the next run goes on.")
        log.warning("%s: %d customers in a row were not answered (%s), so the round ends after %d. What was told is kept, and the next run "
                    "goes on.", self._who, self._in_a_row, self._fault, self._answered)
        del self._failed[-self._in_a_row:]
        return True

    def _judge(self) -> None:
        if len(self._failed) >= IN_A_ROW and len(self._failed) > FAILED_SHARE * len(self._asked):
            raise VendorError(f"{self._who}: {len(self._failed)} of {len(self._asked)} customers were not answered, the last because: "
                              f"{self._fault}. Nothing of this load was kept; the data of the last finished load stays, and the next run "
                              "asks again.")
        if len(self._asked) >= NOBODY and not self._met and not any(one.result == "member" for one in self._before.values()):
            raise VendorError(f"{self._who}: none of {len(self._asked)} customers is a member. Nothing of this load was kept; check "
                              f"{self._account.variable('base_url')}, {self._account.variable('info_path')} and whether the cards are this "
                              "programme's.")

    def _day(self, moment: datetime | None) -> date | None:
        return moment and moment.astimezone(self._account.zone()).date()

    @property
    def _who(self) -> str:
        return f"{self._account.vendor}/{self._account.name} accounts"
