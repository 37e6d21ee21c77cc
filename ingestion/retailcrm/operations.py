"""The bonus ledger: operations without ids, given keys that stay the same however often a page is read.

pages of /loyalty/bonus/operations -> records keyed by what an operation says of itself, and its number among equal ones.

The list is in time and only grows at its end, so the cursor that asked for the last page is kept, and that page is read again next time.
Two equal operations (same account, type, second, points and order) are told apart by their number within that second; the numbers of the
second that a page boundary cuts are kept with the cursor.

A credit that becomes spendable later changes its account's balance on that day without a word from the vendor, so the accounts with
such credits are kept by day and read again when it comes.
"""

import copy
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ingestion.documents import Record, payload_key
from ingestion.retailcrm.conversation import Conversation, Part

PATH = "/loyalty/bonus/operations"
# The state travels with every load. Beyond this many waiting accounts the regular sweep of all accounts has to do.
MOST_WAITING = 50_000
EVER = ("", "9999")


class Of(msgspec.Struct):
    """A record that an operation names."""

    id: int | str | None = None


class Bonus(msgspec.Struct):
    """When a credit becomes spendable, Y-m-d."""

    activationDate: str | None = None  # noqa: N815 (the vendor's spelling)


class Operation(msgspec.Struct):
    """What tells one operation from another."""

    type: str | None = None
    createdAt: str | None = None  # noqa: N815 (the vendor's spelling)
    amount: float | None = None
    order: Of | None = None
    loyaltyAccount: Of | None = None  # noqa: N815
    bonus: Bonus | None = None


@dataclass
class Operations:
    """A stretch of the ledger, read on `today` (the account's day). parts: its new operations; accounts: those they name, in order;
    waiting: day -> accounts with a credit that becomes spendable then; cursor, boundary, last_page: where to read on, from the beginning
    of the last page, whose keys are known."""

    today: str
    cursor: str | None = None
    boundary: dict[str, Any] = field(default_factory=dict)
    waiting: dict[str, list[str]] = field(default_factory=dict)
    last_page: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    accounts: dict[str, None] = field(default_factory=dict)
    between: tuple[str, str] = EVER

    @classmethod
    def read(cls, api: Conversation, where: dict[str, Any], *, today: str, pages: int | None,
             between: tuple[str, str] = EVER) -> "Operations":
        """Read on from `where` (what `where()` gave, or empty), at most `pages` pages (None: to the end). Only operations created
        `between` two local times, the second excluded, are in its parts, and those that tell no time."""
        stretch = cls(today, **copy.deepcopy(where), between=between)
        numbering, known = Numbering(stretch.boundary), set(stretch.last_page)
        asked = api.ledger(PATH, resource="bonus_operations", rows="bonusOperations", cursor=stretch.cursor)
        for number, (cursor, part) in enumerate(asked, start=1):
            if part.records:
                stretch._add(cursor, part, numbering, known)
            if (pages is not None and number >= pages) or stretch._is_past(part):
                break
        return stretch

    def due(self) -> list[str]:
        """Accounts to read again: those the stretch names, and those of which a credit has become spendable."""
        ripe = (account for day, accounts in self.waiting.items() if day <= self.today for account in accounts)
        return list(dict.fromkeys([*self.accounts, *ripe]))

    def where(self, *, accounts_read: bool) -> dict[str, Any]:
        """Where the next contact reads on; `accounts_read`: what is due now was read."""
        waiting = {day: accounts for day, accounts in self.waiting.items() if not accounts_read or day > self.today}
        return {"cursor": self.cursor, "boundary": self.boundary, "last_page": self.last_page, "waiting": waiting}

    def _add(self, cursor: str | None, part: Part, numbering: "Numbering", known: set[str]) -> None:
        self.cursor, self.boundary, self.last_page = cursor, numbering.boundary(), []
        new = []
        for record in part.records:
            operation = _operation(record)
            key = numbering.key(record, operation)
            self.last_page.append(key)
            since, until = self.between
            if key in known or (operation.createdAt and not since <= operation.createdAt < until):
                continue
            new.append(Record(key, operation.createdAt, record.payload))
            if operation.loyaltyAccount is not None and operation.loyaltyAccount.id is not None:
                self._name(str(operation.loyaltyAccount.id), operation.bonus.activationDate if operation.bonus else None)
        if new:
            self.parts.append(Part(new, part.asked_at, part.envelope))

    def _is_past(self, part: Part) -> bool:
        """True of a page that begins after all that is wanted: the ledger is in time."""
        return bool(part.records) and (part.records[0].cursor or "") >= self.between[1]

    def _name(self, account: str, spendable_on: str | None) -> None:
        self.accounts[account] = None
        if spendable_on is not None and spendable_on > self.today and sum(map(len, self.waiting.values())) < MOST_WAITING:
            those = self.waiting.setdefault(spendable_on, [])
            if account not in those:
                those.append(account)


class Numbering:
    """Numbers for operations that say the same of themselves within one second."""

    def __init__(self, boundary: dict[str, Any]) -> None:
        self.second, self.seen = boundary.get("second"), Counter(boundary.get("seen", {}))

    def key(self, record: Record, operation: Operation) -> str:
        """`<account>:<type>:<time>:<points>:<order>:<number>`, hashed for length."""
        if operation.createdAt is None:
            return payload_key(record.payload)
        if operation.createdAt != self.second:
            self.second, self.seen = operation.createdAt, Counter()
        said = ":".join(
            str(part)
            for part in (
                operation.loyaltyAccount.id if operation.loyaltyAccount else "",
                operation.type,
                operation.createdAt,
                operation.amount,
                operation.order.id if operation.order else "",
            )
        )
        self.seen[said] += 1
        return hashlib.sha256(f"{said}:{self.seen[said]}".encode()).hexdigest()[:32]

    def boundary(self) -> dict[str, Any]:
        """What must be known to number the next page the same way again."""
        return {"second": self.second, "seen": dict(self.seen)}


def _operation(record: Record) -> Operation:
    try:
        return msgspec.json.decode(record.payload, type=Operation, strict=False)
    except msgspec.MsgspecError:
        return Operation()
