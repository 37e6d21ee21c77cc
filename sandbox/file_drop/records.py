"""What the retailer's people drop into the folder: rows of the world as the columns of each dataset, by month.

World ──► `Drop.months`, `Drop.records` ──► files.py writes them. A row is there once it has happened: costs and counts of entrants on the
day after, visits once they have ended, an opening once the message was opened, which changes the file of an old month.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.world import World

Row = dict[str, Any]
# The world's word for a movement of points -> operation_type, cancels_type.
OPERATIONS = {
    "credit_for_order": ("earned", None), "credit_for_event": ("earned", None), "charge_for_order": ("redeemed", None),
    "burn": ("expired", None), "credit_manual": ("adjusted", None), "charge_manual": ("adjusted", None),
    "cancel_of_credit": ("cancelled", "earned"), "cancel_of_charge": ("cancelled", "redeemed"),
}


class Drop:
    """The records of every dataset of one world."""

    def __init__(self, world: World) -> None:
        self._world, self._zone = world, ZoneInfo(world.time_zone)
        self._made: dict[str, dict[str, list[tuple[datetime, str, Row]]]] = {}

    def months(self, dataset: str, now: datetime) -> list[str]:
        """The months, YYYY-MM, that have something to tell at `now`; one, empty, for a dataset that is a single file."""
        return [month for month, rows in self._dataset(dataset).items() if any(seen <= now for seen, _, _ in rows)]

    def records(self, dataset: str, month: str, now: datetime) -> Iterator[tuple[str, Row]]:
        """(key, record) of a month's rows as they stand at `now`; money as kopecks / 100 in text, times aware in the retailer's zone."""
        for seen, key, record in self._dataset(dataset).get(month, []):
            if seen <= now:
                yield key, {name: None if isinstance(value, datetime) and value > now else value for name, value in record.items()}

    def _dataset(self, name: str) -> dict[str, list[tuple[datetime, str, Row]]]:
        """A dataset's rows by month; made when it is first asked for."""
        if name not in self._made:
            rows = self._makers()[name]()
            self._made[name] = {"": list(rows)} if name == "promotions" else self._by_month(rows)
        return self._made[name]

    def _makers(self) -> dict[str, Callable[[], Iterator[tuple[datetime, str, Row]]]]:
        return {"channel_costs": self._costs, "survey_answers": self._answers, "store_entrants": self._entrants,
                "wifi_visits": self._wifi, "event_visits": self._events, "app_sessions": self._sessions, "messages": self._messages,
                "promotions": self._promotions, "loyalty_accounts": self._accounts, "loyalty_operations": self._points}

    def _by_month(self, rows: Iterator[tuple[datetime, str, Row]]) -> dict[str, list[tuple[datetime, str, Row]]]:
        """By the month of the record's first time or date."""
        months: dict[str, list[tuple[datetime, str, Row]]] = {}
        for seen, key, record in rows:
            first = next(value for value in record.values() if isinstance(value, date))
            months.setdefault(f"{first:%Y-%m}", []).append((seen, key, record))
        return months

    def _costs(self) -> Iterator[tuple[datetime, str, Row]]:
        for number, row in enumerate(self._world.rows("channel_costs")):
            yield self._day_after(row["cost_on"]), str(number), {
                "cost_on": row["cost_on"], "channel": row["channel"], "campaign": row["campaign"], "utm_campaign": row["utm_campaign"],
                "impressions": row["impressions"], "clicks": row["clicks"], "cost": _money(row["cost_kop"])}

    def _answers(self) -> Iterator[tuple[datetime, str, Row]]:
        for row in self._world.rows("survey_answers"):
            yield _aware(row["answered_at"]), row["answer_id"], {
                "answer_id": row["answer_id"], "survey_type": row["survey"], "survey_name": row["survey_name"], "channel": row["channel"],
                "question": row["question"], "score": row["score"], "scale_min": row["scale_min"], "scale_max": row["scale_max"],
                "importance": row["importance"], "comment": row["comment"], "answered_at": self._local(row["answered_at"]),
                "email": row["contact_email"], "phone": row["contact_phone"], "order_number": self._orders.get(row["order_id"]),
                "store": self._stores.get(row["store_id"])}

    def _entrants(self) -> Iterator[tuple[datetime, str, Row]]:
        for row in self._world.rows("store_traffic"):
            store = self._stores[row["store_id"]]
            yield self._day_after(row["day"]), f"{store}:{row['day']}", {
                "store": store, "counted_at": row["day"], "entrants": row["entrants"]}

    def _wifi(self) -> Iterator[tuple[datetime, str, Row]]:
        for row in self._world.rows("wifi_visits"):
            yield _aware(row["left_at"] or row["entered_at"]), str(row["wifi_visit_id"]), {
                "store": self._stores[row["store_id"]], "mac": row["mac"], "entered_at": self._local(row["entered_at"]),
                "left_at": self._local(row["left_at"]), "phone": row["phone"], "access_point": f"AP-{row['store_id']}"}

    def _events(self) -> Iterator[tuple[datetime, str, Row]]:
        for row in self._world.rows("event_visits"):
            yield _aware(row["attended_at"]), str(row["event_visit_id"]), {
                "event": row["event_name"], "attended_at": self._local(row["attended_at"]), "store": self._stores.get(row["store_id"]),
                "email": row["email"], "phone": row["phone"]}

    def _sessions(self) -> Iterator[tuple[datetime, str, Row]]:
        for row in self._world.rows("app_sessions"):
            yield _aware(row["ended_at"] or row["started_at"]), str(row["app_session_id"]), {
                "session_id": str(row["app_session_id"]), "device_id": row["device_id"], "customer_id": row["shop_customer_id"],
                "platform": row["platform"], "started_at": self._local(row["started_at"]), "ended_at": self._local(row["ended_at"]),
                "screens": row["screens"], "is_new_device": row["is_new_device"]}

    def _messages(self) -> Iterator[tuple[datetime, str, Row]]:
        for row in self._world.rows("dropped_messages"):
            yield _aware(row["sent_at"]), row["message_id"], {
                "message_id": row["message_id"], "campaign": row["campaign"], "message_type": row["message_type"],
                "trigger": row["trigger_name"], "channel": row["channel"], "recipient": row["recipient"],
                "sent_at": _aware(row["sent_at"]), "delivered_at": _aware(row["delivered_at"]), "opened_at": _aware(row["opened_at"]),
                "clicked_at": _aware(row["clicked_at"]), "failed_reason": row["failed_reason"]}

    def _promotions(self) -> Iterator[tuple[datetime, str, Row]]:
        for row in self._world.rows("promotions"):
            yield self._day_after(row["starts_on"] - timedelta(days=1)), str(row["promotion_id"]), {
                "promotion_id": row["promotion_id"], "name": row["name"], "promo_code": row["promo_code"],
                "discount_type": row["discount_type"], "channel": row["channel"], "starts_on": row["starts_on"], "ends_on": row["ends_on"],
                "budget": _money(row["budget_kop"])}

    def _accounts(self) -> Iterator[tuple[datetime, str, Row]]:
        """Their balances are left out: a dump of another moment would tell another one."""
        for row in self._world.rows("loyalty_accounts"):
            yield _aware(row["enrolled_at"]), str(row["account_id"]), {
                "account_id": str(row["account_id"]), "card": row["card_number"], "phone": row["phone"],
                "status": None if row["activated_at"] else "not_confirmed", "enrolled_at": self._local(row["enrolled_at"]),
                "closed_at": self._local(row["closed_at"])}

    def _points(self) -> Iterator[tuple[datetime, str, Row]]:
        for row in self._world.rows("loyalty_operations"):
            kind, cancels = OPERATIONS[row["type"]]
            yield _aware(row["created_at"]), str(row["operation_id"]), {
                "operation_id": str(row["operation_id"]), "account_id": str(row["account_id"]), "operation_type": kind,
                "cancels_type": cancels, "points": row["points"], "occurred_at": self._local(row["created_at"]),
                "available_on": row["activates_on"], "order_number": self._orders.get(row["order_id"])}

    @cached_property
    def _stores(self) -> dict[int, str]:
        return {row["store_id"]: row["code"] for row in self._world.rows("stores")}

    @cached_property
    def _orders(self) -> dict[int, str]:
        return {row["order_id"]: row["number"] for row in self._world.rows("orders")}

    def _local(self, moment: datetime | None) -> datetime | None:
        return moment and moment.replace(tzinfo=UTC).astimezone(self._zone)

    def _day_after(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self._zone) + timedelta(days=1)


def _aware(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=UTC)


def _money(kopecks: int | None) -> str | None:
    return None if kopecks is None else f"{kopecks // 100}.{kopecks % 100:02d}"
