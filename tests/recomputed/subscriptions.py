"""When each customer first agreed to be written to, from the consents as vendors state them.

Limit: when an account was first asked is not published; it is taken as the first time at which an undated statement of it was seen.
"""

from __future__ import annotations

import pandas as pd

from tests.recomputed.tables import Tables

ACCOUNT = ["source_system", "source_account"]


def first_subscriptions(tables: Tables) -> pd.DataFrame:
    """Customer, channel and brand with the first dated yes; without a date when we first saw it, if the record is younger than our first
    question, and otherwise none."""
    whose = tables.facts("intermediate.int_customer_of_profile").set_index("profile_id").customer_id
    made_at = tables.facts("intermediate.int_profiles").set_index("profile_id").created_at
    consents = tables.facts("intermediate.int_consents")
    undated = consents.changed_at.isna()
    asked = consents[undated].groupby(ACCOUNT).seen_at.min().rename("asked_at").reset_index()
    consents = consents.merge(asked, on=ACCOUNT, how="left")
    seen_at = consents.seen_at.where(consents.profile_id.map(made_at) >= consents.asked_at)
    consents = consents.assign(customer_id=consents.profile_id.map(whose), first_subscribed_at=consents.changed_at.fillna(seen_at))
    agreed = consents[consents.is_subscribed & consents.customer_id.notna()]
    return agreed.groupby(["customer_id", "channel", "brand"], dropna=False).first_subscribed_at.min().dropna().reset_index()
