"""Since when each vendor record tells what a retailer wants to know of a person, from the records and their contacts.

Limit: the day of the record itself is as published (customer_records.known_on); no vendor keeps the history of a field.
"""

from __future__ import annotations

from functools import cache

import pandas as pd

from tests.recomputed.tables import Tables

CONTACTS = ("email", "phone")
NAMES = ["first_name", "last_name", "middle_name", "full_name"]


@cache
def told_attributes(tables: Tables) -> pd.DataFrame:
    """Record and expected attribute that it tells, with the day: the record's, or a contact's own if that is later. For the caller not to
    change."""
    records, expected = tables.customer_records.set_index("profile_id"), tables.rules["identity.expected_attributes"]
    profiles = tables.facts("intermediate.int_profiles").set_index("profile_id").reindex(records.index)
    filled = profiles.assign(name=profiles[NAMES].bfill(axis=1).iloc[:, 0])
    told = [
        pd.DataFrame({"profile_id": known, "attribute": attribute, "own_day": pd.NaT})
        for attribute in expected if attribute not in CONTACTS
        for known in [filled.index[filled[attribute].notna()]]
    ]
    contacts = tables.facts("intermediate.int_identifiers")
    contacts = contacts[contacts.identifier_type.isin(CONTACTS) & contacts.rejected_because.isna()]
    contacts = contacts[contacts.profile_id.isin(records.index)]
    first = contacts.groupby(["profile_id", "identifier_type"]).first_seen_at.min().reset_index()
    first = first.assign(attribute=first.identifier_type, own_day=tables.business_date(first.first_seen_at))
    rows = pd.concat([*told, first[["profile_id", "attribute", "own_day"]]], ignore_index=True)
    since = rows.profile_id.map(records.known_on)
    return rows.assign(
        customer_id=rows.profile_id.map(records.customer_id), source_system=rows.profile_id.map(records.source_system),
        told_on=pd.concat([since, pd.to_datetime(rows.own_day)], axis=1).max(axis=1),
    ).drop(columns="own_day")
