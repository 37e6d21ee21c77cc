"""Contacts of one vendor with the sandbox while its answers are spoiled, and what stands in the lake afterwards.

a small retailer behind real HTTP -> `Line.contact` by the vendor's own source -> `Line.landed`, the newest document of every key
"""

import csv
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from unittest import mock

import duckdb

from ingestion import lake
from ingestion.contact import AccountReport, refresh_account
from ingestion.vendor import Vendor
from sandbox import server
from sandbox.retailer import simulate
from sandbox.server import Running, Sandbox, serve_in_thread
from sandbox.world import World
from tests import clocks

UNTIL = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
NEVER_OUT_OF_TIME = timedelta(minutes=10)
LONGEST_SLEEP = 0.02
NOTED = re.compile(r'"(modified_at|asked_at|through|whole_at)":\s*"[^"]*"')
_sleep = time.sleep


@cache
def small_world() -> World:
    """A retailer whose lists have more than a page where a page is a hundred; simulated once."""
    return simulate(seed=3, customers=150, days=28, stores=2, until=UNTIL)


@dataclass(frozen=True)
class Landed:
    """What the lake holds. documents: (resource, account, key) -> (operation, payload) of its newest version, of a full list as its newest
    load told it; state: what the vendor's source will begin with."""

    documents: dict[tuple[str, str, str], tuple[str, str]]
    state: str

    def differences(self, calm: "Landed", *, snapshots: frozenset[str] = frozenset(), noted: bool = False) -> list[str]:
        """What is not as after the calm contacts, in words; of `snapshots` only the keys are compared. noted: but for moments that we note
        in a document ourselves."""
        found = []
        for key in sorted({*self.documents, *calm.documents}):
            here, there = (one.documents.get(key) for one in (self, calm))
            if noted:
                here, there = ((one[0], NOTED.sub("", one[1])) if one else None for one in (here, there))
            if here != there and not (key[0] in snapshots and here and there):
                found.append(f"{':'.join(key)} " + ("is lost" if here is None else "should not be there" if there is None else "differs"))
        return found


@dataclass
class Line:
    """One vendor, the sandbox, and a lake of its own. skew: how far our clock is ahead of the vendor's."""

    vendor: Vendor
    running: Running
    data: Path
    skew: timedelta = timedelta(0)

    def contact(self) -> AccountReport:
        """One refresh of the account, by our clock."""
        clocks.turn(self.data / "our-clock", self.running.sandbox.now() + self.skew)
        (account,) = self.vendor.accounts()
        return refresh_account(self.vendor, account, refresh_id="night", budget=NEVER_OUT_OF_TIME, say=lambda line: None)

    def landed(self) -> Landed:
        """What stands in the lake now."""
        documents, here = {}, lake.root() / self.vendor.dataset
        for resource in self.vendor.resources:
            newest = "_dlt_load_id" if resource.kind == "full_list" else "document_key"
            rows = duckdb.sql(f"""
                select source_account, document_key, operation, payload from (
                    select *, max(_dlt_load_id) over (partition by source_account) as last_load
                    from read_parquet('{here}/{resource.name}/*.parquet', union_by_name = true)
                    where _dlt_load_id in (select load_id from read_json('{here}/_dlt_loads/*.jsonl', format = 'newline_delimited',
                        columns = {{load_id: 'VARCHAR', status: 'BIGINT'}}) where status = 0))
                where '{newest}' = 'document_key' or _dlt_load_id = last_load
                qualify row_number() over (partition by source_account, document_key
                    order by version_at desc, _dlt_load_id desc, payload) = 1""").fetchall()
            documents |= {(resource.name, account, key): (operation, payload) for account, key, operation, payload in rows}
        return Landed(documents, self._state())

    def _state(self) -> str:
        (account,) = self.vendor.accounts()
        pipeline = lake.pipeline_for(self.vendor, account)
        pipeline.drop()
        pipeline.sync_destination()
        return json.dumps(pipeline.state.get("sources", {}), sort_keys=True, default=str)


@contextmanager
def line(vendor: Vendor, data: Path, *, world: World | None = None, options: dict[str, str] | None = None) -> Iterator[Line]:
    """The vendor's stand-in alone, answering, with its settings in the environment, impatient, its lake empty."""
    shutil.rmtree(data, ignore_errors=True)
    sandbox = Sandbox(world=world or small_world(), clock_file=data / "sandbox" / "clock", rate=1000.0, options=options or {})
    sandbox.set_clock(UNTIL)
    with ExitStack() as stack:
        alone = partial(tuple, (vendor,))
        for module, name, value in ((server, "VENDORS", (vendor.name,)), (lake, "vendors", alone), (time, "sleep", nap)):
            stack.enter_context(mock.patch.object(module, name, value))
        running = stack.enter_context(serve_in_thread(sandbox))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SOURCES__", "OMNIMART_"))}
        told = {"OMNIMART_CLOCK": data / "our-clock", "OMNIMART_DATA": data, "OMNIMART_SECRETS": data / "none.toml",
                "OMNIMART_HASH_KEY": "0" * 64, "RUNTIME__DLTHUB_TELEMETRY": "false",
                "SOURCES__ABM_LOYALTY__CUSTOMERS_FILE": _customers(sandbox.world, data),
                f"SOURCES__{vendor.name.upper()}__RETRY_PAUSE_SECONDS": "0.001"}
        settings = running.environment(vendors=(vendor.name,)) | {name: str(value) for name, value in told.items()}
        stack.enter_context(mock.patch.dict(os.environ, kept | settings, clear=True))
        lake.prepare()
        yield Line(vendor, running, data)


def nap(seconds: float) -> None:
    """However long a vendor wants us to wait."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    _sleep(min(seconds, LONGEST_SLEEP))


def demand_success(report: AccountReport) -> None:
    """The contact came to its end."""
    assert (report.status, report.error) == ("success", "")


def _customers(world: World, data: Path) -> Path:
    """Cards and phones of the programme's members, whom a vendor without lists is asked for."""
    file = data / "customers.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as written:
        rows = csv.writer(written)
        rows.writerow(("card", "phone"))
        rows.writerows(world.loyalty_accounts[["card_number", "phone"]].itertuples(index=False))
    return file
