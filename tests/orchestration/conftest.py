"""Small warehouses made by hand, and a webhook that alerts reach."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import duckdb
import pytest

from orchestration import audits, gate
from orchestration.audits import Finding


@pytest.fixture(scope="session", autouse=True)
def lists_of_a_step_made_once() -> Iterator[None]:
    """Dagster goes through all assets of a step again for each asset that the step reports: a fifth of a walk under the profiler.
    Here it does once a step."""
    from dagster._core.execution.context.system import StepExecutionContext

    listed = StepExecutionContext.get_output_asset_keys

    def once(step):
        if "listed_once" not in vars(step):
            vars(step)["listed_once"] = frozenset(listed(step))
        return vars(step)["listed_once"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StepExecutionContext, "get_output_asset_keys", once)
        yield


@pytest.fixture
def warehouse(own_data: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """warehouse(orders=[(id, amount)]) builds a small warehouse whose tables all carry the same mark, and audits it as passed."""
    from orchestration import publish
    from orchestration.exports import Words

    monkeypatch.setattr(
        publish, "descriptions", lambda: {"orders": Words("Orders; one row per customer's order.", {"order_id": "The order"})}
    )
    monkeypatch.setattr(publish, "published_inputs", lambda: ["identity_registry", "load_reconciliation", "publications"])
    monkeypatch.setattr(publish, "manifest", lambda: {"nodes": {}, "macros": {}})

    def build(
        orders: list[tuple[str, float]] = (("o1", 10.0),), *, refresh_id: str = "night-1", is_balanced: bool = True
    ) -> Path:
        own_data.mkdir(parents=True, exist_ok=True)
        path = own_data / "warehouse.duckdb"
        path.unlink(missing_ok=True)
        past = own_data / "published" / "current" / "history" / "publications.parquet"
        with duckdb.connect(str(path)) as connection:
            for schema in ("staging", "intermediate", "marts", "pii"):
                connection.execute(f"create schema {schema}")
            connection.execute("create table marts.orders (order_id varchar, amount decimal(18, 2))")
            connection.executemany("insert into marts.orders values (?, ?)", [list(order) for order in orders])
            connection.execute("create table marts.order_lines as select order_id, 1 as line_number, amount from marts.orders")
            connection.execute("create table pii.customer_contacts as select 'c1' as customer_id, 'ivan@example.ru' as email")
            connection.execute(
                "create table intermediate.identity_registry as select 'shop:main:1' as profile_id, 'c1' as customer_id"
            )
            connection.execute(
                "create table marts.load_reconciliation as select 'shop' as source_system, 'main' as source_account, 'orders' as resource, "
                "3 as received, 2 as staged, 0 as superseded, 0 as quarantined, ?::boolean as is_balanced, ? as refresh_id, "
                "timestamp '2026-10-31 22:55:00' as refreshed_at",
                [is_balanced, refresh_id],
            )
            connection.execute(
                "create table marts.publications (version varchar, published_at timestamp, refresh_id varchar, tables bigint, rows bigint, "
                "audits_passed bigint, previous_version varchar, stale_sources varchar)"
            )
            if past.exists():
                connection.execute(f"insert into marts.publications from '{past}'")
        audits.begin(refresh_id)
        audits.record([Finding(gate.BUILD, gate.DBT, True)])
        return path

    return build


@pytest.fixture
def contact(own_data: Path) -> Callable[..., None]:
    """contact(vendor, at, status) leaves the line that a contact leaves in the lake."""

    def leave(
        vendor: str,
        at: datetime,
        *,
        status: str = "success",
        error: str = "",
        account: str = "main",
        history_left_days: float = 0,
        loaded_from: datetime | None = None,
        documents: int = 0,
    ) -> None:
        folder = own_data / "lake" / "contacts"
        folder.mkdir(parents=True, exist_ok=True)
        row = {
            "source_system": vendor,
            "source_account": account,
            "refresh_id": "r",
            "contacted_at": at.isoformat(),
            "finished_at": at.isoformat(),
            "status": status,
            "error": error,
            "documents": documents,
            "data_through_at": at.isoformat(),
            "loaded_from_at": (loaded_from or at).isoformat(),
            "history_left_days": history_left_days,
            "history_eta_seconds": 0,
        }
        (folder / f"{at:%Y%m%dT%H%M%S}{len(list(folder.iterdir())):06}-{vendor}.jsonl").write_text(
            json.dumps(row) + "\n", encoding="utf-8"
        )

    return leave


@pytest.fixture
def clock_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """clock_at(moment) sets the warehouse's clock."""

    def turn(moment: datetime) -> None:
        (tmp_path / "clock").write_text(moment.isoformat(), encoding="utf-8")
        monkeypatch.setenv("OMNIMART_CLOCK", str(tmp_path / "clock"))

    return turn


class Received(list[dict[str, str]]):
    """What a webhook took; with another status it answers that and takes nothing."""

    status = 204


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Received]:
    """A webhook on loopback; gives the list of what it got."""
    got = Received()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if got.status == 204:
                got.append(body)
            self.send_response(got.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setenv("OMNIMART_ALERT_WEBHOOK", f"http://127.0.0.1:{server.server_port}/hooks/T0P-SECRET")
    yield got
    server.shutdown()
