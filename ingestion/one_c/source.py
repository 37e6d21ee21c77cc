"""What is read from 1C at each kind of contact, and how it becomes documents.

    Contact (first, older window, changes)  ->  documents and catalogues by version, small catalogues whole, registers  ->  Arrow tables

How changes are found stands in `versions.py` and `registers.py`, how far back they are looked for in `plan.py`.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import dlt
import pyarrow as pa

from ingestion import whole_lists
from ingestion.accounts import Account
from ingestion.one_c import VENDOR, metadata, registers, versions
from ingestion.one_c.api import Api
from ingestion.one_c.names import cost_field, objects_of
from ingestion.one_c.plan import Plan
from ingestion.vendor import Contact

WHOLE = ("brands", "price_types", "stores", "tills", "cashiers")


def one_c(account: Account, contact: Contact) -> Any:
    """The dlt source for one contact: a resource for each that the vendor declares."""

    @dlt.source(name=VENDOR.name, max_table_nesting=0)
    def one_c_source() -> Any:
        plan = Plan(account, contact)
        read = {
            "settings": _settings(plan),
            **{resource: _whole(plan, resource) for resource in WHOLE},
            **{kind.resource: versions.tables(plan, kind, VENDOR) for kind in versions.KINDS},
            "barcodes": registers.barcodes(plan, VENDOR),
            "prices": registers.prices(plan, VENDOR),
            "stock": registers.stock(plan),
            "sale_costs": registers.sale_costs(plan, VENDOR),
        }
        return [dlt.resource(tables, name=name, write_disposition="append") for name, tables in read.items()]

    return one_c_source()


def oldest(account: Account) -> datetime | None:
    """Where the history begins: the setting start_date, by the server's clock, else the first document. None for an empty infobase.

    Raises SettingError, and VendorError as a contact does, since this is the first that is asked."""
    if start := account.moment("start_date", zone=account.zone()):
        return start
    api, names = Api(account), objects_of(account)
    metadata.check(api.metadata(), account)
    dated = [kind.resource for kind in versions.KINDS if kind.is_dated and names[kind.resource]]
    return min(filter(None, (api.earliest(names[resource], resource) for resource in dated)), default=None)


def _settings(plan: Plan) -> Iterator[pa.Table]:
    """What staging must know of the account: the server's zone, which kinds of prices are meant, the objects in force."""
    prices = {setting: plan.account.setting(setting, default) for setting, default in registers.PRICE_TYPES}
    if plan.is_ready:
        told = {"time_zone": plan.api.zone.key, **prices, "cost_field": cost_field(plan.account), "objects": plan.names,
                "unread": plan.unread}
        yield from whole_lists.own_settings(told, account=plan.account, contact=plan.contact, state=dlt.current.source_state())


def _whole(plan: Plan, resource: str) -> Iterator[pa.Table]:
    """A small catalogue, landed when it differs from what was landed last."""
    if not plan.is_ready or plan.contact.reads_history_only:
        return
    pages = plan.catalogue(resource)
    asked_at = pages[0].asked_at if pages else plan.contact.now
    records = [record for page in pages for record in page.records]
    yield from whole_lists.when_changed(resource, records, account=plan.account, asked_at=asked_at, state=dlt.current.source_state())
