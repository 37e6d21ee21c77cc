"""Records that are hard to know again: the flaws by which identity is measured, planted in what the vendors wrote down.

    simulate(…, hand=FlawedSpelling), `python -m sandbox serve --identity-noise`  ->  the same people and visits, written with these flaws

Off by default. Shares are of all records of the shop's own systems (RetailCRM, MoySklad, Mindbox, 1C) unless it says people: NOISE is what
the measurement asks for, never less; ALSO are spellings that a shop meets anyway; MISSING is what a record does not tell, in place of the
shares in traps.py. Everything else is the sandbox's own: who shares a household or a mailbox at work, moves, marries, gets another number
or mailbox that a vendor hears of or not, buys as a guest; contacts are as scarce as in traps.py. tests/identity counts the flaws.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from sandbox.dice import Dice
from sandbox.names import SHORT, transliterated
from sandbox.profiles import OWN, Spelling, written_phone

NOISE = {
    "alone": 0.08,  # shares no identifier with the person's other records
    "typo": 0.05,  # a letter of a name lost, doubled, swapped with its neighbour or another; six in ten in the last name
    "wrong digit": 0.03,  # of the birth date, which stays a day of the past
    "latin": 0.02,  # the names in another alphabet
    "family phone": 0.02,  # of people: theirs is a relative's number
    "recycled": 0.005,  # of people: theirs is a number that another gave up before they came
}
ALSO = {
    "short name": 0.06,
    "ё as е": 0.50,
    "names swapped": 0.01,
    "look-alike letters": 0.002,  # Latin ones that look Cyrillic, in a Cyrillic name
    "city spelled otherwise": 0.20,
    "double name": 0.30,  # of those who marry and change their name: they keep the old one before it, with a hyphen
}
MISSING = {"birth_date": 0.05, "city": 0.10, "last_name": 0.02, "middle_name": 0.50, "sex": 0.25}
# A record with a loyalty card is not alone, and a number must have been given up before somebody new can get it: how many records and
# people are left, so that of all there are as many as asked for.
WITHOUT_CARD, GIVEN_UP = 0.552, 0.6
TYPO_IN_LAST_NAME, FRESH = 0.6, {"phone": 0.6, "email": 0.6}
CITY_SPELLINGS = {"Санкт-Петербург": "СПб", "Нижний Новгород": "Н.Новгород"}  # others: «г. Москва»
LOOK_ALIKE = str.maketrans("асеорхАВСЕНКМОРТХ", "aceopxABCEHKMOPTX")
FRESH_CODES = ("952", "954", "955", "956", "957", "958", "959")  # neither of people nor of strangers
LETTERS = tuple("оаеинтсрвл")
LATEST_BIRTH = date(2012, 1, 1)


def typed(word: str, at: float, kind: int, letter: str) -> str:
    """The word with one typing error behind its first letter: two swapped, one lost, doubled or another; never the word itself."""
    place = 1 + int(at * max(1, len(word) - 2))
    before, hit, after = word[:place], word[place : place + 1], word[place + 1 :]
    made = (before + after[:1] + hit + after[1:], before + after, before + hit * 2 + after, before + letter + after)[kind]
    return made if made != word else before + after


def wrong_digit(day: date, at: float, digit: int) -> date:
    """The day with one digit wrong, of the decade, the year, the month or the day: the first from those drawn that is a day."""
    digits = f"{day:%Y%m%d}"
    for place in ((2 + (int(at * 6) + n) % 6) for n in range(6)):
        for new in (str((digit + n) % 10) for n in range(10)):
            try:
                wrong = date.fromisoformat(digits[:place] + new + digits[place + 1 :])
            except ValueError:
                continue
            if wrong != day and wrong < LATEST_BIRTH:
                return wrong
    raise ValueError(f"No digit of {day} can be wrong.")


class FlawedSpelling(Spelling):
    """A record's hand that errs as NOISE and ALSO say."""

    recycled, without_card = NOISE["recycled"] / GIVEN_UP, WITHOUT_CARD

    @staticmethod
    def of_changes(dice: Dice, changes: pd.DataFrame) -> pd.DataFrame:
        """Some of those who marry keep their name before the new one."""
        new = changes["new_value"].astype(object)
        keeps = (changes["field"] == "last_name").to_numpy() & dice.happens(ALSO["double name"], "keeps it", changes["person"].to_numpy())
        return changes.assign(new_value=new.mask(keeps, changes["old_value"].astype(object) + "-" + new))

    def __init__(self, dice: Dice, made: pd.DataFrame, key: tuple[np.ndarray, ...], folk: pd.DataFrame, changes: pd.DataFrame) -> None:
        super().__init__(dice, made, key, folk, changes)
        shares, person = NOISE | ALSO, made["person"]

        def happens(flaw: str, among: float = 1.0) -> np.ndarray:
            return dice.happens(shares[flaw] / among, f"noise: {flaw}", *key)

        def people(field: str) -> np.ndarray:
            return person.isin(set(changes.loc[changes["field"] == field, "person"])).to_numpy()

        with_card = people("card_number") & (made["slot"] == OWN).to_numpy() & (made["system"] != "mindbox").to_numpy()
        self.alone = (person >= 0).to_numpy() & ~with_card & happens("alone", self.without_card)
        self.latin, self.short, self.ye, self.look_alike = map(happens, ("latin", "short name", "ё as е", "look-alike letters"))
        self.other_city, self.typo = happens("city spelled otherwise"), happens("typo")
        for field, share in MISSING.items():
            self.gone[field] = dice.happens(share, f"noise: no {field}", *key)
        self.in_last = dice.happens(TYPO_IN_LAST_NAME, "noise: typo in the last name", *key) & ~self.gone["last_name"]
        self.typo_kind, self.letter = dice.index(4, "noise: typo kind", *key), dice.choice(LETTERS, "noise: letter", *key)
        self.digit_wrong = ~self.gone["birth_date"] & happens("wrong digit", 1 - MISSING["birth_date"])
        self.digit_at, self.digit = dice.uniform("noise: digit at", *key), dice.index(10, "noise: digit", *key)
        # A change of a name is told of its field.
        self.swapped = ~self.gone["last_name"] & ~people("last_name") & happens("names swapped")
        chance, number = dice.uniform("noise: which contact", *key), dice.bits("noise: contact", *key) % np.uint64(10**10)
        code = dice.choice(FRESH_CODES, "noise: code", *key)
        self.fresh = {"phone": np.array([f"+7{c}{int(n) % 10**7:07d}" for c, n in zip(code, number, strict=True)], dtype=object),
                      "email": np.array([f"a{int(n):010d}@post.example" for n in number], dtype=object)}
        self.gone["phone"] = np.where(self.alone, chance >= FRESH["phone"], self.gone["phone"])
        self.gone["email"] = np.where(self.alone, chance < 1 - FRESH["email"], self.gone["email"])
        self.junk, self.dummy = self.junk & ~self.alone, self.dummy & ~self.alone

    @property
    def flaws(self) -> dict[str, np.ndarray]:
        """By the names of NOISE and ALSO, which records have the flaw, those of people aside."""
        return {"alone": self.alone, "typo": self.typo, "wrong digit": self.digit_wrong, "latin": self.latin, "short name": self.short,
                "ё as е": self.ye, "names swapped": self.swapped, "look-alike letters": self.look_alike & ~self.latin,
                "city spelled otherwise": self.other_city}

    def value(self, at: int, field: str, value: str | None) -> str | None:
        if value is None or (field in self.gone and self.gone[field][at]):
            return None
        if field in self.fresh and self.alone[at]:
            return written_phone(self.fresh[field][at], self.phone_style[at]) if field == "phone" else self.fresh[field][at]
        if field == "city" and self.other_city[at]:
            return CITY_SPELLINGS.get(value, f"г. {value}")
        if field not in ("first_name", "last_name", "middle_name"):
            return super().value(at, field, value)
        if field == "first_name" and self.short[at]:
            value = SHORT.get(value, value)
        if self.typo[at] and field == ("last_name" if self.in_last[at] else "first_name"):
            value = typed(value, self.typo_at[at], self.typo_kind[at], self.letter[at])
        if self.latin[at]:
            return transliterated(value)
        if self.look_alike[at]:
            return value.translate(LOOK_ALIKE)
        return value.replace("ё", "е").replace("Ё", "Е") if self.ye[at] else value

    def written(self, made: pd.DataFrame) -> pd.DataFrame:
        made = super().written(made)
        first, last = made["first_name"].copy(), made["last_name"].copy()
        made["first_name"], made["last_name"] = first.mask(self.swapped, last), last.mask(self.swapped, first)
        born = made["birth_date"].copy()
        for at in np.flatnonzero(self.digit_wrong & born.notna().to_numpy()):
            born.iat[at] = pd.Timestamp(wrong_digit(born.iat[at].date(), self.digit_at[at], int(self.digit[at])))
        made["birth_date"] = born
        return made
