"""People for measuring identity: their vendor records with every flaw that the measurement plants, and who is who.

    seed  ->  planted(seed)  ->  staging rows for IdentityProject, record -> person

Planted is what was asked for, each as a share of all records unless it says people: NOISE. What the request leaves open is in
ALSO (spellings that a shop meets anyway) and in MISSING (what a record does not tell), and is printed beside the figures.
Every record has a telephone, six in ten a mailbox too. Names are drawn from few, evenly (25 first names a sex, 120 surnames,
16 patronymics, ten cities), so that namesakes are more frequent than in a country. Look at some:
`python -c "from tests.identity.planted_people import planted; print(planted(1, people=5))"`
"""
from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from sandbox.catalogue import CITIES, CITY_WEIGHTS
from sandbox.names import FATHERS, MEN, SHORT, SURNAMES, WOMEN, patronymic, surname, transliterated

Row = dict[str, Any]

NOISE = {
    "alone": 0.08,           # shares no identifier with the person's other records
    "typo": 0.05,            # a letter of a name lost, doubled, swapped with its neighbour or another; six in ten in the last name
    "wrong digit": 0.03,     # of the birth date, which stays a date of its century
    "latin": 0.02,           # the names in another alphabet
    "family phone": 0.02,    # of people: all their records bear a relative's number
    "recycled": 0.005,       # of people: theirs is the number that another had before, whose records are all older
}
ALSO = {
    "short name": 0.06, "ё as е": 0.5, "names swapped": 0.01, "city spelled otherwise": 0.2,
    "moved": 0.04,           # of people: the later half of their records tells another city
    "married": 0.02,         # of women: the later half of their records bears another surname
}
MISSING = {"birth date": 0.05, "city": 0.10, "last name": 0.02, "middle name": 0.50, "sex": 0.25, "mailbox": 0.40}
RECORDS_PER_PERSON = {1: 0.25, 2: 0.35, 3: 0.25, 4: 0.10, 5: 0.05}
IN_A_FAMILY, OF_WOMEN = 0.10, 0.62
SYSTEMS = ("retailcrm", "moysklad", "mindbox", "one_c", "abm_loyalty")
CITY_SPELLINGS = {"Санкт-Петербург": "СПб", "Нижний Новгород": "Н.Новгород"}  # others: «г. Москва»
SINCE, DAYS = date(2023, 1, 1), 1200
OLDER, YOUNGER = (0, 500), (700, DAYS)  # days in which the records of a recycled number's first and second owner are made


@dataclass(frozen=True)
class Planted:
    """Staging rows of people's `profiles` and `identifiers`, the person of each profile id, and the flaws of each that has any."""

    profiles: list[Row]
    identifiers: list[Row]
    truth: dict[str, int]
    flaws: dict[str, frozenset[str]]

    def share(self, flaw: str) -> float:
        """How many of the records have this flaw, or are of people who have it."""
        return sum(1 for found in self.flaws.values() if flaw in found) / len(self.profiles)


@dataclass
class _Person:
    number: int
    sex: str
    root: str
    first: str
    last: str
    middle: str
    born: date
    city: str
    phone: str
    mailbox: str
    records: int
    relative: _Person | None = None
    made: tuple[int, int] = (0, DAYS)
    flaws: frozenset[str] = frozenset()


def planted(seed: int, *, people: int = 20_000) -> Planted:
    """`people` people and about 2.35 records of each; the same for the same seed."""
    draw = np.random.default_rng(seed)
    everybody = _people(draw, seed, people)
    profiles, identifiers, truth, flaws, strangers = [], [], {}, {}, Counter()
    for person in everybody:
        moved_to = _city(draw) if draw.random() < ALSO["moved"] else person.city
        married = person.sex == "female" and draw.random() < ALSO["married"]
        new_last = surname(_one(draw, SURNAMES), "female") if married else person.last
        first_system = int(draw.integers(len(SYSTEMS)))
        for number in range(person.records):
            later = number >= person.records / 2
            told = {"first_name": person.first, "last_name": new_last if later else person.last, "middle_name": person.middle,
                    "birth_date": person.born, "city": moved_to if later else person.city}
            found = set(person.flaws)
            found |= ({"moved"} if told["city"] != person.city else set()) | ({"married"} if told["last_name"] != person.last else set())
            told = _with_flaws(draw, told, found)
            key = {"source_system": SYSTEMS[(first_system + number) % len(SYSTEMS)], "source_account": "main",
                   "source_record_id": f"{person.number}x{number}"}
            made = f"{SINCE + timedelta(days=int(draw.integers(*person.made))):%Y-%m-%d}"
            profiles.append(key | told | {
                "kind": "person", "sex": None if draw.random() < MISSING["sex"] else person.sex, "created_at": made,
                "birth_date": told["birth_date"] and f"{told['birth_date']:%Y-%m-%d}"})
            contacts = _contacts(draw, person)
            if draw.random() < NOISE["alone"]:
                found.add("alone")
                strangers["so far"] += 1
                contacts = _fresh_contacts(draw, seed, strangers["so far"])
            identifiers += [key | {"identifier_type": kind, "identifier_value": value, "first_seen_at": made, "last_seen_at": made}
                            for kind, value in contacts.items()]
            profile_id = ":".join(key.values())
            truth[profile_id] = person.number
            if found:
                flaws[profile_id] = frozenset(found)
    return Planted(profiles, identifiers, truth, flaws)


def _people(draw: np.random.Generator, seed: int, count: int) -> list[_Person]:
    everybody: list[_Person] = []
    for number in range(count):
        relative = everybody[-1] if number and draw.random() < IN_A_FAMILY else None
        sex = "female" if draw.random() < OF_WOMEN else "male"
        root = relative.root if relative else _one(draw, SURNAMES)
        everybody.append(_Person(
            number=number, sex=sex, root=root, first=_one(draw, MEN if sex == "male" else WOMEN), last=surname(root, sex),
            middle=patronymic(_one(draw, FATHERS), sex), born=date(1950, 1, 1) + timedelta(days=int(draw.random() ** 0.7 * 20_800)),
            city=relative.city if relative else _city(draw), relative=relative, mailbox=f"p{seed}x{number}@mail.example",
            # Nobody else's: 7654321 and ten million have no common divisor, so that no two of one range are alike.
            phone=f"+79{10 + number % 40}{(number * 7654321 + seed) % 10_000_000:07}",
            records=int(draw.choice(list(RECORDS_PER_PERSON), p=list(RECORDS_PER_PERSON.values())))))
    with_relatives = [person for person in everybody if person.relative]
    for person in _some(draw, with_relatives, NOISE["family phone"] * count):
        person.phone, person.flaws = person.relative.phone, frozenset({"family phone"})
    shared = {person.phone for person in everybody if person.flaws}
    alone = [person for person in everybody if person.phone not in shared]
    both = _some(draw, alone, 2 * NOISE["recycled"] * count)
    for owner, heir in zip(both[::2], both[1::2], strict=True):
        heir.phone, heir.made, heir.flaws, owner.made = owner.phone, YOUNGER, frozenset({"recycled"}), OLDER
    return everybody


def _with_flaws(draw: np.random.Generator, told: Row, found: set[str]) -> Row:
    """What a record tells after people typed it. What was asked for as a share of all records is drawn more often among those
    that tell the attribute at all."""
    told = told | {column: None for column, missing in (("middle_name", "middle name"), ("last_name", "last name"),
                                                        ("birth_date", "birth date"), ("city", "city")) if draw.random() < MISSING[missing]}

    def happens(flaw: str, among: float = 1.0) -> bool:
        if draw.random() < (NOISE | ALSO)[flaw] / among:
            found.add(flaw)
            return True
        return False

    if happens("short name"):
        told["first_name"] = SHORT.get(told["first_name"], told["first_name"])
    if happens("typo"):
        column = "last_name" if told["last_name"] and draw.random() < 0.6 else "first_name"
        told[column] = _typo(draw, told[column])
    if happens("ё as е"):
        told |= {column: told[column] and told[column].replace("ё", "е").replace("Ё", "Е") for column in ("first_name", "last_name")}
    if told["birth_date"] and happens("wrong digit", among=1 - MISSING["birth date"]):
        told["birth_date"] = _wrong_digit(draw, told["birth_date"])
    if told["last_name"] and happens("names swapped"):
        told["first_name"], told["last_name"] = told["last_name"], told["first_name"]
    if happens("latin"):
        told |= {column: told[column] and transliterated(told[column]) for column in ("first_name", "last_name", "middle_name")}
    if happens("city spelled otherwise"):
        told["city"] = told["city"] and CITY_SPELLINGS.get(told["city"], f"г. {told['city']}")
    return told


def _contacts(draw: np.random.Generator, person: _Person) -> dict[str, str]:
    return {"phone": person.phone} | ({} if draw.random() < MISSING["mailbox"] else {"email": person.mailbox})


def _fresh_contacts(draw: np.random.Generator, seed: int, number: int) -> dict[str, str]:
    """A number, a mailbox or both that nobody else has, not even the person."""
    phone = f"+79{50 + number % 40}{(number * 7654321 + seed) % 10_000_000:07}"
    mailbox = f"q{seed}x{number}@post.example"
    chance = draw.random()
    return ({"phone": phone} if chance < 0.6 else {}) | ({"email": mailbox} if chance >= 0.4 else {})


def _typo(draw: np.random.Generator, word: str) -> str:
    """The word with one typing error behind its first letter; never the word itself."""
    typed = word
    while typed == word:
        place, kind = int(draw.integers(1, max(2, len(word) - 1))), int(draw.integers(4))
        before, letter, after = word[:place], word[place:place + 1], word[place + 1:]
        typed = (before + after, before + after[:1] + letter + after[1:], before + letter * 2 + after,
                 before + _one(draw, "оаеинтсрвл") + after)[kind]
    return typed


def _wrong_digit(draw: np.random.Generator, day: date) -> date:
    """The date with one digit wrong, of the decade, the year, the month or the day."""
    digits = f"{day:%Y%m%d}"
    while True:
        place = int(draw.integers(2, 8))
        typed = digits[:place] + str(draw.integers(10)) + digits[place + 1:]
        try:
            wrong = date(int(typed[:4]), int(typed[4:6]), int(typed[6:]))
        except ValueError:
            continue
        if wrong != day:
            return wrong


def _city(draw: np.random.Generator) -> str:
    return str(draw.choice(_CITY_NAMES, p=_CITY_SHARES))


def _some(draw: np.random.Generator, among: list[_Person], count: float) -> list[_Person]:
    """That many of them, an even number, in any order."""
    return [among[int(place)] for place in draw.choice(len(among), size=2 * round(count / 2), replace=False)]


def _one(draw: np.random.Generator, among: tuple[str, ...] | str) -> str:
    return among[int(draw.integers(len(among)))]


_CITY_NAMES = [city for city, *_ in CITIES]
_CITY_SHARES = np.array(CITY_WEIGHTS, float) / sum(CITY_WEIGHTS)
