"""How each vendor came to know the people, and how it wrote them down: the records with their noise.

    people, visits, enrolments -> needs (which record, when made) -> profiles, profile_changes; record ids for the orders

A record's slot says what it is: 0 the person's own, n + 1 the guest checkout of the nth order, -1 a second subscription.
`profiles` holds the last value of each field, `profile_changes` what it was before.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import traps
from sandbox.dice import Dice
from sandbox.names import SHORT, transliterated
from sandbox.world import PROFILE_FIELDS

OWN, DUPLICATE = 0, -1
SYSTEMS = ("retailcrm", "moysklad", "mindbox", "usedesk", "calltouch", "one_c")  # the place is a key of the dice: append only
FIRST_ID = {"retailcrm": 1, "mindbox": 100_001}
UUID_OF = {"moysklad": "counterparty", "one_c": "partner"}  # by the purpose it is drawn for
PLACEHOLDER_NAME = "Розничный покупатель"
LAG = {"retailcrm": np.timedelta64(0, "s"), "moysklad": np.timedelta64(20, "h"), "mindbox": np.timedelta64(70, "m")}
LAG |= {"usedesk": np.timedelta64(3, "h"), "calltouch": np.timedelta64(5, "h"), "one_c": np.timedelta64(30, "h")}


def written_phone(number: str, style: int) -> str:
    """+79161234567 in one of the five ways of traps.PHONE_FORMATS."""
    code, a, b, c = number[2:5], number[5:8], number[8:10], number[10:12]
    return (f"+7 ({code}) {a}-{b}-{c}", f"8 {code} {a}-{b}-{c}", f"7{code}{a}{b}{c}", number, f"8({code}){a}{b}{c}")[style]


def typo(name: str, at: float, swap: bool) -> str:
    """The name with two letters swapped or one lost, never the first."""
    place = 1 + int(at * max(1, len(name) - 2))
    if swap:
        return name[:place] + name[place + 1 : place + 2] + name[place] + name[place + 2 :]
    return name[:place] + name[place + 1 :]


def records(
    dice: Dice, needs: pd.DataFrame, folk: pd.DataFrame, changes: pd.DataFrame, firms: pd.DataFrame, *, begins: np.datetime64,
    hand: type[Spelling] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`needs`: system, person (row of `folk`; -1 firm, -2 test, -3 placeholder), slot, created_at, contact, firm.

    A contact is both, phone, email or messenger. A record_id, where the system numbers its records itself (sandbox/clients.py), is kept.
    `hand` writes the records (Spelling unless it says otherwise).

    -> the profiles (with the keys person, slot and firm beside the published columns) and their changes.
    """
    made = needs.sort_values(["created_at", "person", "slot", "firm"], kind="stable").reset_index(drop=True)
    made = made[made["created_at"] >= begins].reset_index(drop=True)
    made["record_id"] = made["record_id"].astype(object) if "record_id" in made else _record_ids(dice, made)
    real = made["person"].to_numpy() >= 0
    who = np.maximum(made["person"].to_numpy(), 0)
    key = (
        made["system"].map({s: n for n, s in enumerate(SYSTEMS)}).to_numpy(),
        made["person"].to_numpy(),
        made["slot"].to_numpy(),
        made["firm"].to_numpy(),
    )
    for column in ("first_name", "last_name", "middle_name", "email", "phone", "city", "region", "address", "sex", "birth_date"):
        made[column] = folk[column].to_numpy()[who]
    made["card_number"] = made["company_id"] = pd.Series([None] * len(made), dtype=object)
    spelling = (hand or Spelling)(dice, made, key, folk, changes)
    made["kind"] = np.where(folk["is_employee"].to_numpy()[who] & (made["system"] != "mindbox"), "employee", "person")
    made["person_id"] = pd.Series(np.where(real, folk["person_id"].to_numpy()[who], None), dtype=object)
    changed = _apply(dice, made, key, changes, spelling)
    made = spelling.written(made)
    changed = changed[changed["old_value"].notna() | (changed["field"] == "card_number")]
    _others(made, real, firms)
    _merge(dice, made, key, spelling.alone)
    _cross_ids(dice, made, key, spelling.alone)
    registered = real & (made["system"] == "retailcrm") & (made["slot"] == OWN)
    made["external_id"] = pd.Series(np.where(registered, [f"shop-{w + 1:06d}" for w in who], None), dtype=object)
    made["site"] = np.where(made["system"] == "retailcrm", "omnimart-ru", None)
    made["is_guest"] = real & (made["slot"] != OWN)
    return made, changed.sort_values(["changed_at", "person", "slot"], kind="stable").reset_index(drop=True)


def _record_ids(dice: Dice, made: pd.DataFrame) -> pd.Series:
    ids = pd.Series([None] * len(made), dtype=object)
    for system, first in FIRST_ID.items():
        hit = np.flatnonzero(made["system"] == system)
        ids.iloc[hit] = [first + n for n in range(len(hit))]
    for system, purpose in UUID_OF.items():
        hit = np.flatnonzero(made["system"] == system)
        part = made.iloc[hit]
        ids.iloc[hit] = dice.uuids(purpose, part["person"].to_numpy(), part["slot"].to_numpy(), part["firm"].to_numpy())
    return ids


class Spelling:
    """One record's hand: how it writes names and phones, and what it leaves out; the same for old and new values. Whoever is `alone` is
    tied to no other record of the person. `recycled` is the share of people who got a number that another gave up."""

    recycled = traps.RECYCLED_NUMBER

    @staticmethod
    def of_people(dice: Dice, folk: pd.DataFrame) -> pd.DataFrame:
        """The people with the contacts that they share from the start; theirs as drawn."""
        return folk

    @staticmethod
    def of_cards(dice: Dice, folk: pd.DataFrame, cards: pd.DataFrame) -> pd.DataFrame:
        """Who shows which card from when on: each their own."""
        return cards

    @staticmethod
    def of_changes(dice: Dice, changes: pd.DataFrame) -> pd.DataFrame:
        """The people's changes as they happen; married names may be double."""
        return changes

    def __init__(self, dice: Dice, made: pd.DataFrame, key: tuple[np.ndarray, ...], folk: pd.DataFrame, changes: pd.DataFrame) -> None:
        system = made["system"]
        self.alone = np.zeros(len(made), dtype=bool)

        def share(shares: dict[str, float]) -> np.ndarray:
            return system.map(shares).to_numpy()

        self.latin = dice.happens(traps.TRANSLITERATED_NAME, "latin", *key)
        self.short = dice.happens(traps.SHORT_NAME, "short name", *key)
        self.ye = dice.happens(traps.YO_WRITTEN_AS_YE, "ye", *key)
        self.typo = dice.happens(traps.NAME_TYPO, "typo", *key)
        self.typo_at, self.swap = dice.uniform("typo at", *key), dice.happens(0.5, "typo swap", *key)
        self.phone_style = dice.index(5, "phone style", *key)
        email_gone = dice.happens(share(traps.MISSING_EMAIL), "no email", *key) | (made["contact"] == "phone").to_numpy()
        phone_gone = dice.happens(share(traps.MISSING_PHONE), "no phone", *key) | (made["contact"] == "email").to_numpy()
        email_gone &= (made["contact"] != "email").to_numpy()
        phone_gone &= ~email_gone  # a record has at least one contact: the shop asks until it gets one
        messenger = (made["contact"] == "messenger").to_numpy()  # the messenger tells neither
        email_gone, phone_gone = email_gone | messenger, phone_gone | messenger
        member = made["is_member"].to_numpy()
        self.gone = {
            "email": email_gone,
            "phone": phone_gone,
            "last_name": dice.happens(share(traps.MISSING_LAST_NAME), "no last name", *key),
            "middle_name": dice.happens(share(traps.MISSING_MIDDLE_NAME), "no middle name", *key),
            "birth_date": dice.happens(share(traps.MISSING_BIRTH_DATE), "no birth date", *key) & ~member,
            "sex": dice.happens(0.25, "no sex", *key),
            "address": dice.happens(0.35, "no address", *key) | (system != "retailcrm").to_numpy(),
            "city": dice.happens(0.15, "no city", *key),
            "region": dice.happens(0.25, "no region", *key),
        }
        self.junk = dice.happens(share(traps.JUNK_EMAIL), "junk email", *key) & ~email_gone
        self.junk_as = dice.choice(traps.JUNK_EMAILS, "which junk", *key)
        at_till = (system == "moysklad").to_numpy() & made["at_till"].to_numpy()
        self.dummy = at_till & dice.happens(traps.TILL_DUMMY_PHONE_SHARE, "dummy phone", *key) & ~phone_gone & ~member

    def value(self, at: int, field: str, value: str | None) -> str | None:
        """The value as record number `at` writes it."""
        if value is None or (field in self.gone and self.gone[field][at]):
            return None
        if field == "phone":
            return written_phone(traps.TILL_DUMMY_PHONE if self.dummy[at] else value, self.phone_style[at])
        if field == "email":
            return str(self.junk_as[at]) if self.junk[at] else value
        if field in ("first_name", "last_name", "middle_name"):
            if field == "first_name" and self.short[at]:
                value = SHORT.get(value, value)
            if field == "last_name" and self.typo[at]:
                value = typo(value, self.typo_at[at], self.swap[at])
            if self.latin[at]:
                return transliterated(value)
            return value.replace("ё", "е").replace("Ё", "Е") if self.ye[at] else value
        return value

    def written(self, made: pd.DataFrame) -> pd.DataFrame:
        plain = {}
        for column in ("first_name", "last_name", "middle_name", "email", "phone", "city", "region", "address"):
            plain[column] = pd.Series(
                [self.value(at, column, v) for at, v in enumerate(made[column].astype(object).where(made[column].notna(), None))],
                dtype=object,
            )
        plain["sex"] = made["sex"].astype(object).mask(self.gone["sex"], None)
        plain["birth_date"] = made["birth_date"].mask(self.gone["birth_date"])
        return made.assign(**plain)


def _apply(dice: Dice, made: pd.DataFrame, key: tuple[np.ndarray, ...], changes: pd.DataFrame, spelling: Spelling) -> pd.DataFrame:
    """Carry the people's changes into their own records, as far as each vendor hears of them; cards always, at enrolment."""
    own = {(s, p): at for at, (s, p, n) in enumerate(zip(made["system"], made["person"], made["slot"], strict=True)) if n == OWN}
    values = {name: made[name].astype(object).to_numpy().copy() for name in PROFILE_FIELDS}
    created, record_ids = made["created_at"].to_numpy(), made["record_id"].to_numpy()
    kinds = {name: n for n, name in enumerate(PROFILE_FIELDS)}
    reach = {
        (s, c): bool(h)
        for s in SYSTEMS
        for c, h in enumerate(
            dice.happens(traps.CHANGE_REACHES[s], f"{s} hears", changes["person"].to_numpy(), changes["field"].map(kinds).to_numpy() // 5)
        )
    }
    written: list[dict[str, object]] = []
    for number, (person, name, when, new, always) in enumerate(
        changes[["person", "field", "changed_at", "new_value", "always"]].itertuples(index=False)
    ):
        for system in SYSTEMS:
            at = own.get((system, person))
            if at is None or (name == "card_number" and system == "mindbox"):
                continue
            moment = when.to_datetime64() + (LAG[system] if name != "card_number" else LAG["retailcrm"])
            if moment <= created[at]:
                values[name][at] = new
            elif always or reach[system, number]:
                before, after = spelling.value(at, name, values[name][at]), spelling.value(at, name, new)
                values[name][at] = new
                if before != after:
                    written.append(
                        {
                            "system": system,
                            "record_id": record_ids[at],
                            "changed_at": moment,
                            "field": name,
                            "old_value": before,
                            "new_value": after,
                            "person": person,
                            "slot": OWN,
                        }
                    )
    for name in PROFILE_FIELDS:
        made[name] = pd.Series(values[name], dtype=object)
    return pd.DataFrame(written, columns=["system", "record_id", "changed_at", "field", "old_value", "new_value", "person", "slot"])


def _others(made: pd.DataFrame, real: np.ndarray, firms: pd.DataFrame) -> None:
    """Firms, tests and the placeholder are written as they are."""
    personal = ["first_name", "last_name", "middle_name", "email", "phone", "city", "region", "address", "sex"]
    made.loc[~real, personal] = None
    made.loc[~real, "birth_date"] = pd.NaT
    person = made["person"].to_numpy()
    firm = person == -1
    theirs = firms.iloc[made["firm"].to_numpy()[firm]]
    written = {"kind": "company", "first_name": theirs["name"].to_numpy(dtype=object)}
    written |= {name: theirs[name].to_numpy(dtype=object) for name in ("email", "phone", "city", "region", "address", "company_id")}
    test = {"kind": "test", "first_name": "Тест", "last_name": "Тестов", "email": traps.JUNK_EMAILS[0], "phone": traps.TILL_DUMMY_PHONE}
    for hit, columns in (firm, written), (person == -2, test), (person < -2, {"kind": "placeholder", "first_name": PLACEHOLDER_NAME}):
        for column, values in columns.items():
            made.loc[hit, column] = values


def _merge(dice: Dice, made: pd.DataFrame, key: tuple[np.ndarray, ...], alone: np.ndarray) -> None:
    """Some guest records and second subscriptions are later combined into the person's own record."""
    own = made.loc[~alone & (made["slot"] == OWN).to_numpy(), ["system", "person", "record_id", "created_at"]]
    own = {(s, p): (r, t) for s, p, r, t in own.itertuples(index=False)}
    chance = made["system"].map({"retailcrm": traps.COMBINED_RECORD, "mindbox": traps.MINDBOX_MERGED, "moysklad": 0.0}).to_numpy()
    hit = ~alone & (made["person"] >= 0).to_numpy() & (made["slot"] != OWN).to_numpy() & dice.happens(chance, "combined", *key)
    wait = ((1 + dice.exponential(20.0, "combined after", *key)) * 86400).astype("timedelta64[s]")
    into, when = [None] * len(made), np.full(len(made), np.datetime64("NaT", "us"))
    for at in np.flatnonzero(hit):
        name = (made["system"].iat[at], made["person"].iat[at])
        if name in own:
            into[at] = own[name][0]
            when[at] = max(made["created_at"].iat[at], own[name][1]).to_datetime64() + wait[at]
    made["merged_into"], made["merged_at"] = pd.Series(into, dtype=object), when


def _cross_ids(dice: Dice, made: pd.DataFrame, key: tuple[np.ndarray, ...], alone: np.ndarray) -> None:
    """Mindbox knows the retailcrm id of most of the customers that retailcrm had before it."""
    own = made[~alone & (made["system"] == "retailcrm") & (made["slot"] == OWN) & (made["person"] >= 0)].set_index("person")
    wanted = (
        (made["system"] == "mindbox").to_numpy()
        & (made["slot"] == OWN).to_numpy()
        & ~alone
        & dice.happens(traps.MINDBOX_KNOWS_RETAILCRM_ID, "cross id", *key)
    )
    earlier = own["created_at"].reindex(made["person"]).to_numpy() <= made["created_at"].to_numpy()
    ids = made["person"].map(own["record_id"])
    made["retailcrm_id"] = pd.array([i if w else None for i, w in zip(ids, wanted & earlier, strict=True)], dtype="Int64")
