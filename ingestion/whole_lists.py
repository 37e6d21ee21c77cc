"""Lists that are landed whole, and only when they are not what was landed last.

    records + the digest in the load's state  ->  one Arrow table of documents, or nothing on a night without news

A list that became empty lands as an empty one, so that staging lets go of its keys; an empty list that was never anything else lands
nothing. The digest is committed with the load or not at all, so a load that fails is asked for again.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa

from ingestion import documents
from ingestion.accounts import Account
from ingestion.documents import Record
from ingestion.vendor import Contact

SETTINGS = "settings"


def when_changed(
    resource: str, records: Sequence[Record], *, account: Account, asked_at: datetime, state: MutableMapping[str, Any], suffix: str = ""
) -> Iterator[pa.Table]:
    """The list as a table when it differs from the one that `state` knows under `resource`. `suffix` ends every key, e.g. a snapshot's
    day: another day is another list, and an empty day lands nothing, since the keys of other days stay."""
    digests = state.setdefault("digests", {})
    digest, known = documents.digest(records) + suffix, digests.get(resource)
    if digest == known or not (records or known):
        return
    digests[resource] = digest
    if records:
        yield documents.table(records, account=account.name, asked_at=asked_at, key_suffix=suffix)
    elif not suffix:
        yield documents.emptied(account=account.name, asked_at=asked_at)


def own_settings(told: dict[str, Any], *, account: Account, contact: Contact, state: MutableMapping[str, Any]) -> Iterator[pa.Table]:
    """What staging must know of an account's settings, as the one document of its resource `settings`."""
    if not contact.reads_history_only:
        record = Record(SETTINGS, None, msgspec.json.encode(told).decode())
        yield from when_changed(SETTINGS, [record], account=account, asked_at=contact.now, state=state)


def zone_told(account: Account) -> dict[str, str | None]:
    """The account's time zone; None where the setting is absent, and staging takes the business time zone."""
    return {"time_zone": account.zone().key if account.setting("timezone", "") else None}
