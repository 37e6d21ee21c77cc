"""People for measuring identity: the sandbox's, as its vendors wrote them down with the flaws that the measurement plants.

    seed  ->  sandbox (identity_noise)  ->  staging rows for IdentityProject, record -> person, the flaws of each record

Twenty thousand of the sandbox's people have met the retailer by its clock; their records in RetailCRM, MoySklad and Mindbox are taken as
they stood then, with the identifiers that staging reads off them (telephone, mailbox, loyalty card, the CRM's id in Mindbox), written as
the vendor writes them. The truth is World.truth(). Left out is what orders and tickets alone bring, unless asked for: 1C, the help desk,
call tracking (whole_population.py); and what a vendor has merged itself, so that no link is given away. Look at some:
`python -c "from tests.identity.planted_people import planted; print(planted(1, people=5))"`
"""
from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from sandbox.dice import Dice
from sandbox.identity_noise import FlawedSpelling
from sandbox.retailer import simulate
from sandbox.world import ACCOUNT, World
from tests.identity.planted_flaws import flaws

SYSTEMS = ("retailcrm", "moysklad", "mindbox")
FROM_FACTS = ("one_c", "usedesk", "calltouch")  # what orders, tickets and calls alone bring
ONE_FIELD = {"one_c": ("last_name", "first_name", "middle_name"), "usedesk": ("first_name", "last_name"),
             "calltouch": ("first_name", "last_name")}  # systems that tell the whole name as one
UNTIL = datetime(2026, 10, 31, 23, tzinfo=UTC)
IDENTIFIERS = {"phone": ("phone", None), "email": ("email", None), "card_number": ("loyalty_card", None),
               "retailcrm_id": ("source_record", "retailcrmId"), "messenger_id": ("messenger", None)}
WITHOUT_CARD_WHOLE = 0.492  # of the records of the shop's systems with 1C, all of which show a card there
WITH_UNSEEN = 1.05  # some of the retailer's people have bought without a name only
TOLD = ("first_name", "last_name", "middle_name", "full_name", "sex", "city", "birth_date")


@dataclass(frozen=True)
class Planted:
    """Staging rows of `profiles` and `identifiers`; the person of each profile id; the profile ids that have each flaw, as the records
    themselves show it beside the truth (planted_flaws.py)."""

    profiles: pd.DataFrame
    identifiers: pd.DataFrame
    truth: dict[str, str]
    flawed: dict[str, frozenset[str]]

    @property
    def staged(self) -> dict[str, Any]:
        """What IdentityProject.stage takes."""
        return {"profiles": self.profiles, "identifiers": self.identifiers, "profile_merges": (), "consents": (), "segments": ()}

    def share(self, flaw: str) -> float:
        """How many of the people's records have this flaw."""
        return len(self.flawed[flaw] & self.truth.keys()) / len(self.truth)

    def share_of_people(self, flaw: str) -> float:
        """How many people have a record with this flaw."""
        return len({self.truth[record] for record in self.flawed[flaw] & self.truth.keys()}) / len(set(self.truth.values()))

    def missing(self) -> dict[str, float]:
        """How many of the people's records do not tell it, by column."""
        own = self.profiles[ids(self.profiles).isin(list(self.truth))]
        return {column: float(own[column].isna().mean()) for column in ("birth_date", "city", "last_name", "middle_name", "sex")}


def planted(seed: int, *, people: int = 20_000, whole: bool = False) -> Planted:
    """The records of `people` people and a few more; the same for the same seed. `whole`: those FROM_FACTS too, as their staging reads
    them, which takes ten times as long."""
    world, changes = _written(seed, round(people * WITH_UNSEEN), whole)
    systems = (*SYSTEMS, *FROM_FACTS) if whole else SYSTEMS
    stood = pd.concat([world.profiles_at(system, UNTIL) for system in systems], ignore_index=True)
    stood = stood[stood["merged_into"].isna() & stood["kind"].isin(["person", "employee", "company", "stranger"])]
    for system, names in ((system, ONE_FIELD[system]) for system in systems if system in ONE_FIELD):
        theirs = stood["system"] == system
        full = stood.loc[theirs, list(names)].fillna("").agg(" ".join, axis=1).str.split().str.join(" ")
        stood.loc[theirs, "full_name"] = full.where(full != "")
        stood.loc[theirs, ["first_name", "last_name", "middle_name", "city"]] = None
    made = stood["created_at"].dt.floor("s")
    key = {"source_system": stood["system"], "source_account": ACCOUNT, "source_record_id": stood["record_id"].astype(str)}
    kind = np.where(stood["kind"] == "company", "company", "person")
    profiles = stood.reindex(columns=TOLD).assign(**key, kind=kind, created_at=made)
    identifiers = [
        pd.DataFrame(key | {"identifier_type": kind, "identifier_namespace": namespace, "first_seen_at": made, "last_seen_at": made,
                            "identifier_value": stood[column].astype(object).where(stood[column].notna(), None)})
        for column, (kind, namespace) in IDENTIFIERS.items()]
    told = pd.concat(identifiers, ignore_index=True).dropna(subset="identifier_value")
    shown = set(ids(profiles))
    known = world.truth()
    truth = {record: person for record, person in zip(ids(known), known["person_id"], strict=True) if record in shown}
    told = told.astype({"identifier_value": str})
    return Planted(profiles, told, truth, flaws(profiles.assign(record=ids(profiles)), told.assign(record=ids(told)), truth,
                                                world.people, changes))


def _written(seed: int, people: int, whole: bool) -> tuple[World, pd.DataFrame]:
    """The sandbox's people with their records, and what changes in their lives (person, field, old_value, new_value)."""
    told: list[pd.DataFrame] = []

    class Seen(FlawedSpelling):
        without_card = WITHOUT_CARD_WHOLE if whole else FlawedSpelling.without_card

        def __init__(self, dice: Dice, made: pd.DataFrame, key: Any, folk: pd.DataFrame, changes: pd.DataFrame) -> None:
            told.append(changes)
            super().__init__(dice, made, key, folk, changes)

    world = simulate(until=UNTIL, seed=seed, customers=people, hand=Seen, people_alone=not whole)
    return world, told[0]


def ids(rows: pd.DataFrame) -> pd.Series:
    """The profile id of each row."""
    return rows["source_system"] + ":" + rows["source_account"] + ":" + rows["source_record_id"]
