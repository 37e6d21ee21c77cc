"""Nights against the stand-in of 1C over till_days: what was landed, what was asked for; the keys of its papers."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pytest
import till_days
from till_days import key

from ingestion import lake
from ingestion.contact import AccountReport, refresh_account
from ingestion.one_c import VENDOR
from sandbox import server
from sandbox.asked import Asked
from sandbox.one_c.shelf import Shelf
from sandbox.one_c.wire import made_key
from sandbox.server import Running
from sandbox.world import World

RECEIPT = {number: made_key("receipt", key(1, number)) for number in (101, 102, 103, 104)}
ORDER = {number: made_key("order", key(1, number)) for number in (201, 202, 203)}
SHIPMENT = {number: made_key("shipment", key(1, number)) for number in (201, 202)}
ITEM = {number: made_key("item", key(2, number)) for number in (1, 2, 3)}


class Nights:
    """Nights of one account. heard: the requests since the last one began, decoded, without the address before the object."""

    def __init__(self, running: Running, patch: pytest.MonkeyPatch) -> None:
        self.running, self.sandbox, self.patch, self.lake = running, running.sandbox, patch, lake.root()
        self.heard: list[str] = []
        self.raw: list[str] = []
        meet = self.sandbox.faults.meet

        def listening(asked: Asked) -> Any:
            self.raw.append(asked.target)
            self.heard.append(unquote(asked.target.partition("standard.odata/")[2]))
            return meet(asked)

        self.sandbox.faults.meet = listening

    def night(self, **later: float) -> AccountReport:
        """The report of one refresh, that much later than the last."""
        if later:
            self.sandbox.advance(**later)
        self.heard.clear()
        self.raw.clear()
        lake.prepare()
        (account,) = VENDOR.accounts()
        return refresh_account(VENDOR, account, refresh_id="night", budget=timedelta(minutes=5), say=lambda _: None)

    def asked(self, name: str) -> list[str]:
        """The requests of an object since the last night began."""
        return [one for one in self.heard if one.startswith(name)]

    def landed(self, resource: str) -> list[dict[str, Any]]:
        """Every landed row with its record, in the order it was asked for."""
        files = f"{self.lake}/{VENDOR.dataset}/{resource}/*.parquet"
        in_order = "version_at, _dlt_load_id::double, document_key"
        found = duckdb.sql(f"select * from read_parquet('{files}', union_by_name=true) order by {in_order}")
        rows = [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
        return [{**row, "record": json.loads(row["payload"])} for row in rows]

    def newest(self, resource: str) -> dict[str, dict[str, Any]]:
        """{key: its newest row}."""
        return {row["document_key"]: row for row in self.landed(resource)}

    def history(self, resource: str, key: str, *members: str) -> list[Any]:
        """What these members of a document were, version by version; `deleted` for a tombstone."""
        return [tuple(row["record"][name] for name in members) if row["operation"] == "upsert" else "deleted"
                for row in self.landed(resource) if row["document_key"] == key]


@contextmanager
def open_nights(world: World, data: Path, *, at: datetime = till_days.UNTIL, **options: str) -> Iterator[Nights]:
    """The stand-in alone, its settings in the environment, quick to retry. options: its own, and SOURCES__ONE_C__'s in capitals."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setattr(server, "VENDORS", (VENDOR.name,))
        patch.setattr(lake, "vendors", lambda: (VENDOR,))
        patch.setenv("OMNIMART_DATA", str(data))
        settings = {name: text for name, text in options.items() if name.isupper()}
        own = {name: text for name, text in options.items() if not name.isupper()}
        office = stack.enter_context(till_days.office(world, data / "sandbox", at=at, **own))
        told = {**office.running.environment(vendors=(VENDOR.name,)), "OMNIMART_SECRETS": str(data / "no-secrets.toml")}
        quick = {"RETRY_PAUSE_SECONDS": "0.01", "REQUESTS_PER_SECOND": "1000"}
        for name, value in {**told, **{f"SOURCES__ONE_C__{name}": text for name, text in {**quick, **settings}.items()}}.items():
            patch.setenv(name, value)
        yield Nights(office.running, patch)


def without(patch: pytest.MonkeyPatch, room: Any, resource: str, *keys: str) -> None:
    """From now on the set lacks these keys, as after a removal."""
    whole = getattr(room, resource)

    def some(book: Any, now: datetime) -> Shelf:
        shelf = whole(book, now)
        rows = [row for row, one in enumerate(shelf.keys) if one not in keys]
        dates = [shelf.dates[row] for row in rows] if shelf.dates is not None else None
        return Shelf([shelf.keys[row] for row in rows], lambda row: shelf.record(rows[row]), dates)

    patch.setattr(room, resource, some)
