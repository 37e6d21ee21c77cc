"""A real purchase log replayed: not an order and not a kopeck is lost."""

import importlib.util

import pandas as pd
import pytest

from sandbox.purchases import cdnow, read_log, replay_purchases


def test_cdnow_replayed_is_cdnow():
    """Totals of CDNOW_master.txt as published by Fader and Hardie: 69,659 transactions of 23,570 customers."""
    if importlib.util.find_spec("lifetimes") is None:
        pytest.skip("the package lifetimes, which carries the log, is not installed")
    world = replay_purchases(cdnow())
    assert len(world.orders) == 69_659
    assert world.orders["crm_record_id"].nunique() == len(world.profiles) == 23_570
    assert world.orders["net_kop"].sum() == world.order_lines["net_kop"].sum() == 250_031_563
    assert (world.orders["net_kop"] == 0).sum() == 80
    assert (world.orders.groupby("crm_record_id").size() >= 2).sum() == 11_662
    assert world.order_lines["quantity"].min() == 1
    assert set(world.profiles["system"]) == {"retailcrm"}


def test_a_purchase_log_without_a_heading_is_read_and_a_broken_line_named(tmp_path):
    log = tmp_path / "log.txt"
    log.write_text(" 00007 19970101  2   11.77\n", encoding="utf-8")
    assert read_log(log).to_dict("records") == [{"customer": 7, "day": pd.Timestamp("1997-01-01"), "units": 2, "value_kop": 1177}]
    log.write_text("customer date units value\n7 19970101 two 11.77\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"Line 2 of .* is no purchase"):
        read_log(log)
