"""The small retailer's back office after a night: which of its receipts are purged, edited or spoiled, landed over HTTP and staged."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from ingestion import lake
from ingestion.contact import refresh_account
from ingestion.one_c import VENDOR
from orchestration.dbt import run_dbt
from sandbox import server
from sandbox.faults import Poison
from sandbox.one_c.wire import made_key
from sandbox.server import Sandbox, serve_in_thread
from sandbox.world import World

UNTIL = datetime(2026, 10, 31, 23, 0, tzinfo=UTC).replace(tzinfo=None)  # the world's times are naive UTC
KEPT_DAYS = 30
GONE = Poison.GONE
FIRST_LINE = "Товары.0."
# What is written over one of the retailer's receipts -> why it is set aside.
SET_ASIDE: dict[str, tuple[dict[str, Any], str]] = {
    "sum": ({"СуммаДокумента": "about a hundred"}, "net_amount: not money"),
    "year_one": ({"Date": "0001-01-01T00:00:00"}, "sold_at: impossible date"),
    "dateless": ({"Date": ""}, "sold_at: missing"),
    "buyer": ({"Партнер_Key": "Розничный покупатель"}, "partner_id: not a uuid"),
    "posted": ({"Posted": "да"}, "is_posted: not a boolean"),
    "no_rows": ({"Товары": "Вино"}, "goods: not rows"),
    "line_sum": ({FIRST_LINE + "Сумма": GONE}, "goods[].net_amount: missing"),
    "nil_item": ({FIRST_LINE + "Номенклатура_Key": "00000000-0000-0000-0000-000000000000"}, "goods[].item_id: missing"),
}
PECULIAR: dict[str, dict[str, Any]] = {
    "extra": {"НоваяНадстройка": {"of": ["every", "kind"]}},
    "midnight": {"Date": "2026-10-20T00:00:00"},
    "minute_before": {"Date": "2026-10-19T23:59:00"},
    "change_given": {"ПолученоНаличными": 100_000, "ОплатаПлатежнымиКартами": [], "ПодарочныеСертификаты": []},
    "unprinted": {"НомерФискальногоДокумента": "0"},
    "annulled": {"Статус": "Аннулирован"},
}


class Office:
    """The back office over the small world: which receipts are still there, which were edited or spoiled, and the warehouse."""

    def __init__(self, world: World, warehouse: Path) -> None:
        self.world, self.warehouse = world, warehouse
        orders = world.orders[world.orders["created_at"] <= UNTIL].copy()
        orders["key"] = [made_key(kind.replace("online", "order"), uuid) for kind, uuid in zip(orders["kind"], orders["uuid"], strict=True)]
        self.online, self.rung = orders[orders["kind"] == "online"], orders[orders["kind"] == "receipt"]
        shifts = world.shifts.assign(day=(world.shifts["opened_at"] + pd.Timedelta(hours=3)).dt.date)[
            ["store_id", "day", "uuid", "closed_at"]
        ]
        days = self.rung.assign(day=(self.rung["created_at"] + pd.Timedelta(hours=3)).dt.date)
        self.rung = days.merge(shifts.rename(columns={"uuid": "shift"}), on=["store_id", "day"], validate="many_to_one")
        self.held = self.rung[self.rung["closed_at"] > UNTIL - timedelta(days=KEPT_DAYS)]
        # One receipt of each of as many shifts of several receipts, so that what is done to one does not touch another.
        several = self.held[self.held.duplicated("shift", keep=False)].drop_duplicates("shift")
        keys = iter(several.to_dict("records"))
        self.unposted, self.marked, self.corrected = (next(keys) for _ in range(3))
        self.spoiled = {name: next(keys)["key"] for name in ("keyless", *SET_ASIDE, *PECULIAR)}

    @property
    def edits(self) -> str:
        """The option one_c.changes."""
        at = (UNTIL - timedelta(hours=1)).isoformat()
        told = [
            (self.unposted, {"posted": False}),
            (self.marked, {"deletion_mark": True}),
            (self.corrected, {"net_kop": self.corrected["net_kop"] - 700}),
        ]
        return json.dumps([{"order_id": row["order_id"], "at": at, **edit} for row, edit in told])

    def rows(self, question: str) -> list[tuple]:
        """Ask the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            connection.execute("set schema = 'staging'")
            return connection.execute(question).fetchall()


def night(world: World, data: Path, parsed: Path) -> Office:
    """One night in `data`; `parsed` is a data folder in which dbt has parsed the project."""
    found = Office(world, data / "warehouse.duckdb")
    options = {"one_c.receipts_kept_days": str(KEPT_DAYS), "one_c.changes": found.edits}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNIMART_DATA", str(data))
        patch.setenv("OMNIMART_SECRETS", str(data / "none.toml"))
        patch.setenv("OMNIMART_ENV_FILE", str(data / "none.env"))
        patch.setattr(server, "VENDORS", (VENDOR.name,))
        patch.setattr(lake, "vendors", lambda: (VENDOR,))
        sandbox = Sandbox(world=world, clock_file=data / "sandbox" / "clock", rate=100.0, options=options)
        sandbox.set_clock(world.until)
        sandbox.tampering.plant(Poison("one_c", "receipts", found.spoiled["keyless"], set={"Ref_Key": GONE}))
        for name, members in {**{name: members for name, (members, _) in SET_ASIDE.items()}, **PECULIAR}.items():
            sandbox.tampering.plant(Poison("one_c", "receipts", found.spoiled[name], set=members))
        with serve_in_thread(sandbox) as running:
            for name, value in running.environment(vendors=(VENDOR.name,)).items():
                patch.setenv(name, value)
            lake.prepare()
            (account,) = VENDOR.accounts()
            report = refresh_account(VENDOR, account, refresh_id="night", budget=timedelta(minutes=5), say=lambda _: None)
        assert report.error == ""
        shutil.copytree(parsed / "dbt" / "target", data / "dbt" / "target")
        outcome = run_dbt(["build", "--select", "value_mappings", "path:models/staging/one_c"], refresh_id="night")
        assert (outcome.error, [node.message for node in outcome.failed]) == (None, [])
    return found


def roubles(kopecks: int) -> Decimal:
    return Decimal(int(kopecks)) / 100
