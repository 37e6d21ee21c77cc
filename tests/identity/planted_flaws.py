"""What is wrong with records, seen on the records themselves beside the truth: nothing here asks the hand that erred.

    profiles, identifiers (staging rows), record -> person, the people and their changes as they are  ->  flaw -> profile ids

The names of the flaws are those of NOISE and SHARED in sandbox/identity_noise.py. A value counts as a relative's, a colleague's or a
former owner's only if it is not the person's own.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd

from sandbox.catalogue import FIRMS_MAILBOX
from sandbox.identity_noise import LOOK_ALIKE, heads
from sandbox.names import SHORT, transliterated
from sandbox.traps import JUNK_EMAILS, TILL_DUMMY_PHONE

CYRILLIC, NO_DIGIT = re.compile("[а-яё]"), re.compile(r"\D")
AS_CYRILLIC = {latin: cyrillic for cyrillic, latin in LOOK_ALIKE.items()}


def flaws(profiles: pd.DataFrame, identifiers: pd.DataFrame, truth: Mapping[str, str], people: pd.DataFrame,
          changes: pd.DataFrame) -> dict[str, frozenset[str]]:
    """`profiles` and `identifiers` with a column record, their profile id; `changes`: person (row of `people`), field, old_value and
    new_value."""
    row_of = {person: row for row, person in enumerate(people["person_id"].tolist())}
    of_record = {record: row_of[person] for record, person in truth.items()}
    own, values = (rows.astype(object).assign(person=[of_record.get(record, -1) for record in rows["record"].tolist()])
                   for rows in (profiles, identifiers))
    own, values = own[own["person"] >= 0], values[values["person"] >= 0]
    values = values.assign(value=_tidy(values))
    values = values[~values["value"].isin({*JUNK_EMAILS, TILL_DUMMY_PHONE[-10:]})]
    return {flaw: frozenset(records) for flaw, records in (
        _misspelled(own, people, changes) | {"wrong digit": _one_digit_off(own, people), "alone": _alone(own, values)}
        | {"typo in the patronymic": _patronymic_misspelled(own, people), "like-named sibling": _like_named(own, people)}
        | _of_others(values, people, changes)).items()}


def _tidy(identifiers: pd.DataFrame) -> pd.Series:
    """Telephones by their last ten digits, everything else as written."""
    told = zip(identifiers["identifier_type"], identifiers["identifier_value"], strict=True)
    tidy = [NO_DIGIT.sub("", value)[-10:] if kind == "phone" else value for kind, value in told]
    return pd.Series(tidy, index=identifiers.index, dtype=object)


def _plain(name: str) -> str:
    """In small letters without ё, Latin letters among Cyrillic ones as what they look like."""
    if CYRILLIC.search(name.lower()):
        name = name.translate(AS_CYRILLIC)
    return name.lower().replace("ё", "е")


def _misspelled(own: pd.DataFrame, people: pd.DataFrame, changes: pd.DataFrame) -> dict[str, set[str]]:
    """Records with a name that is no spelling of the person's (but resembles it), and those in another alphabet."""
    surnames: dict[int, set[str]] = {}
    for person, name in changes.loc[changes["field"] == "last_name", ["person", "new_value"]].itertuples(index=False):
        surnames.setdefault(person, set()).add(name)
    spelled: dict[str, set[str]] = {}

    def right(names: set[str]) -> set[str]:
        made: set[str] = set()
        for name in names:
            if name not in spelled:
                spelled[name] = {_plain(name), transliterated(name).lower()}
            made |= spelled[name]
        return made

    typo, latin = set(), set()
    firsts, lasts = people["first_name"].to_numpy(), people["last_name"].to_numpy()
    columns = own[["record", "person", "first_name", "last_name"]]
    for record, person, first, last in columns.where(columns.notna(), None).itertuples(index=False):
        told = [_plain(name) for name in (first, last) if name]
        if not told:
            continue
        known = right({firsts[person], SHORT.get(firsts[person], firsts[person])}) | right({lasts[person]} | surnames.get(person, set()))
        wrong = [name for name in told if name not in known]
        if wrong and any(_resemble(name, other) for name, other in product(wrong, known)):
            typo.add(record)
        if not any(CYRILLIC.search(name) for name in told):
            latin.add(record)
    return {"typo": typo, "latin": latin}


def _patronymic_misspelled(own: pd.DataFrame, people: pd.DataFrame) -> set[str]:
    """Records with a patronymic that is not the person's, in either alphabet, but resembles it."""
    told = own.loc[own["middle_name"].notna(), ["record", "person", "middle_name"]]
    true = people["middle_name"].iloc[told["person"].to_numpy(dtype=int)]
    spelled = ((record, _plain(name), (_plain(right), transliterated(right).lower()))
               for record, name, right in zip(told["record"], told["middle_name"], true, strict=True))
    return {record for record, name, known in spelled if name not in known and any(_resemble(name, right) for right in known)}


def _like_named(own: pd.DataFrame, people: pd.DataFrame) -> set[str]:
    """Records of people who have surname, patronymic and sex of the first of their family, and a first name of as many letters in common
    as leave no more than two of each."""
    head = heads(people)
    same = (people["middle_name"].to_numpy() == people["middle_name"].to_numpy()[head]) & (head != np.arange(len(people)))
    alike = [_letters_left(one, other) <= 2 and one != other for one, other in
             zip(people["first_name"], people["first_name"].to_numpy()[head], strict=True)]
    is_sibling = same & alike & (people["last_name"].to_numpy() == people["last_name"].to_numpy()[head])
    return set(own.loc[is_sibling[own["person"].to_numpy(dtype=int)], "record"])


def _letters_left(one: str, other: str) -> int:
    """How many letters of the longer word the other lacks."""
    counts = Counter(transliterated(one).lower()), Counter(transliterated(other).lower())
    return max((counts[0] - counts[1]).total(), (counts[1] - counts[0]).total())


def _resemble(one: str, other: str) -> bool:
    """A letter lost, doubled, another or swapped: what stands before it and after it is the same."""
    before = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    after = next((n for n, (a, b) in enumerate(zip(one[::-1], other[::-1], strict=False)) if a != b), min(len(one), len(other)))
    return max(len(one), len(other)) - before - after <= (2 if CYRILLIC.search(one) else 5)


def _one_digit_off(own: pd.DataFrame, people: pd.DataFrame) -> set[str]:
    told = pd.to_datetime(own["birth_date"])
    true = people["birth_date"].iloc[own["person"].to_numpy(dtype=int)].set_axis(own.index)
    wrong = told.notna() & (told != true)
    digits = [[f"{day:%Y%m%d}" for day in days[wrong]] for days in (told, true)]
    off = [sum(x != y for x, y in zip(a, b, strict=True)) == 1 for a, b in zip(*digits, strict=True)]
    return set(own.loc[wrong, "record"][off])


def _alone(own: pd.DataFrame, values: pd.DataFrame) -> set[str]:
    """Of people with several records those that share neither a value with another of theirs nor tell its id."""
    counted = values.groupby(["person", "identifier_type", "value"])["record"].transform("nunique")
    named = values[values["identifier_type"] == "source_record"]
    tied = set(values.loc[counted > 1, "record"]) | set(named["record"]) | set("retailcrm:main:" + named["value"])
    several = own.groupby("person")["record"].transform("size") > 1
    return set(own.loc[several, "record"]) - tied


def _of_others(values: pd.DataFrame, people: pd.DataFrame, changes: pd.DataFrame) -> dict[str, set[str]]:
    """Records that show what a relative, a colleague or a former owner of the number has."""
    head = heads(people)
    family = people["family_id"].to_numpy(dtype=object)
    given_up = changes[changes["field"] == "phone"]
    left_by = {number[-10:]: who for number, who in given_up[["old_value", "person"]].itertuples(index=False)}
    phones = np.array([number[-10:] for number in people["phone"].tolist()], dtype=object)
    kind, value, person = values["identifier_type"].to_numpy(), values["value"].to_numpy(), values["person"].to_numpy(dtype=int)
    is_first = person == head[person]
    numbers = kind == "phone"
    relatives = numbers & ~is_first & (value == phones[head[person]])
    former = np.array([left_by.get(number, owner) if told else owner for number, owner, told in zip(value, person, numbers, strict=True)])
    recycled = numbers & (former != person) & (family[former] != family[person]) & ~relatives
    cards = changes[changes["field"] == "card_number"].sort_values("changed_at", kind="stable").drop_duplicates("new_value")
    card_of = dict(zip(cards["new_value"], cards["person"], strict=True))
    lent = (kind == "loyalty_card") & (np.array([card_of.get(card, owner) for card, owner in zip(value, person, strict=True)]) != person)
    mail = values[kind == "email"].assign(family=family[person[kind == "email"]])
    comes_first = is_first[kind == "email"]
    at_home, of_first = mail[~comes_first], mail[comes_first]
    shown = set(zip(of_first["family"], of_first["value"], strict=True))
    at_home = at_home[[pair in shown for pair in zip(at_home["family"], at_home["value"], strict=True)]]
    outside = mail[~mail["value"].str.startswith(FIRMS_MAILBOX)]
    outside = outside.assign(home=outside["family"].fillna(outside["person"].astype(str)))
    at_work = outside[outside.groupby("value")["home"].transform("nunique") > 1]
    record = values["record"].to_numpy()
    return {"family phone": set(record[relatives]), "recycled": set(record[recycled]), "lent card": set(record[lent]),
            "family mailbox": set(at_home["record"]), "mailbox at work": set(at_work["record"])}
