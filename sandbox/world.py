"""The simulated retailer's world: one frozen set of tables that every vendor's stand-in speaks from.

    retailer.simulate / purchases.replay_purchases  ->  World  ->  sandbox/{retailcrm,moysklad,mindbox}

`SHAPES` documents every table and column. Times are naive UTC (`datetime64[us]`), dates are midnights of the same
type, money is whole kopecks in columns ending `_kop`, ids that may be missing are `Int64`, a missing text is NaN.
`World.rows(table)` gives the same as plain Python values: None for missing, `datetime`, `date`, `int`, `str`, `bool`.

Nothing here knows what time it is. A row whose time lies after the sandbox's clock does not exist yet, and the state of
a row (an order's status, an account's balance, a profile's phone) follows from its times: `profiles_at`, `survivors_at`,
`balances_at`, `stock`. Rows are in the order of their time and ids grow with it, so a longer future only appends.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

ACCOUNT = "main"
PROFILE_FIELDS = ("first_name", "last_name", "middle_name", "email", "phone", "city", "region", "address", "card_number")

# table -> column -> "kind: meaning". Kinds: int, int? (may be missing), text, flag, time, date, mixed.
SHAPES: dict[str, dict[str, str]] = {
    "people": {
        "person_id": "text: the truth, e.g. P000001", "first_name": "text: ", "last_name": "text: at birth of the record",
        "middle_name": "text: ", "sex": "text: male|female", "birth_date": "date: ", "city": "text: ", "region": "text: ",
        "address": "text: ", "email": "text: own mailbox", "phone": "text: E.164", "family_id": "text: household or missing",
        "is_employee": "flag: works for the retailer", "joined_at": "time: first contact with the retailer",
    },
    "profiles": {
        "system": "text: retailcrm|moysklad|mindbox", "record_id": "mixed: int in retailcrm and mindbox, uuid in moysklad",
        "person_id": "text: missing for companies, the placeholder and tests",
        "kind": "text: person|company|placeholder|test|employee", "created_at": "time: ", "first_name": "text: as written there",
        "last_name": "text: ", "middle_name": "text: ", "email": "text: ", "phone": "text: as written there", "birth_date": "date: ",
        "sex": "text: male|female or missing", "city": "text: ", "region": "text: ", "address": "text: ",
        "card_number": "text: loyalty card", "external_id": "text: the shop's customer id (retailcrm, registered only)",
        "retailcrm_id": "int?: the retailcrm record id that mindbox knows", "merged_into": "mixed: record_id of the survivor",
        "merged_at": "time: ", "site": "text: retailcrm shop code", "company_id": "text: for kind company",
        "is_guest": "flag: made by a guest checkout or a duplicate subscription",
    },
    "profile_changes": {
        "system": "text: ", "record_id": "mixed: ", "changed_at": "time: ", "field": "text: a column of profiles",
        "old_value": "text: ", "new_value": "text: what profiles shows, unless a later change follows",
    },
    "companies": {
        "company_id": "text: ", "name": "text: ", "inn": "text: ", "kpp": "text: ", "email": "text: shared mailbox", "phone": "text: E.164",
        "city": "text: ", "region": "text: ", "address": "text: ", "created_at": "time: ",
    },
    "stores": {
        "store_id": "int: ", "code": "text: retailcrm reference code", "uuid": "text: moysklad store", "retail_store_uuid": "text: moysklad retailstore",
        "external_code": "text: ", "name": "text: ", "city": "text: ", "region": "text: ", "address": "text: ", "opened_on": "date: ",
        "closed_on": "date: or missing", "format": "text: flagship|mall|street|outlet", "is_franchise": "flag: ", "time_zone": "text: IANA",
    },
    "warehouses": {
        "store_id": "int: 1000 and up; a stock place, never a till", "code": "text: ", "uuid": "text: ", "external_code": "text: ", "name": "text: ",
        "city": "text: ", "region": "text: ", "address": "text: ",
    },
    "employees": {
        "employee_id": "int: ", "uuid": "text: ", "name": "text: ", "first_name": "text: ", "last_name": "text: ", "email": "text: ", "phone": "text: ",
        "store_id": "int?: missing in the office", "person_id": "text: when the employee also buys", "hired_at": "time: ",
        "dismissed_at": "time: ", "position": "text: cashier|manager|operator",
    },
    "products": {
        "product_id": "int: ", "uuid": "text: ", "external_code": "text: xmlId and externalCode", "article": "text: ", "barcode": "text: EAN-13",
        "name": "text: ", "brand": "text: ", "category": "text: ", "subcategory": "text: ", "price_kop": "int: ", "cost_kop": "int: ",
        "is_exclusive": "flag: own brand", "created_at": "time: ",
    },
    "orders": {
        "order_id": "int: retailcrm's id when online", "number": "text: unique within kind", "external_id": "text: shop's order id (online)",
        "uuid": "text: moysklad document", "kind": "text: online|receipt", "sales_channel": "text: web|app|phone|store",
        "person_id": "text: missing when nobody knows", "crm_record_id": "int?: online only", "ms_record_id": "text: the placeholder's when anonymous",
        "site": "text: ", "created_at": "time: ", "confirmed_at": "time: ", "shipped_at": "time: ", "received_at": "time: ", "cancelled_at": "time: ",
        "cancel_reason": "text: ", "promised_on": "date: ", "fulfilment": "text: courier|pickup_point|store_pickup|in_store",
        "store_id": "int?: till, or the store of a pick-up", "employee_id": "int?: cashier or operator", "payment_type": "text: card|cash|online|gift_card",
        "paid_at": "time: ", "is_test": "flag: ", "is_employee_purchase": "flag: ", "is_b2b": "flag: ", "gross_kop": "int: ",
        "mass_discount_kop": "int: ", "personal_discount_kop": "int: ", "promo_discount_kop": "int: ", "points_discount_kop": "int: points * 100",
        "delivery_kop": "int: ", "points_redeemed": "int: at checkout", "points_earned": "int: once received", "delivery_region": "text: ",
        "delivery_city": "text: ", "delivery_address": "text: ", "net_kop": "int: gross - all four discounts", "currency": "text: ",
        "promo_code": "text: ", "is_guest_checkout": "flag: ", "account_id": "int?: loyalty account shown",
        "contact_email": "text: as typed at checkout", "contact_phone": "text: as typed at checkout",
    },
    "order_lines": {
        "order_id": "int: ", "line_number": "int: from 1", "product_id": "int: ", "quantity": "int: ", "unit_price_kop": "int: ", "mass_discount_kop": "int: ",
        "personal_discount_kop": "int: ", "promo_discount_kop": "int: ", "points_discount_kop": "int: ", "net_kop": "int: ", "cost_kop": "int: of the line",
        "is_cancelled": "flag: struck off for want of stock at once; not in the order's sums",
    },
    "returns": {
        "return_id": "int: ", "uuid": "text: ", "order_id": "int: ", "returned_at": "time: ", "amount_kop": "int: ", "channel": "text: store|courier",
        "store_id": "int?: ", "employee_id": "int?: ", "reason": "text: ", "points_returned": "int: redeemed points given back",
        "points_cancelled": "int: earned points taken back",
    },
    "return_lines": {
        "return_id": "int: ", "line_number": "int: of the order line", "product_id": "int: ", "quantity": "int: ", "net_kop": "int: ",
    },
    "loyalty_accounts": {
        "account_id": "int: ", "person_id": "text: ", "crm_record_id": "int: ", "card_number": "text: final", "phone": "text: E.164 at enrolment",
        "enrolled_at": "time: ", "activated_at": "time: missing while not confirmed", "closed_at": "time: ",
        "status": "text: at the end of the horizon: activated|not_confirmed|deactivated",
    },
    "loyalty_operations": {
        "operation_id": "int: no vendor shows it", "account_id": "int: ",
        "type": "text: credit_for_order|charge_for_order|credit_manual|charge_manual|credit_for_event|burn|cancel_of_charge|cancel_of_credit",
        "points": "int: signed", "created_at": "time: ", "activates_on": "date: of credits", "order_id": "int?: ", "event": "text: birthday|welcome",
        "return_id": "int?: ", "in_moysklad": "flag: of a store receipt, so moysklad's bonustransaction shows it too", "uuid": "text: bonustransaction",
    },
    "campaigns": {
        "campaign_id": "int: ", "name": "text: ", "system_name": "text: ", "type": "text: mass|trigger|transactional", "channel": "text: email|push|sms",
        "trigger_name": "text: ", "topic": "text: promo|digest or missing", "brand": "text: ", "created_at": "time: ", "changed_at": "time: ",
        "utm_source": "text: ", "utm_medium": "text: ", "utm_campaign": "text: ",
    },
    "messages": {
        "message_id": "int: ", "campaign_id": "int: ", "person_id": "text: ", "mindbox_id": "int: ", "sent_at": "time: ", "contact_point": "text: ",
    },
    "message_events": {
        "event_id": "int: grows with created_at", "message_id": "int: ",
        "event": "text: sent|delivered|opened|machine_opened|clicked|unsubscribed|spam|hard_bounced|soft_bounced|not_sent",
        "happened_at": "time: ", "created_at": "time: when mindbox recorded it, up to two days later",
    },
    "consent_events": {
        "mindbox_id": "int: ", "channel": "text: email|push|sms", "topic": "text: promo|digest", "brand": "text: ", "contact_point": "text: ",
        "is_subscribed": "flag: ", "changed_at": "time: missing when undated", "created_at": "time: when mindbox recorded it",
    },
    "crm_consent_events": {
        "crm_record_id": "int: ", "channel": "text: email|sms", "subscription": "text: code", "is_subscribed": "flag: ",
        "changed_at": "time: missing for automatic ones", "created_at": "time: ",
    },
    "segments": {"segment_id": "int: ", "code": "text: ", "name": "text: ", "is_dynamic": "flag: ", "created_at": "time: "},
    "segment_members": {"crm_record_id": "int: ", "code": "text: ", "since": "time: ", "until": "time: or missing"},
}
_DTYPES = {"int": "int64", "int?": "Int64", "text": "str", "flag": "bool", "time": "datetime64[us]", "date": "datetime64[us]", "mixed": "object"}


def kind_of(table: str, column: str) -> str:
    return SHAPES[table][column].split(":", 1)[0]


def table(name: str, columns: Mapping[str, Any] | pd.DataFrame | None = None) -> pd.DataFrame:
    """A table of the world: the columns of its shape in order and type; one that is not given is missing (flags: False, ints: 0)."""
    given = pd.DataFrame(columns if columns is not None else {})
    unknown = set(given.columns) - set(SHAPES[name])
    if unknown:
        raise ValueError(f"The table {name} has no column {sorted(unknown)}; add it to SHAPES in sandbox/world.py.")
    blank = {"int": 0, "flag": False, "int?": pd.NA, "mixed": None, "time": pd.NaT, "date": pd.NaT, "text": np.nan}
    made = {}
    for column in SHAPES[name]:
        kind = kind_of(name, column)
        values = given[column] if column in given else pd.Series([blank[kind]] * len(given), index=given.index, dtype=object)
        made[column] = values.astype(_DTYPES[kind])
    return pd.DataFrame(made).reset_index(drop=True)


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
    return pd.DataFrame({"product_id": [], "store_id": [], "quantity": [], "reserved": []}, dtype="int64")


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
    programme_name: str = "Омни Клуб"
    programme_started_at: datetime | None = None
    currency: str = "RUB"
    time_zone: str = "Europe/Moscow"
    stock_of: Callable[[date], pd.DataFrame] = field(default=no_stock, repr=False)

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
        merged = self.profiles[(self.profiles["system"] == system)
                               & (self.profiles["merged_at"] <= np.datetime64(moment.replace(tzinfo=None), "us"))]
        direct = dict(zip(merged["record_id"], merged["merged_into"], strict=True))
        return {record: direct.get(survivor, survivor) for record, survivor in direct.items()}

    def balances_at(self, moment: datetime) -> pd.DataFrame:
        """account_id, points (all), points_pending (not yet active) at the moment."""
        moment = np.datetime64(moment.replace(tzinfo=None), "us")
        done = self.loyalty_operations[self.loyalty_operations["created_at"] <= moment]
        waits = (done["points"] > 0) & (done["activates_on"] > moment)
        pending = done["points"].where(waits, 0)
        sums = pd.DataFrame({"account_id": done["account_id"], "points": done["points"], "points_pending": pending})
        return sums.groupby("account_id", as_index=False).sum()

    def truth(self) -> pd.DataFrame:
        """Who is who: source_system, source_account, source_record_id (text), person_id; records of people only."""
        known = self.profiles[self.profiles["person_id"].notna()]
        return pd.DataFrame({
            "source_system": known["system"].to_numpy(), "source_account": ACCOUNT,
            "source_record_id": [str(record) for record in known["record_id"]], "person_id": known["person_id"].to_numpy(),
        })
