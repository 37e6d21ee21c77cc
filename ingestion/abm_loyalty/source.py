"""What is read from ABM Loyalty at a contact, and how it becomes documents.

    Contact  ->  one round of questions (round.py)  ->  accounts, operations, answers  ->  Arrow tables

The first contact and every later one are the same round; the lake's own `answers` say where it goes on, and the state, committed with the
load, when a round reached everybody (`whole_at`). Older windows and backfills have
nothing to ask: a customer's history comes whole with his first answer.
"""

import logging
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import dlt
import pyarrow as pa

from ingestion import documents, lake, whole_lists
from ingestion.abm_loyalty import VENDOR
from ingestion.abm_loyalty.api import Api
from ingestion.abm_loyalty.customers import known
from ingestion.abm_loyalty.round import Round, Told
from ingestion.abm_loyalty.turns import turn
from ingestion.accounts import Account
from ingestion.vendor import Contact

log = logging.getLogger(__name__)
TURN = ("$.asked_at", "$.result", "$.account", "$.through", "$.version", "$.edge", "$.under", "$.points", "$.whole_at")


def abm_loyalty(account: Account, contact: Contact) -> Any:
    """The dlt source for one contact: a resource for each that the vendor declares."""

    @dlt.source(name="abm_loyalty", max_table_nesting=0)
    def abm_loyalty_source() -> Any:
        night = _Night(account, contact)
        read = {"settings": _settings(account, contact), **{name: night.table(name) for name in ("accounts", "operations", "answers")}}
        return [dlt.resource(tables, name=name, write_disposition="append") for name, tables in read.items()]

    return abm_loyalty_source()


class _Night:
    """One contact. The round is made once, whichever resource asks first."""

    def __init__(self, account: Account, contact: Contact) -> None:
        self._account, self._contact = account, contact

    def table(self, name: str) -> Iterator[pa.Table]:
        """The night's documents of one resource."""
        if records := getattr(self._told, name):
            yield documents.table(records, account=self._account.name, asked_at=self._contact.now)

    @cached_property
    def _told(self) -> Told:
        who = f"{self._account.vendor}/{self._account.name}"
        if self._contact.reads_history_only:
            log.warning("%s: a stretch of history cannot be asked for; every customer's whole history comes with the first answer about "
                        "him. Nothing was asked.", who)
            return Told()
        customers = known(self._account)
        if not customers:
            log.warning("%s: nobody was asked, since no customer is known yet: there is no publication with cards or phones, and %s names "
                        "nobody. The night after the first publication asks.", who, self._account.variable("customers_file"))
            return Told()
        found = lake.landed_values(VENDOR, self._account.name, "answers", *TURN)
        before = {key: turn(*values) for key, values in found.items()}
        state = dlt.current.source_state()
        asking = Round(self._account, self._contact, Api(self._account), before, state.get("whole_at"))
        told = asking.run(customers)
        state["whole_at"] = asking.whole_at
        return told


def _settings(account: Account, contact: Contact) -> Iterator[pa.Table]:
    """The account's zone; without the setting staging takes the business time zone."""
    yield from whole_lists.own_settings(
        whole_lists.zone_told(account), account=account, contact=contact, state=dlt.current.source_state()
    )
