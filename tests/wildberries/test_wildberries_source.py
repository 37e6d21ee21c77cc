"""The source against the sandbox over real HTTP: first load, nights, the inclusive cursor, the report, the limit, faults."""

import json
import logging
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import marketplace
import pytest

from ingestion import lake
from ingestion.wildberries import VENDOR, feeds
from sandbox.faults import Fault, Poison
from sandbox.wildberries import wire


def now_of(running):
    return running.sandbox.now().replace(tzinfo=None)


def keys(rows):
    return [row["document_key"] for row in rows]


def ordered(world, now):
    """srid of what the marketplace tells at the moment."""
    baskets = {row["market_order_id"]: row["ordered_at"] for row in world.rows("market_orders")}
    return {unit["srid"] for unit in world.rows("market_units") if now - timedelta(days=90) <= baskets[unit["market_order_id"]]
            and wire.told_at(baskets[unit["market_order_id"]]) <= now}


def sold(world, now):
    kept, found = ordered(world, now), set()
    for unit in world.rows("market_units"):
        for letter, moment, number in (("S", unit["sold_at"], unit["sale_number"]), ("R", unit["returned_at"], unit["return_number"])):
            if unit["srid"] in kept and moment and wire.told_at(moment) <= now:
                found.add(f"{letter}{number:010d}")
    return found


def settled(world, now):
    return {str(row["row_id"]) for row in world.rows("market_settlements") if row["published_at"] <= now}


def test_the_first_load_brings_everything_once_and_the_second_nothing(night, market, market_world, landed, caplog):
    caplog.set_level(logging.WARNING)
    first, now = night(), now_of(market)
    assert (first.status, first.error, first.history_left_days) == ("success", "", 0.0)
    assert sorted(keys(landed("orders"))) == sorted(ordered(market_world, now))
    assert sorted(keys(landed("sales"))) == sorted(sold(market_world, now))
    assert set(keys(landed("settlements"))) == settled(market_world, now)
    assert sorted(keys(landed("stock"))) == [f"{nm_id}:{nm_id}1:-999999:2026-10-31" for _, _, nm_id, _ in marketplace.CARDS.values()]
    assert "nothing is told of what was ordered before 2026-08-02" in caplog.text
    assert first.loaded_from_at.isoformat() == "2026-07-05T21:00:00+00:00"  # in Moscow the Monday of the earliest report
    second = night()
    assert (second.status, sum(second.documents.values())) == ("success", 0)
