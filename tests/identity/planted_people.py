"""People for measuring identity: the sandbox's, as its vendors wrote them down with the flaws that the measurement plants.

    seed  ->  sandbox (identity_noise)  ->  staging rows for IdentityProject, record -> person, the flaws of each record

Twenty thousand of the sandbox's people have met the retailer by its clock; their records in RetailCRM, MoySklad and Mindbox are taken as
they stood then, with the identifiers that staging reads off them (telephone, mailbox, loyalty card, the CRM's id in Mindbox), written as
the vendor writes them. The truth is World.truth(). What orders alone bring is left out: 1C, the help desk, call tracking, devices; and
what a vendor has merged itself, so that no link is given away. Look at some:
`python -c "from tests.identity.planted_people import planted; print(planted(1, people=5))"`
"""
from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from sandbox.identity_noise import FlawedSpelling
from sandbox.retailer import simulate
from sandbox.world import ACCOUNT, World

Row = dict[str, Any]
SYSTEMS = ("retailcrm", "moysklad", "mindbox")
UNTIL = datetime(2026, 10, 31, 23, tzinfo=UTC)
IDENTIFIERS = {"phone": ("phone", None), "email": ("email", None), "card_number": ("loyalty_card", None),
               "retailcrm_id": ("source_record", "retailcrmId")}
WITH_UNSEEN = 1.05  # some of the retailer's people have bought without a name only
TOLD = ("first_name", "last_name", "middle_name", "sex", "city")
KEY = ("source_system", "source_account", "source_record_id")


@dataclass(frozen=True)
class Planted:
    """Staging rows of `profiles` and `identifiers`; the person of each profile id; the profile ids that have each flaw."""

    profiles: list[Row]
    identifiers: list[Row]
    truth: dict[str, str]
    flawed: dict[str, frozenset[str]]

    def share(self, flaw: str) -> float:
        """How many of the people's records have this flaw, or are of people who have it."""
        return len(self.flawed[flaw] & self.truth.keys()) / len(self.truth)

    def share_of_people(self, flaw: str) -> float:
        """How many people have a record with this flaw."""
        return len({self.truth[record] for record in self.flawed[flaw] & self.truth.keys()}) / len(set(self.truth.values()))

    def missing(self, column: str) -> float:
        """How many of the people's records do not tell it."""
        own = [row for row in self.profiles if _id(row) in self.truth]
        return sum(1 for row in own if not row[column]) / len(own)


def planted(seed: int, *, people: int = 20_000) -> Planted:
    """The records of `people` people and a few more; the same for the same seed."""
    world, flawed = _written(seed, round(people * WITH_UNSEEN))
    profiles, identifiers = [], []
    for system in SYSTEMS:
        stood = world.profiles_at(system, UNTIL)
        stood = stood[stood["merged_into"].isna() & stood["kind"].isin(["person", "employee", "company"])]
        for row in stood.astype(object).where(stood.notna(), None).to_dict("records"):
            key = dict(zip(KEY, (system, ACCOUNT, str(row["record_id"])), strict=True))
            made = f"{row['created_at']:%Y-%m-%d %H:%M:%S}"
            profiles.append(key | {column: row[column] for column in TOLD} | {
                "kind": "company" if row["kind"] == "company" else "person", "created_at": made,
                "birth_date": row["birth_date"] and f"{row['birth_date']:%Y-%m-%d}"})
            identifiers += [
                key | {"identifier_type": kind, "identifier_namespace": namespace, "identifier_value": str(row[column]),
                       "first_seen_at": made, "last_seen_at": made}
                for column, (kind, namespace) in IDENTIFIERS.items() if row[column] is not None]
    shown = {_id(row) for row in profiles}
    truth = {record: person for *key, person in world.truth().itertuples(index=False) if (record := ":".join(key)) in shown}
    return Planted(profiles, identifiers, truth, {flaw: frozenset(records) for flaw, records in flawed.items()})


def _written(seed: int, people: int) -> tuple[World, dict[str, set[str]]]:
    """The sandbox's people with their records, and by flaw the ids of the records that have it or are of people who have it."""
    flawed: dict[str, set[str]] = {}

    class Seen(FlawedSpelling):
        def written(self, made: pd.DataFrame) -> pd.DataFrame:
            ids = (made["system"] + f":{ACCOUNT}:" + made["record_id"].astype(str)).to_numpy()
            flawed.update({flaw: set(ids[hit]) for flaw, hit in self.flaws.items()})
            return super().written(made)

    world = simulate(until=UNTIL, seed=seed, customers=people, hand=Seen, people_alone=True)
    folk = world.people
    family = folk["family_id"].notna() & folk.duplicated(["family_id", "phone"])
    known = world.truth()
    ids = known["source_system"] + ":" + known["source_account"] + ":" + known["source_record_id"]
    for flaw, whose in (("family phone", family), ("recycled", folk["phone"].duplicated() & ~family)):
        flawed[flaw] = set(ids[known["person_id"].isin(set(folk.loc[whose, "person_id"]))])
    return world, flawed


def _id(row: Row) -> str:
    return ":".join(row[column] for column in KEY)
