"""What happens to people's records over several nights, by name: each scenario a few records and the tables to expect.

    vendors, contacts, likeness, stewards  ->  SCENARIOS  ->  tests/identity/test_scenarios.py

A night's table stands in one line: "A crm till | B mail" is two customers, the records crm and till with the id A, mail with B.
A letter is bound to an id on the night it first appears and means that id ever after, so the lines also say which id
lives. All scenarios share the same few nights, because a build costs seconds and a scenario does not.
"""
from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from identity_project import Row, has, merged, person

NIGHTS = 4  # no scenario changes anything on the last
SYSTEMS = {"crm": "retailcrm", "till": "moysklad", "mail": "mindbox", "desk": "usedesk", "club": "abm_loyalty", "books": "one_c",
           "calls": "calltouch", "file": "file_drop"}
CONTACTS = ("phone", "email", "loyalty_card")
SEEN = ("first_seen_at", "last_seen_at")
PERSON = ("kind", "full_name", "first_name", "last_name", "middle_name", "sex", "birth_date", "city", "address", "is_employee", "is_test",
          "created_at")
FIRST_RECORD = date(2025, 1, 1)

T = TypeVar("T")
Facts = dict[str, str]
Told = Facts | None  # None: the record is not there


@dataclass(frozen=True)
class Scenario:
    """`records`: name -> its facts, one for all nights or one per night, of which the last stays in force; the first named is the
    oldest. Facts are a person's columns and identifiers: a contact of one digit is a label that becomes a value of the
    scenario's own; another word is a namespace, and names the record whose id the vendor knows, or is a number as it stands.

    ids, told: a line per night, the last one stays in force. `told`: the events but `created`: "A takes B" (merged), "A gives B"
    (split), "A forced B", "A forbidden B"; comma between two. `redirects`: at the end, "B>A". `because`: record -> link_type.
    merges: "gone>crm" per night, what a vendor says it merged; decisions: "forbid crm till" per night, as the seed then
    stands. `asked`: "crm till vetoed" per night, why identity_review asks about the two, or the answer (forced, forbidden).
    households: who shares a household_id at the end, "crm crm2 | mail"; None: not looked at. verdicts: what becomes of a
    contact at the end, "phone 1" -> verdict of int_identifiers__shared.
    """

    name: str
    says: str
    records: dict[str, Told | tuple[Told, ...]]
    ids: tuple[str, ...]
    told: tuple[str, ...] = ("",)
    redirects: str = ""
    because: dict[str, str] = field(default_factory=dict)
    merges: tuple[str, ...] = ("",)
    decisions: tuple[str, ...] = ("",)
    asked: tuple[str, ...] = ("",)
    households: str | None = None
    verdicts: dict[str, str] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.name.replace(" ", "-")

    def profile_id(self, record: str) -> str:
        """The profile id of a record: 'crm2' of 'late cross-id' is retailcrm:late-cross-id-crm2."""
        return f"{SYSTEMS[record.rstrip('0123456789')]}:{self.slug}-{record}"

    def value(self, kind: str, label: str) -> str:
        """A contact of this scenario alone for a label of one digit; anything longer is a value as it stands."""
        if len(label) > 1:
            return label
        number = int(hashlib.sha256(f"{self.name}{label}".encode()).hexdigest(), 16)
        return {"phone": f"+7916{number % 10**7:07}", "email": f"{self.slug}-{label}@mail.example",
                "loyalty_card": f"29{number % 10**10:010}"}[kind]

    def staged(self, night: int) -> tuple[list[Row], list[Row]]:
        """The records of that night and what identifies them."""
        people: list[Row] = []
        found: list[Row] = []
        for place, (record, facts) in enumerate(self.records.items()):
            told = at(facts, night) if isinstance(facts, tuple) else facts
            if told is None:
                continue
            born = f"{FIRST_RECORD + timedelta(days=place)}"
            people.append(person(self.profile_id(record), **{"created_at": born} | {k: v for k, v in told.items() if k in PERSON}))
            contacts = {kind: self.value(kind, value) for kind, value in told.items() if kind in CONTACTS}
            ids = {space: value if value.isdigit() else f"{self.slug}-{value}" for space, value in told.items()
                   if space not in (*PERSON, *CONTACTS, *SEEN)}
            seen = {column: told[column] for column in SEEN if column in told}
            found += [row | seen for row in has(self.profile_id(record), **contacts, **ids)]
        return people, found

    def merged(self, night: int) -> list[Row]:
        return [merged(self.profile_id(gone), into=self.profile_id(kept))
                for gone, kept in (pair.split(">") for pair in at(self.merges, night).split())]

    def decided(self, night: int) -> list[tuple[str, str, str]]:
        """(decision, profile, profile) as a steward's seed holds them that night."""
        return [(decision, self.profile_id(a), self.profile_id(b))
                for decision, a, b in (line.split() for line in at(self.decisions, night).split(",") if line.strip())]

    def reviewed(self, night: int) -> set[tuple[str, str, str]]:
        """(smaller profile id, greater one, why) of each pair of identity_review."""
        asked = (line.split() for line in at(self.asked, night).split(",") if line.strip())
        return {(*sorted((self.profile_id(a), self.profile_id(b))), why) for a, b, why in asked}

    def expected(self, night: int) -> dict[str, set[str]]:
        """letter -> profile ids."""
        groups = (group.split() for group in at(self.ids, night).split("|"))
        return {letter: {self.profile_id(record) for record in records} for letter, *records in groups}


def at(lines: tuple[T, ...], night: int) -> T:
    """What is in force on that night."""
    return lines[min(night, len(lines) - 1)]
