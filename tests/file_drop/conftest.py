"""A drop folder of a few hand-made rows: on disk, and behind the sandbox's pages, so that every expected value can be read here."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from drop_nights import NOW, Drop

from sandbox import server
from sandbox.server import Running, Sandbox, serve_in_thread
from sandbox.world import SHAPES, World, table


def at(text: str) -> pd.Timestamp:
    """A time of the hand-made world, naive UTC."""
    return pd.Timestamp(text)


def hand_made() -> World:
    """One store, one order, and a row or two of each dataset; costs and a click of November."""
    frames = {name: table(name) for name in SHAPES}
    frames["stores"] = table("stores", pd.DataFrame([{"store_id": 1, "code": "msk-1", "name": "Арбат"}]))
    frames["orders"] = table("orders", pd.DataFrame([{"order_id": 7, "number": "7A", "created_at": at("2026-10-01 10:00")}]))
    frames["channel_costs"] = table("channel_costs", pd.DataFrame([
        {"cost_on": at(day), "channel": channel, "campaign": name, "utm_campaign": utm, "impressions": shown, "clicks": clicks,
         "cost_kop": cost} for day, channel, name, utm, shown, clicks, cost in (
            ("2026-09-30", "paid_search", "Осень; поиск", "autumn", 12000, 300, 1234550),
            ("2026-10-30", "sms", "Чёрная пятница", None, 500, 20, 99900),
            ("2026-10-31", "sms", "Чёрная пятница", None, 400, 10, 5000))]))
    frames["survey_answers"] = table("survey_answers", pd.DataFrame([
        {"answer_id": "a1", "survey": "nps", "survey_name": "NPS осень", "channel": "email", "score": 9, "scale_min": 0, "scale_max": 10,
         "comment": "Спасибо 🙂", "answered_at": at("2026-10-30 21:30"), "contact_email": "anna@example.com", "order_id": 7},
        {"answer_id": "a2", "survey": "csi", "survey_name": "CSI", "channel": "store", "question": "Вежливость", "score": 4,
         "scale_min": 1, "scale_max": 10, "importance": 8, "answered_at": at("2026-10-20 10:00"), "store_id": 1}]))
    frames["store_traffic"] = table("store_traffic", pd.DataFrame([
        {"store_id": 1, "day": at("2026-10-30"), "entrants": 210}, {"store_id": 1, "day": at("2026-10-31"), "entrants": 5}]))
    frames["wifi_visits"] = table("wifi_visits", pd.DataFrame([
        {"wifi_visit_id": 1, "store_id": 1, "mac": "AA:BB:CC:00:11:22", "phone": "+79161234567", "entered_at": at("2026-10-30 10:00"),
         "left_at": at("2026-10-30 10:20")}]))
    frames["event_visits"] = table("event_visits", pd.DataFrame([
        {"event_visit_id": 1, "event_name": "Дегустация", "store_id": 1, "email": "anna@example.com",
         "attended_at": at("2026-10-25 16:00")}]))
    frames["app_sessions"] = table("app_sessions", pd.DataFrame([
        {"app_session_id": 1, "device_id": "d-1", "shop_customer_id": "c-100", "platform": "ios", "started_at": at("2026-10-30 08:00"),
         "ended_at": at("2026-10-30 08:10"), "screens": 6, "is_new_device": True}]))
    frames["dropped_messages"] = table("dropped_messages", pd.DataFrame([
        {"message_id": "m1", "campaign": "Привет", "message_type": "trigger", "trigger_name": "Первая покупка", "channel": "messenger",
         "recipient": "+79161234567", "sent_at": at("2026-10-30 09:00"), "delivered_at": at("2026-10-30 09:01"),
         "opened_at": at("2026-10-30 10:00"), "clicked_at": at("2026-11-01 07:00")},
        {"message_id": "m2", "campaign": "Привет", "message_type": "trigger", "trigger_name": "Первая покупка", "channel": "messenger",
         "recipient": "+79160000000", "sent_at": at("2026-10-30 09:00"), "failed_reason": "no such subscriber"}]))
    frames["promotions"] = table("promotions", pd.DataFrame([
        {"promotion_id": 1, "name": "Осень", "promo_code": "AUTUMN", "discount_type": "promo_code", "channel": "email",
         "starts_on": at("2026-10-01"), "ends_on": at("2026-10-31"), "budget_kop": 10000000}]))
    frames["loyalty_accounts"] = table("loyalty_accounts", pd.DataFrame([
        {"account_id": 5, "card_number": "290000000005", "phone": "+79161234567", "enrolled_at": at("2026-10-05 10:00"),
         "activated_at": at("2026-10-05 10:01"), "closed_at": at("2026-11-20 10:00"), "status": "deactivated"}]))
    frames["loyalty_operations"] = table("loyalty_operations", pd.DataFrame([
        {"operation_id": 1, "account_id": 5, "type": "credit_for_order", "points": 50, "created_at": at("2026-10-06 10:00"),
         "activates_on": at("2026-10-20"), "order_id": 7}]))
    return World(begins_at=at("2026-09-01").to_pydatetime(), until=at("2026-10-31 09:00").to_pydatetime(),
                 ends_at=at("2026-11-30").to_pydatetime(), **frames)


@pytest.fixture
def drop(own_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drop:
    """An empty local folder whose settings stand in the environment."""
    root, clock = tmp_path / "drop", tmp_path / "clock"
    root.mkdir()
    monkeypatch.setenv("SOURCES__FILE_DROP__FOLDER", str(root))
    monkeypatch.setenv("SOURCES__FILE_DROP__RETRY_PAUSE_SECONDS", "0.01")
    monkeypatch.setenv("OMNIMART_CLOCK", str(clock))
    return Drop(root, lambda moment: clock.write_text(moment.isoformat(), encoding="utf-8"), [])


@pytest.fixture
def served(own_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """The sandbox's drop folder over HTTP, its settings in the environment, quick to retry."""
    monkeypatch.setattr(server, "VENDORS", ("file_drop",))
    sandbox = Sandbox(world=hand_made(), clock_file=own_data / "sandbox" / "clock", rate=100.0)
    sandbox.set_clock(NOW)
    with serve_in_thread(sandbox) as running:
        for name, value in {**running.environment(vendors=("file_drop",)), "SOURCES__FILE_DROP__RETRY_PAUSE_SECONDS": "0.01"}.items():
            monkeypatch.setenv(name, value)
        yield running
