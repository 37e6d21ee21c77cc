"""When each customer first agreed to be written to, from the consents as vendors state them and the contacts that brought them."""

from __future__ import annotations

import pandas as pd

from tests.recomputed.tables import Tables

ACCOUNT = ["source_system", "source_account"]


def first_subscriptions(tables: Tables) -> pd.DataFrame:
    """Customer, channel and brand with the first dated yes; without a date when we first saw it, if the record is younger than our first
    question, and otherwise none."""
    whose = tables.facts("intermediate.int_customer_of_profile").set_index("profile_id").customer_id
    consents = tables.facts("intermediate.int_consents")
    seen_at = _first_seen(tables).reindex(consents.profile_id).set_axis(consents.index)
    agreed_at = consents.changed_at.fillna(seen_at)
    consents = consents.assign(customer_id=consents.profile_id.map(whose), first_subscribed_at=agreed_at)
    agreed = consents[consents.is_subscribed]
    return agreed.groupby(["customer_id", "channel", "brand"], dropna=False).first_subscribed_at.min().dropna().reset_index()


def _first_seen(tables: Tables) -> pd.Series:
    """Record made since its account was first asked -> the contact that first brought it."""
    contacts = tables.facts("intermediate.int_lake_contacts")
    asked_at = contacts.groupby(ACCOUNT).contacted_at.min().rename("asked_at").reset_index()
    records = tables.facts("intermediate.int_profiles").merge(asked_at, on=ACCOUNT)
    met = records[records.created_at > records.asked_at].merge(contacts, on=ACCOUNT)
    return met[met.contacted_at >= met.created_at].groupby("profile_id").contacted_at.min()
