"""One night's round of questions: who is asked, in which order, and when it ends.

    customers, what the lake knows of earlier answers  ->  account and history of each  ->  documents of the night
"""

import hashlib
import logging
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from ingestion import clock
from ingestion.abm_loyalty.api import Api, Member, Unanswered
from ingestion.abm_loyalty.balance import IN_DOUBT, is_explained
from ingestion.abm_loyalty.customers import Customer, Key
from ingestion.abm_loyalty.turns import Turn
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
# So many members of whom the vendor says that they are none: rather his fault.
FORMER = 5
# Who is asked whether the vendor answers at all, when many in a row were not answered.
PROBES = 3
# As many are asked a second time at the end of the round.
MOST_AGAIN = 50
# A balance that no history explains is no reason to read the history every night.
DOUBTED = timedelta(days=7)


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
        self._accounts = {one.account: one for one in
                          sorted(before.values(), key=lambda one: (one.through, bool(one.version), one.asked_at))}
        self._budget = account.number("calls_per_night", CALLS_PER_NIGHT)
        self._rest = timedelta(days=account.number("reask_days", REASK_DAYS))
        self._overlap = timedelta(days=account.number("overlap_days", OVERLAP_DAYS))
        self._start = account.moment("start_date", zone=account.zone())
        self._under = hashlib.sha256(f"{api.history_path} {self._day(self._start)}".encode()).hexdigest()[:12]
        self._told, self._calls = Told(), 0
        self._met: dict[str, Member] = {}
        self._asked: set[str] = set()
        self._failed: list[Record] = []
        self._missed: list[tuple[Customer, Key, Record, bool]] = []
        # Customers: those answered, those who were not, the latter by whether an earlier night answered them.
        self._answered, self._unanswered, self._known, self._known_unanswered = 0, 0, 0, 0
        self._in_a_row, self._row_began, self._fault = 0, 0, ""
        self._former, self._members = 0, 0
        self._answering: list[Key] = []
        self.whole_at = whole_at
        self._is_again = whole_at is not None and datetime.fromisoformat(whole_at) + JUST_NOW > contact.now

    def run(self, customers: list[Customer]) -> Told:
        """Ask until everybody was asked or the night's calls are spent. Raises VendorError when the vendor does not answer."""
        queue = self._queue(customers)
        self._answering = [key for customer in customers for key in customer.keys if self._known_of(key).result == "member"]
        self._answering = self._answering[:PROBES]
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
        else:
            self._ask_again()
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
        # A former member may be one again tomorrow.
        is_none = known.result == "not_a_member" and not known.account
        return is_none and datetime.fromisoformat(known.asked_at) + self._rest > self._contact.now

    def _known_of(self, key: Key) -> Turn:
        return self._before.get(key.document_key, Turn())

    def _ask(self, customer: Customer) -> None:
        """By card, then by phone unless an account of tonight names it."""
        is_known, told, failed = self._is_known(customer), [], []
        for key in customer.keys:
            name = key.document_key
            before = self._known_of(key)
            is_met = key.kind == "phone" and any(key.token[-10:] == phone[-10:] for one in self._met.values() for phone in one.phones)
            if name in self._asked or is_met or self._rests(before):
                continue
            self._asked.add(name)
            try:
                self._one(key, before)
                told.append(key)
            except Unanswered as unanswered:
                self._fault = str(unanswered)
                failed.append((key, self._answer(key, before, result="failed")))
                log.warning("%s: a customer asked for by %s was not answered: %s. What was known of him stays.", self._who, key.kind,
                            self._fault)
        if not told and not failed:
            return
        self._known += is_known
        if told:
            self._answered, self._in_a_row = self._answered + 1, 0
            self._answering = [*self._answering, told[0]][-PROBES:]
        else:
            self._row_began = self._row_began if self._in_a_row else len(self._failed)
            self._unanswered, self._in_a_row = self._unanswered + 1, self._in_a_row + 1
            self._known_unanswered += is_known
        self._failed += [record for _, record in failed]
        self._missed += [(customer, key, record, not told) for key, record in failed]

    def _is_known(self, customer: Customer) -> bool:
        return any(self._known_of(key).account or self._known_of(key).result == "not_a_member" for key in customer.keys)

    def _ask_again(self) -> None:
        """Who was not answered is asked once more after everybody else: what passes is over by then. Many are the vendor's matter."""
        found: set[Customer] = set()
        for customer, key, record, is_his_only in self._missed if len(self._missed) <= MOST_AGAIN else ():
            try:
                self._one(key, self._known_of(key))
            except Unanswered:
                continue
            self._failed.remove(record)
            if is_his_only and customer not in found:
                found.add(customer)
                self._answered, self._unanswered = self._answered + 1, self._unanswered - 1
                self._known_unanswered -= self._is_known(customer)

    def _one(self, key: Key, before: Turn) -> None:
        self._calls += 1
        member = self._api.member(key)
        self._members += before.result == "member"
        if member is None:
            self._former += before.result == "member"
            self._told.answers.append(self._answer(key, before, result="not_a_member"))
            return
        is_new = member.account not in self._met
        if not is_new:
            # Its history was read tonight, by another card.
            self._told.answers.append(self._answer(key, Turn(account=member.account), result="member"))
            return
        known, through = self._accounts.get(member.account, Turn()), clock.now()
        operations, read = self._history(key, member, known, through)
        self._met[member.account] = member
        if known.version != member.version:
            self._told.accounts.append(member.record)
        self._told.operations += operations
        self._told.answers.append(self._answer(key, replace(read, account=member.account, version=member.version), result="member"))

    def _history(self, key: Key, member: Member, known: Turn, through: datetime) -> tuple[list[Record], Turn]:
        """What is new or differs, and what is known then: how far it was read, and what the next answer will bring again."""
        if not self._api.tells_history:
            return [], known
        goes_on = bool(known.through) and known.under == self._under
        since = datetime.fromisoformat(known.through) - self._overlap if goes_on else self._start
        found = self._read(key, member, since)
        points, whole_at = member.points, known.whole_at if goes_on else through.isoformat()
        if goes_on and not is_explained(known.points, points, (record for record in found if record.key not in known.edge)):
            if not whole_at or datetime.fromisoformat(whole_at) + DOUBTED <= through:
                found, whole_at = self._read(key, member, self._start), through.isoformat()
            else:
                points = IN_DOUBT
        versions = {record.key: hashlib.sha256(record.payload.encode("utf-8", "backslashreplace")).hexdigest()[:12] for record in found}
        begins = str(self._day(through - self._overlap))
        edge = {record.key: versions[record.key] for record in found if (record.cursor or begins)[:10] >= begins}
        read = Turn(through=through.isoformat(), edge=edge, under=self._under, points=points, whole_at=whole_at)
        return [record for record in found if known.edge.get(record.key) != versions[record.key]], read

    def _read(self, key: Key, member: Member, since: datetime | None) -> list[Record]:
        self._calls += 1
        return self._api.operations(key, member, self._day(since))

    def _answer(self, key: Key, known: Turn, *, result: str) -> Record:
        at = self._contact.now.isoformat()
        return Record(key.document_key, at, replace(known, asked_at=at, result=result).told(key.kind))

    def _is_down(self) -> bool:
        """True: the rest of the round is left to the next night, and those of the last row stay unasked. Somebody whom the vendor knows
        is asked first: the row may be customers whom he refuses, and they were tried."""
        if self._answers():
            self._in_a_row = 0
            return False
        if self._answered:
            self._demand_few(self._unanswered, self._answered + self._unanswered)
            log.warning("%s: %d customers in a row were not answered (%s), so the round ends after %d. What was told is kept, and the next "
                        "run goes on.", self._who, self._in_a_row, self._fault, self._answered)
            del self._failed[self._row_began:]
            return True
        raise VendorError(f"{self._who}: {self._fault}, for {self._in_a_row} customers in a row and no other. Nothing of this load was "
                          "kept; the data of the last finished load stays, and the next run goes on.")

    def _answers(self) -> bool:
        """Whether the vendor answers for any of those who were answered last."""
        for key in reversed(self._answering):
            self._calls += 1
            try:
                self._api.member(key)
                return True
            except Unanswered:
                continue
        return False

    def _demand_few(self, failed: int, asked: int) -> None:
        """A large share of one night's customers is no customer's own."""
        if self._is_again or failed < IN_A_ROW or failed <= FAILED_SHARE * asked:
            return
        raise VendorError(f"{self._who}: {failed} of {asked} customers were not answered, the last because: {self._fault}. Nothing of this "
                          "load was kept; the data of the last finished load stays, and the next run asks again.")

    @property
    def _has_members(self) -> bool:
        return any(one.account for one in self._before.values())

    def _judge(self) -> None:
        # Whom no night answered yet may be refused by any number, once others are known to be answered.
        everybody = self._unanswered, self._answered + self._unanswered
        self._demand_few(*((self._known_unanswered, self._known) if self._has_members else everybody))
        if self._unanswered and not self._answered and not self._answers():
            raise VendorError(f"{self._who}: {self._fault}, for all {self._unanswered} customers who were asked. Nothing of this load was "
                              "kept; the data of the last finished load stays. Check the rights of the key; the next run asks again.")
        if self._former >= FORMER and self._former > FAILED_SHARE * self._members:
            raise VendorError(f"{self._who}: {self._former} of {self._members} members who were asked for are none any more, by the "
                              f"vendor's answers of 404. Nothing of this load was kept; check {self._account.variable('base_url')} and "
                              f"{self._account.variable('info_path')}, and with the vendor whether these accounts were closed.")
        if len(self._asked) >= NOBODY and not self._met and not self._has_members:
            raise VendorError(f"{self._who}: none of {len(self._asked)} customers is a member. Nothing of this load was kept; check "
                              f"{self._account.variable('base_url')}, {self._account.variable('info_path')} and whether the cards are this "
                              "programme's.")

    def _day(self, moment: datetime | None) -> date | None:
        return moment and moment.astimezone(self._account.zone()).date()

    @property
    def _who(self) -> str:
        return f"{self._account.vendor}/{self._account.name} accounts"
