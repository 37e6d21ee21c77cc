"""A site with a few hand-made visits behind Metrica's stand-in, so that every expected value can be read here."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from ingestion.accounts import Account
from ingestion.yandex_metrica import VENDOR
from sandbox import server
from sandbox.server import Running, Sandbox, serve_in_thread
from sandbox.world import SHAPES, World, table

# 01:00 of 1 November in the counter's zone.
NOW = datetime(2026, 10, 31, 22, 0, tzinfo=UTC)
# Above 2^53: a float would end in other digits.
ANNA, BORIS, GUEST = "17606471059053862401", "9007199254740993", "17606471059053862403"


def at(text: str) -> pd.Timestamp:
    """A time of the hand-made world, naive UTC."""
    return pd.Timestamp(text)


def visit(number: int, client: str, started: str, ended: str, **more: object) -> dict[str, object]:
    """A visit of two settled pages, from search, unless said otherwise."""
    return {"visit_id": str(6500000000000000000 + number), "client_id": client, "started_at": at(started), "ended_at": at(ended),
            "device": "phone", "traffic_source": "organic", "landing_url": "https://shop.example/", "city": "Moscow", "pageviews": 2,
            "early_pageviews": 2, "settled_at": at(ended), "is_new_visitor": True, **more}


def hit(number: int, of: int, client: str, happened: str, event: str, **more: object) -> dict[str, object]:
    """An event of a visit."""
    return {"watch_id": str(7500000000000000000 + number), "visit_id": str(6500000000000000000 + of), "client_id": client,
            "happened_at": at(happened), "event": event, "url": f"https://shop.example/{number}", **more}


def hand_made() -> World:
    """Eight visits: a click that logs in and buys, one over midnight, an early and a vanishing one, an old one, today's, and a number
    that comes back a year later."""
    frames = {name: table(name) for name in SHAPES}
    frames["products"] = table("products", pd.DataFrame([
        {"product_id": 1, "article": "КРУЖКА-1", "name": "Кружка «O'Нил» \\ синяя", "price_kop": 41050},
    ]))
    frames["orders"] = table("orders", pd.DataFrame([
        {"order_id": 51, "number": "51A", "external_id": "web-51", "kind": "online", "net_kop": 123_456, "promo_code": "SALE10"},
        {"order_id": 100, "number": "100A", "external_id": "web-100", "kind": "online", "net_kop": 50_000},
    ]))
    frames["order_lines"] = table("order_lines", pd.DataFrame([
        {"order_id": 51, "line_number": 1, "product_id": 1, "quantity": 3, "unit_price_kop": 41050, "net_kop": 123_150},
    ]))
    frames["goals"] = table("goals", pd.DataFrame([{"goal_id": 104, "name": "Заказ оформлен"}, {"goal_id": 103, "name": "Заказан звонок"}]))
    letter = "https://shop.example/catalog?utm_source=mindbox&utm_medium=email&utm_campaign=o'hara&mindboxid=100"
    frames["visits"] = table("visits", pd.DataFrame([
        visit(1, GUEST, "2025-10-30 10:00", "2025-10-30 10:05"),
        visit(2, ANNA, "2026-10-29 09:00", "2026-10-29 09:20", traffic_source="email", utm_source="mindbox", utm_medium="email",
              utm_campaign="o'hara", landing_url=letter, logged_in_as="shop-7", order_id=51, city="Санкт-Петербург\tи область"),
        visit(3, BORIS, "2026-10-29 20:58", "2026-10-29 21:10", device="desktop", traffic_source="messenger", is_new_visitor=False),
        visit(4, GUEST, "2026-10-30 12:00", "2026-10-30 12:10", pageviews=5, early_pageviews=1, settled_at=at("2026-11-01 12:00")),
        visit(5, GUEST, "2026-10-30 13:00", "2026-10-30 13:01", settled_at=at("2026-11-01 10:00"), gone_at=at("2026-11-01 10:00")),
        visit(6, BORIS, "2026-09-01 12:00", "2026-09-01 12:10"),
        visit(7, BORIS, "2026-10-31 21:30", "2026-10-31 21:40", order_id=100),
        visit(1, BORIS, "2026-10-28 10:00", "2026-10-28 10:05"),
    ]))
    frames["visit_events"] = table("visit_events", pd.DataFrame([
        hit(1, 2, ANNA, "2026-10-29 09:00", "page_view", title="Каталог"),
        hit(2, 2, ANNA, "2026-10-29 09:01", "login"),
        hit(3, 2, ANNA, "2026-10-29 09:02", "product_view", product_id=1, price_kop=41050),
        hit(4, 2, ANNA, "2026-10-29 09:03", "cart_add", product_id=1, quantity=3, price_kop=41050),
        hit(5, 2, ANNA, "2026-10-29 09:04", "cart_remove", product_id=1, quantity=1, price_kop=41050),
        hit(6, 2, ANNA, "2026-10-29 09:05", "checkout"),
        hit(7, 2, ANNA, "2026-10-29 09:10", "purchase", order_id=51),
        hit(8, 2, ANNA, "2026-10-29 09:10", "goal", goal_id=104, order_id=51),
        hit(9, 3, BORIS, "2026-10-29 20:58", "page_view"),
        hit(10, 3, BORIS, "2026-10-29 21:05", "goal", goal_id=103),
        hit(11, 5, GUEST, "2026-10-30 13:00", "page_view"),
        hit(12, 6, BORIS, "2026-09-01 12:00", "page_view"),
        hit(13, 7, BORIS, "2026-10-31 21:30", "page_view"),
        hit(14, 7, BORIS, "2026-10-31 21:39", "purchase", order_id=100),
        hit(15, 1, GUEST, "2025-10-30 10:00", "page_view"),
        hit(16, 1, BORIS, "2026-10-28 10:00", "page_view"),
    ]))
    return World(begins_at=at("2025-10-01").to_pydatetime(), until=at("2026-10-31 22:00").to_pydatetime(),
                 ends_at=at("2026-11-30").to_pydatetime(), **frames)


@pytest.fixture
def serve(own_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Running]]:
    """`serve(option=text, …)`: Metrica's stand-in with these options, its settings in the environment, quick to retry."""
    monkeypatch.setattr(server, "VENDORS", ("yandex_metrica",))
    with ExitStack() as stack:
        def start(rate: float = 100.0, **options: object) -> Running:
            sandbox = Sandbox(world=hand_made(), clock_file=own_data / "sandbox" / "clock", rate=rate,
                              options={f"yandex_metrica.{name}": str(value) for name, value in options.items()})
            sandbox.set_clock(NOW)
            running = stack.enter_context(serve_in_thread(sandbox))
            quick = {"SOURCES__YANDEX_METRICA__RETRY_PAUSE_SECONDS": "0.01", "SOURCES__YANDEX_METRICA__POLL_SECONDS": "0.001"}
            for name, value in {**running.environment(vendors=("yandex_metrica",)), **quick}.items():
                monkeypatch.setenv(name, value)
            return running
        yield start


@pytest.fixture
def account() -> Account:
    """The account whose settings stand in the environment."""
    return Account(VENDOR.name)
