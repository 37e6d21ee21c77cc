"""What each dataset of the drop folder must hold: the one declaration that reading, staging's tests and docs/file-drop.md go by.

A column that is not declared is welcome and stays in the payload. A column that is not required may be missing or empty.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "integer", "number", "money", "flag", "date", "open_date", "time", "mac"]

KINDS: dict[Kind, str] = {
    "text": "any text",
    "integer": "a whole number",
    "number": "a number",
    "money": "a number of money",
    "flag": "true, false, 1 or 0",
    "date": "a date, YYYY-MM-DD or DD.MM.YYYY",
    "open_date": "a date, also one far ahead (2099-12-31)",
    "time": "a time, YYYY-MM-DD HH:MM:SS or DD.MM.YYYY HH:MM:SS, or a date alone",
    "mac": "a MAC address of twelve hexadecimal digits",
}


@dataclass(frozen=True)
class Column:
    """A declared column of a dataset. choices: the only words it may hold, in any case."""

    name: str
    kind: Kind
    required: bool
    meaning: str
    choices: tuple[str, ...] = ()


NEWEST = "A row is known by {key}; of two rows the one of the newest file counts."
ALL = "A row has no id: all rows of all files count. The same {key} in two files is warned about."
NEWEST_FILE = ("Rows of one file with the same {key} add up (two doors); of two files with the same the newest counts, which is warned "
               "about.")


@dataclass(frozen=True)
class Table:
    """A dataset: a folder of files with these columns.

    key: the columns that say what a row is about. twice: what happens when two files have a row with the same key; where nothing but
    the key tells rows apart the newest file is believed, and where it does not tell them apart no row may be dropped for it.
    wrong: of a row by declared columns, each value right in itself, what in it cannot stand together: `<column>: a sentence`, or "".
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    twice: str = NEWEST
    wrong: Callable[[dict[str, Any]], str] = lambda row: ""

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that no file may lack."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def same_row(self) -> str:
        """What happens to rows of the same thing, as a sentence."""
        return self.twice.format(key=", ".join(f"`{name}`" for name in self.key))


def _must(name: str, kind: Kind, meaning: str, *choices: str) -> Column:
    return Column(name, kind, True, meaning, choices)


def _may(name: str, kind: Kind, meaning: str, *choices: str) -> Column:
    return Column(name, kind, False, meaning, choices)


# Which way points go: operation_type, cancels_type -> 1 in, -1 out. What is not named goes either way.
SIGNS = {("earned", ""): 1, ("redeemed", ""): -1, ("expired", ""): -1,
         ("cancelled", "earned"): -1, ("cancelled", "redeemed"): 1, ("cancelled", "expired"): 1}


def _wrong_sign(row: dict[str, Any]) -> str:
    kind = str(row["operation_type"]).lower()
    cancels = str(row.get("cancels_type") or "").lower() if kind == "cancelled" else ""
    sign = SIGNS.get((kind, cancels), 0)
    if float(row["points"]) * sign >= 0:
        return ""
    what = f"cancels something {cancels}" if cancels else f"is {kind}"
    return f"points: what {what} {'comes in and is above' if sign > 0 else 'goes out and is below'} zero"


_EMAIL = _may("email", "text", "The customer's e-mail")
_PHONE = _may("phone", "text", "The customer's phone, in any common spelling")

TABLES: tuple[Table, ...] = (
    Table("channel_costs", "What channels cost, by day and campaign", ("cost_on", "channel", "campaign", "utm_campaign"), (
        _must("cost_on", "date", "Day of the costs"),
        _must("channel", "text", "Channel, e.g. paid_search, display, social_ads, offline_ads; other words go through value_mappings.csv"),
        _may("campaign", "text", "Campaign's name"),
        _may("utm_campaign", "text", "utm_campaign of its links, which joins costs to visits"),
        _may("impressions", "integer", "Times shown"),
        _may("clicks", "integer", "Clicks"),
        _must("cost", "money", "What it cost, without VAT, in `currency`"),
        _may("currency", "text", "ISO code; the business currency when empty"),
    ), ALL),
    Table("survey_answers", "Answers to surveys: NPS, CSI, CSAT", ("answer_id", "question"), (
        _must("answer_id", "text", "Id of the answer in the survey system"),
        _must("survey_type", "text", "Which index it counts for", "nps", "csi", "csat"),
        _may("survey_name", "text", "Name of the survey or wave"),
        _may("channel", "text", "How it was asked: email, sms, store, app, call, chat"),
        _may("question", "text", "Item of a survey with several questions (CSI)"),
        _must("score", "number", "The answer on the scale"),
        _may("scale_min", "number", "Lowest possible score; when empty 0 for NPS and 1 for the others"),
        _may("scale_max", "number", "Highest possible score; when empty 5 for CSAT and 10 for the others"),
        _may("importance", "number", "Importance of the item, 1 to 10 (CSI)"),
        _may("comment", "text", "What was written besides"),
        _must("answered_at", "time", "When it was answered"),
        _EMAIL, _PHONE,
        _may("order_number", "text", "Number of the order that was asked about"),
        _may("store", "text", "Code of the store that was asked about"),
    )),
    Table("store_entrants", "People who entered a store, by the counter at the door", ("store", "counted_at"), (
        _must("store", "text", "The store's code"),
        _must("counted_at", "time", "The day or hour that was counted: its beginning"),
        _must("entrants", "integer", "How many entered"),
    ), NEWEST_FILE),
    Table("wifi_visits", "Devices seen by a store's Wi-Fi", ("store", "mac", "entered_at"), (
        _must("store", "text", "The store's code"),
        _must("mac", "mac", "The device's MAC address; only its keyed hash leaves staging"),
        _must("entered_at", "time", "First seen on this visit"),
        _may("left_at", "time", "Last seen on this visit"),
        _may("phone", "text", "The phone that was confirmed on logging in to the Wi-Fi"),
    )),
    Table("event_visits", "Who came to an event", ("event", "attended_at", "store", "email", "phone"), (
        _must("event", "text", "The event's name"),
        _must("attended_at", "time", "When the visitor was there"),
        _may("store", "text", "Code of the store where it was held"),
        _EMAIL, _PHONE,
    ), ALL),
    Table("app_sessions", "Sessions of a mobile application that no other system records", ("session_id",), (
        _must("session_id", "text", "Id of the session"),
        _must("device_id", "text", "Id of the installation"),
        _may("customer_id", "text", "The shop's customer id, when somebody was logged in"),
        _may("platform", "text", "ios or android"),
        _must("started_at", "time", "Beginning"),
        _may("ended_at", "time", "End"),
        _may("screens", "integer", "Screens seen"),
        _may("is_new_device", "flag", "The installation's first session"),
    )),
    Table("messages", "Sent messages of systems without an API: messengers, triggers of the CRM", ("message_id",), (
        _must("message_id", "text", "Id of the message"),
        _must("campaign", "text", "Campaign's or trigger's name"),
        _may("message_type", "text", "What it was; mass when empty", "mass", "trigger", "transactional"),
        _may("trigger", "text", "What triggers it, for triggers"),
        _must("channel", "text", "messenger, sms, push or email; other words go through value_mappings.csv"),
        _must("recipient", "text", "Phone or e-mail that it was sent to"),
        _must("sent_at", "time", "When it was sent"),
        _may("delivered_at", "time", "When it was delivered"),
        _may("opened_at", "time", "When it was first opened"),
        _may("clicked_at", "time", "When a link in it was first clicked"),
        _may("failed_at", "time", "When it bounced; with a reason and no time, the time of sending counts"),
        _may("failed_reason", "text", "Why it could not be delivered; any text here means that it was not"),
    )),
    Table("promotions", "Promotions and their codes", ("promotion_id",), (
        _must("promotion_id", "text", "Id or number of the promotion"),
        _must("name", "text", "Name"),
        _may("promo_code", "text", "The code that customers enter"),
        _may("discount_type", "text", "promo_code, mass or personal"),
        _may("channel", "text", "Where it is advertised"),
        _must("starts_on", "date", "First day"),
        _may("ends_on", "open_date", "Last day"),
        _may("budget", "money", "Planned budget"),
    )),
    Table("loyalty_accounts", "Accounts of a loyalty programme, where its vendor gives a dump", ("account_id",), (
        _must("account_id", "text", "Id of the account"),
        _may("card", "text", "Number of its loyalty card"),
        _EMAIL, _PHONE,
        _may("full_name", "text", "The customer's name"),
        _may("status", "text", "When empty, active until `closed_at`", "active", "inactive", "not_confirmed"),
        _may("enrolled_at", "time", "When the customer joined; without it nobody is a member"),
        _may("closed_at", "time", "When the account was closed"),
        _may("balance", "number", "Points that could be spent when the dump was written"),
    )),
    Table("loyalty_operations", "Movements of points on these accounts", ("operation_id",), (
        _must("operation_id", "text", "Id of the movement"),
        _must("account_id", "text", "The account, as in loyalty_accounts"),
        _must("operation_type", "text", "What happened", "earned", "redeemed", "expired", "adjusted", "cancelled"),
        _may("cancels_type", "text", "What a cancellation takes back", "earned", "redeemed", "expired", "adjusted"),
        _must("points", "number", "Points, signed: what leaves the account is negative"),
        _must("occurred_at", "time", "When it happened"),
        _may("available_on", "open_date", "Day from which the points may be spent"),
        _may("order_number", "text", "Number of the order behind it"),
    ), wrong=_wrong_sign),
)

BY_NAME: dict[str, Table] = {table.name: table for table in TABLES}
