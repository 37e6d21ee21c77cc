"""Records that are hard to know again: the flaws by which identity is measured, planted in what the vendors wrote down.

    simulate(…, hand=FlawedSpelling), `python -m sandbox serve --identity-noise`  ->  the same people and visits, written with these flaws

Of the people themselves only names, and of siblings the birth dates, are others: NEUTRAL and "like-named sibling".

Off by default. Shares are of all records of the shop's own systems (RetailCRM, MoySklad, Mindbox, 1C) unless it says people: NOISE is what
the measurement asks for, never less; ALSO are spellings that a shop meets anyway; MISSING is what a record does not tell, in place of the
shares in traps.py. Everything else is the sandbox's own: who shares a household, moves, marries, gets another number or mailbox that a
vendor hears of or not, buys as a guest; contacts are as scarce as in traps.py. tests/identity counts the flaws on the records.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from sandbox import traps
from sandbox.dice import Dice
from sandbox.names import SHORT, transliterated
from sandbox.profiles import OWN, Spelling, written_phone

NOISE = {
    "alone": 0.08,  # shares no identifier with the person's other records
    "typo": 0.05,  # a letter of a name lost, doubled, swapped with its neighbour or another; six in ten in the last name
    "typo in the patronymic": 0.01,
    "wrong digit": 0.03,  # of the birth date, which stays a day of the past
    "latin": 0.02,  # the names in another alphabet
    "family phone": 0.02,  # the number on it is a relative's
    "recycled": 0.005,  # the number on it is one that another gave up before this person came
}
SHARED = {  # as NOISE, of people; what a family or an office has in common
    "family mailbox": 0.04,  # theirs is that of husband or wife, of a parent or child
    "mailbox at work": 0.01,  # theirs is a mailbox that up to three colleagues use too and no company record holds
    "lent card": 0.015,  # they have none and show a relative's
    "like-named sibling": 0.01,  # twin (every other) or sister or brother of one patronymic whose first name sounds a letter apart
}
ALSO = {
    "short name": 0.06,
    "ё as е": 0.50,
    "names swapped": 0.01,
    "look-alike letters": 0.002,  # Latin ones that look Cyrillic, in a Cyrillic name
    "city spelled otherwise": 0.20,
    "double name": 0.30,  # of those who marry and change their name: they keep the old one before it, with a hyphen
}
# Surnames that have one form for men and women, in place of some that tell them apart: of families, as many as these are of all.
NEUTRAL = {"Павлов": "Павленко", "Степанов": "Степаненко", "Макаров": "Макаренко", "Захаров": "Захарчук", "Яковлев": "Яковенко",
           "Романов": "Романюк", "Кузьмин": "Кузьменко", "Тарасов": "Тарасенко", "Миронов": "Мироненко", "Мельников": "Мельник",
           "Назаров": "Назаренко", "Климов": "Клименко", "Гончаров": "Гончар", "Ефимов": "Ефименко", "Семёнов": "Семенюк",
           "Абрамов": "Абрамян", "Марков": "Марченко", "Давыдов": "Давидян"}
LIKE_NAMED = {"Мария": "Дарья", "Дарья": "Мария", "Марина": "Мария", "Алина": "Арина", "Ирина": "Арина", "Галина": "Алина", "Анна": "Яна",
              "Ксения": "Есения", "Иван": "Ян", "Егор": "Игорь"}
MISSING = {"birth_date": 0.05, "city": 0.10, "last_name": 0.02, "middle_name": 0.50, "sex": 0.25}
# A record with a loyalty card is not alone, and a number must have been given up before somebody new can get it: how many records and
# people are left, so that of all there are as many as asked for.
WITHOUT_CARD, GIVEN_UP = 0.544, 0.65
TELLS_NUMBER = 0.72  # of people's records: neither alone nor without a number, nor with another that came later
IN_A_FAMILY, ON_THEIR_OWN = 0.098, 0.62  # of people: a relative came before them; are of no family and tell a mailbox
# Of those with a relative before them: could be husband or wife, parent or child.
MARRIED_OR_PARENT, A_GENERATION = 0.76, np.timedelta64(18 * 365, "D")
COLLEAGUES = 4
LIKE_NAMED_ELDER, AT_ONE_MAILBOX = 0.0195, 0.6  # of people: are of such a name's family, next after it; siblings at one mailbox
SEEN_IN_MIDDLE = 0.95  # of typing errors in a patronymic: are none in the other alphabet's way of writing it
CAN_BORROW = 0.0325  # of people: in a family, without a card, a relative has one, and a till or the CRM knows them
SHOWN_BY_BOTH = 0.66  # of those who share a mailbox at home: one record of each shows it
SURPLUS = 1.06  # so that by chance nothing is planted less often than it is asked for
TYPO_IN_LAST_NAME, FRESH = 0.6, {"phone": 0.6, "email": 0.6}
CITY_SPELLINGS = {"Санкт-Петербург": "СПб", "Нижний Новгород": "Н.Новгород"}  # others: «г. Москва»
LOOK_ALIKE = str.maketrans("асеорхАВСЕНКМОРТХ", "aceopxABCEHKMOPTX")
FRESH_CODES = ("952", "954", "955", "956", "957", "958", "959")  # neither of people nor of strangers
DESKS = ("snab", "hr", "kadry", "sklad")  # no role mailbox of the seed junk_identifiers
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


def without_sex(surnames: pd.Series) -> pd.Series:
    """The surnames with those of NEUTRAL in their place, of men and women."""
    return surnames.replace(NEUTRAL | {f"{root}а": neutral for root, neutral in NEUTRAL.items()})


def with_siblings(dice: Dice, folk: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Some of those who came next after the first of their family are a sister or brother, every other one a twin; and who they are."""
    key, head = np.arange(len(folk)), heads(folk)
    elder = folk.iloc[head].set_axis(folk.index)
    named = elder["first_name"].map(LIKE_NAMED)
    siblings = (head == key - 1) & named.notna().to_numpy()
    siblings &= dice.happens(SURPLUS * SHARED["like-named sibling"] / LIKE_NAMED_ELDER, "noise: sibling", key)
    apart = (300 + 1500 * dice.uniform("noise: years between", key)).astype("timedelta64[D]")
    born = elder["birth_date"] - np.where(dice.happens(0.5, "noise: twin", key), np.timedelta64(0, "D"), apart)
    told = elder.assign(first_name=named, birth_date=born.astype(folk["birth_date"].dtype))
    same = ["first_name", "last_name", "middle_name", "sex", "birth_date"]
    return folk.assign(**{field: folk[field].mask(siblings, told[field]) for field in same}), siblings


def heads(folk: pd.DataFrame) -> np.ndarray:
    """The row number of the first of each person's family, whose household it was; their own where they are first or have none."""
    key = pd.Series(np.arange(len(folk)), index=folk.index)
    return key.groupby(folk["family_id"].fillna(folk["person_id"])).transform("min").to_numpy()


class FlawedSpelling(Spelling):
    """A record's hand that errs as NOISE and ALSO say."""

    recycled, without_card = NOISE["recycled"] / GIVEN_UP / TELLS_NUMBER, WITHOUT_CARD

    @staticmethod
    def of_people(dice: Dice, folk: pd.DataFrame) -> pd.DataFrame:
        """Some have a surname without a sex, some are siblings of names alike, some more have the telephone of the first of their family,
        some the mailbox, and colleagues share one."""
        folk, siblings = with_siblings(dice, folk.assign(last_name=without_sex(folk["last_name"])))
        key, head = np.arange(len(folk)), heads(folk)
        follows = head != key
        phone, email = (folk[field].to_numpy(dtype=object).copy() for field in ("phone", "email"))
        calls = follows & (phone != phone[head])
        wanted = (NOISE["family phone"] / TELLS_NUMBER / IN_A_FAMILY - traps.SHARED_FAMILY_PHONE) / (1 - traps.SHARED_FAMILY_PHONE)
        calls &= dice.happens(wanted, "noise: family phone", key)
        sex, born = folk["sex"].to_numpy(), folk["birth_date"].to_numpy()
        close = follows & ((sex != sex[head]) | (abs(born - born[head]) >= A_GENERATION))
        at_home = SHARED["family mailbox"] / SHOWN_BY_BOTH / IN_A_FAMILY / MARRIED_OR_PARENT
        writes = close & dice.happens(at_home, "noise: family mailbox", key)
        writes |= siblings & dice.happens(min(AT_ONE_MAILBOX, 15 * SHARED["family mailbox"]), "noise: one mailbox", key)
        on_their_own = folk["family_id"].isna().to_numpy()
        works = on_their_own & dice.happens(SHARED["mailbox at work"] / ON_THEIR_OWN, "noise: mailbox at work", key)
        phone[calls] = phone[head[calls]]
        email[works] = [f"{DESKS[n // COLLEAGUES % len(DESKS)]}@zavod{n // COLLEAGUES}.example" for n in range(int(works.sum()))]
        email[writes] = email[head[writes]]
        return folk.assign(phone=phone, email=email)

    @staticmethod
    def of_cards(dice: Dice, folk: pd.DataFrame, cards: pd.DataFrame) -> pd.DataFrame:
        """Some who have no card show, some weeks after it was given, the first card of a relative: of the first of their family; of
        that one, of the next."""
        key, head = np.arange(len(folk)), heads(folk)
        following = np.minimum(key + 1, len(folk) - 1)
        relative = np.where(head != key, head, np.where((head[following] == key) & (following != key), following, -1))
        given = cards[cards["old_value"].isna()].drop_duplicates("person").set_index("person")
        borrows = np.isin(relative, given.index) & ~np.isin(key, given.index)
        borrows &= dice.happens(SHARED["lent card"] / CAN_BORROW, "noise: lent card", key)
        lent = given.loc[relative[borrows]].assign(person=key[borrows]).reset_index(drop=True)
        wait = (86400 * dice.exponential(40.0, "noise: lent after", key[borrows])).astype("timedelta64[s]")
        return pd.concat([cards, lent.assign(changed_at=lent["changed_at"] + wait)[cards.columns]], ignore_index=True)

    @staticmethod
    def of_changes(dice: Dice, changes: pd.DataFrame) -> pd.DataFrame:
        """Some of those who marry keep their name before the new one, which may tell no sex."""
        new, marries = changes["new_value"].astype(object), changes["field"] == "last_name"
        new = new.mask(marries, without_sex(new))
        keeps = marries.to_numpy() & dice.happens(ALSO["double name"], "keeps it", changes["person"].to_numpy())
        return changes.assign(new_value=new.mask(keeps, changes["old_value"].astype(object) + "-" + new))

    def __init__(self, dice: Dice, made: pd.DataFrame, key: tuple[np.ndarray, ...], folk: pd.DataFrame, changes: pd.DataFrame) -> None:
        super().__init__(dice, made, key, folk, changes)
        shares, person = NOISE | ALSO, made["person"]

        def happens(flaw: str, among: float = 1.0) -> np.ndarray:
            return dice.happens(shares[flaw] * (SURPLUS if flaw in NOISE else 1.0) / among, f"noise: {flaw}", *key)

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
        told_middle = ~self.gone["middle_name"]
        self.typo_in_middle = told_middle & happens("typo in the patronymic", (1 - MISSING["middle_name"]) * SEEN_IN_MIDDLE)
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
        return {"alone": self.alone, "typo": self.typo, "typo in the patronymic": self.typo_in_middle, "wrong digit": self.digit_wrong,
                "latin": self.latin, "short name": self.short,
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
        if field == "middle_name" and self.typo_in_middle[at]:
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
