"""The simulated retailer's world: one frozen set of tables that every vendor's stand-in speaks from.

    retailer.simulate / purchases.replay_purchases  ->  World  ->  sandbox/<vendor>/, a folder for each system

Who sold, mailed and asked stands in its tables, and so does what no single system tells: orders and loyalty (RetailCRM, MoySklad),
messages, consents and the app's actions (Mindbox), the site's visits (Yandex.Metrica), tickets (UseDesk), calls (Telphin, and Calltouch
where a tracked number was dialled), leads (Calltouch), and costs, answers, entrants and the like, which come as files.

sandbox/shapes.py documents every table and column. Times are naive UTC (`datetime64[us]`), dates are midnights of the same
type, money is whole kopecks in columns ending `_kop`, ids that may be missing are `Int64`, a missing text is NaN.
`World.rows(table)` gives the same as plain Python values: None for missing, `datetime`, `date`, `int`, `str`, `bool`.

Nothing here knows what time it is. A row whose time lies after the sandbox's clock does not exist yet, and the state of
a row (an order's status, an account's balance, a profile's phone) follows from its times: `profiles_at`, `survivors_at`,
`balances_at`, `stock`. Rows are in the order of their time and ids grow with it, so a longer future only appends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd

from sandbox import reconciliation
from sandbox.shapes import SHAPES

ACCOUNT = "main"
PROFILE_FIELDS = ("first_name", "last_name", "middle_name", "email", "phone", "city", "region", "address", "card_number")

_DTYPES = {
    "int": "int64",
    "int?": "Int64",
    "text": "str",
    "flag": "bool",
    "time": "datetime64[us]",
    "date": "datetime64[us]",
    "mixed": "object",
}


def kind_of(table: str, column: str) -> str:
    """The kind of a column, as in sandbox/shapes.py."""
    return SHAPES[table][column][0]


def table(name: str, columns: Mapping[str, Any] | pd.DataFrame | None = None) -> pd.DataFrame:
    """A table of the world: the columns of its shape in order and type; one that is not given is missing (flags: False, ints: 0)."""
    if columns is None:
        return _without_rows(name).copy()
    given = pd.DataFrame(columns)
    unknown = set(given.columns) - set(SHAPES[name])
    if unknown:
        raise ValueError(f"The table {name} has no column {sorted(unknown)}; describe it in sandbox/shapes.py.")
    blank = {"int": 0, "flag": False, "int?": pd.NA, "mixed": None, "time": pd.NaT, "date": pd.NaT, "text": np.nan}
    made = {}
    for column in SHAPES[name]:
        kind = kind_of(name, column)
        values = given[column] if column in given else pd.Series([blank[kind]] * len(given), index=given.index, dtype=object)
        made[column] = values.astype(_DTYPES[kind])
    return pd.DataFrame(made).reset_index(drop=True)


@cache
def _without_rows(name: str) -> pd.DataFrame:
    return table(name, {})


def plain(frame: pd.DataFrame, *, dates: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Rows as plain Python values; None for whatever is missing."""
    columns = {}
    for name in frame.columns:
        values = frame[name]
        listed = values.dt.to_pydatetime().tolist() if values.dtype.kind == "M" else values.astype(object).tolist()
        gone = values.isna().to_numpy()
        if name in dates:
            listed = [v.date() if not g else None for v, g in zip(listed, gone, strict=True)]
        elif gone.any():
            listed = [None if g else v for v, g in zip(listed, gone, strict=True)]
        columns[name] = listed
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def no_stock(day: date) -> pd.DataFrame:
    """The stock of a world without a catalogue."""
    return pd.DataFrame({"product_id": [], "store_id": [], "quantity": [], "reserved": []}, dtype="int64")


def _none_of(name: str) -> Any:
    """A table that a retailer may lack."""
    return field(default_factory=lambda: table(name), repr=False)


@dataclass(frozen=True)
class World:
    """Everything that happens to the retailer from `begins_at` to `ends_at`, the future included."""

    begins_at: datetime
    until: datetime
    ends_at: datetime
    people: pd.DataFrame
    profiles: pd.DataFrame
    profile_changes: pd.DataFrame
    companies: pd.DataFrame
    stores: pd.DataFrame
    warehouses: pd.DataFrame
    employees: pd.DataFrame
    products: pd.DataFrame
    orders: pd.DataFrame
    order_lines: pd.DataFrame
    returns: pd.DataFrame
    return_lines: pd.DataFrame
    loyalty_accounts: pd.DataFrame
    loyalty_operations: pd.DataFrame
    campaigns: pd.DataFrame
    messages: pd.DataFrame
    message_events: pd.DataFrame
    consent_events: pd.DataFrame
    crm_consent_events: pd.DataFrame
    segments: pd.DataFrame
    segment_members: pd.DataFrame
    browsers: pd.DataFrame = _none_of("browsers")
    visits: pd.DataFrame = _none_of("visits")
    visit_events: pd.DataFrame = _none_of("visit_events")
    goals: pd.DataFrame = _none_of("goals")
    app_actions: pd.DataFrame = _none_of("app_actions")
    tickets: pd.DataFrame = _none_of("tickets")
    ticket_comments: pd.DataFrame = _none_of("ticket_comments")
    ticket_statuses: pd.DataFrame = _none_of("ticket_statuses")
    ticket_ratings: pd.DataFrame = _none_of("ticket_ratings")
    calls: pd.DataFrame = _none_of("calls")
    call_legs: pd.DataFrame = _none_of("call_legs")
    leads: pd.DataFrame = _none_of("leads")
    survey_answers: pd.DataFrame = _none_of("survey_answers")
    channel_costs: pd.DataFrame = _none_of("channel_costs")
    store_traffic: pd.DataFrame = _none_of("store_traffic")
    wifi_visits: pd.DataFrame = _none_of("wifi_visits")
    event_visits: pd.DataFrame = _none_of("event_visits")
    app_sessions: pd.DataFrame = _none_of("app_sessions")
    dropped_messages: pd.DataFrame = _none_of("dropped_messages")
    promotions: pd.DataFrame = _none_of("promotions")
    shifts: pd.DataFrame = _none_of("shifts")
    gift_card_sales: pd.DataFrame = _none_of("gift_card_sales")
    market_orders: pd.DataFrame = _none_of("market_orders")
    market_units: pd.DataFrame = _none_of("market_units")
    market_settlements: pd.DataFrame = _none_of("market_settlements")
    programme_name: str = "Омни Клуб"
    programme_started_at: datetime | None = None
    points_cheaper_since: datetime | None = None  # a point pays a rouble before, sandbox.ledger.CHEAPER_POINT_KOP from then on
    currency: str = "RUB"
    time_zone: str = "Europe/Moscow"
    stock_of: Callable[[date], pd.DataFrame] = field(default=no_stock, repr=False)

    @classmethod
    def needed(cls) -> list[str]:
        """The tables that a world must have."""
        return [each.name for each in fields(cls) if each.name in SHAPES and each.default is MISSING and each.default_factory is MISSING]

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The table as plain Python dicts, in its order; made once."""
        if name not in self._rows:
            dates = [column for column in SHAPES[name] if kind_of(name, column) == "date"]
            self._rows[name] = plain(getattr(self, name), dates=dates)
        return self._rows[name]

    def grouped(self, name: str, column: str) -> dict[Any, list[dict[str, Any]]]:
        """`rows(name)` by the value of a column, e.g. grouped("order_lines", "order_id"); made once."""
        key = f"{name} by {column}"
        if key not in self._rows:
            groups: dict[Any, list[dict[str, Any]]] = {}
            for row in self.rows(name):
                groups.setdefault(row[column], []).append(row)
            self._rows[key] = groups
        return self._rows[key]

    @cached_property
    def _rows(self) -> dict[str, Any]:
        return {}

    def stock(self, day: date) -> pd.DataFrame:
        """product_id, store_id (stores and warehouses), quantity, reserved at the end of the day."""
        return self.stock_of(day)

    def profiles_at(self, system: str, moment: datetime) -> pd.DataFrame:
        """The records of a system as they stood: those made by then, later changes and merges undone."""
        moment = np.datetime64(moment.replace(tzinfo=None), "us")
        stood = self.profiles[(self.profiles["system"] == system) & (self.profiles["created_at"] <= moment)].copy()
        later = self.profile_changes
        later = later[(later["system"] == system) & (later["changed_at"] > moment)]
        first = later.sort_values("changed_at", kind="stable").drop_duplicates(["record_id", "field"])
        for name, changes in first.groupby("field"):
            old = dict(zip(changes["record_id"], changes["old_value"], strict=True))
            hit = stood["record_id"].isin(old)
            stood.loc[hit, name] = stood.loc[hit, "record_id"].map(old).astype(object)
        unmerged = ~(stood["merged_at"] <= moment)
        stood.loc[unmerged, "merged_into"] = None
        stood.loc[unmerged, "merged_at"] = pd.NaT
        return stood.reset_index(drop=True)

    def survivors_at(self, system: str, moment: datetime) -> dict[Any, Any]:
        """merged record id -> the record that stands for it, for merges made by then (an order of the first then shows the second)."""
        merged = self.profiles[
            (self.profiles["system"] == system) & (self.profiles["merged_at"] <= np.datetime64(moment.replace(tzinfo=None), "us"))
        ]
        direct = dict(zip(merged["record_id"], merged["merged_into"], strict=True))
        return {record: direct.get(survivor, survivor) for record, survivor in direct.items()}

    def balances_at(self, moment: datetime) -> pd.DataFrame:
        """account_id, points (all), points_pending (not yet active, less what of them was cancelled) at the moment."""
        moment = np.datetime64(moment.replace(tzinfo=None), "us")
        done = self.loyalty_operations[self.loyalty_operations["created_at"] <= moment]
        pending = done["points"].where(done["pending_until"] > moment, 0)
        sums = pd.DataFrame({"account_id": done["account_id"], "points": done["points"], "points_pending": pending})
        return sums.groupby("account_id", as_index=False).sum()

    def truth(self) -> pd.DataFrame:
        """Who is who: source_system, source_account, source_record_id (text), person_id; records of people only."""
        known = self.profiles[self.profiles["person_id"].notna()]
        return pd.DataFrame(
            {
                "source_system": known["system"].to_numpy(),
                "source_account": ACCOUNT,
                "source_record_id": [str(record) for record in known["record_id"]],
                "person_id": known["person_id"].to_numpy(),
            }
        )

    def ledger(self, now: datetime) -> dict[str, int]:
        """What every fact table must reach at the moment; sandbox/reconciliation.py says what each figure counts."""
        return reconciliation.counts(self, now)
