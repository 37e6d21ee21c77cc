"""One value of a file against its declared kind.

value as CSV, JSON or Parquet gives it -> `judged` -> the value as staging reads it, or WrongValue with a phrase. What passes here passes
the contract in staging, which knows the same shapes and bounds (macros/engine/kinds.sql), so a file is refused whole or not at all. The
door is narrower where the canonical entities are: counts of 32 bits, MAC addresses, an hour of 24.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ingestion import clock
from ingestion.file_drop.tables import Kind

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
INTEGER = re.compile(r"[+-]?\d+(\.0*)?", re.ASCII)
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII)
DOTTED = re.compile(r"(\d\d)\.(\d\d)\.(\d{4})(?: (\d{1,2})(:.*))?", re.ASCII | re.DOTALL)
MAC = re.compile(r"[0-9a-fA-F]{2}([:. -]?[0-9a-fA-F]{2}){5}")
# Spaces that spreadsheets put between thousands, the narrow and the unbreakable one included.
THOUSANDS = re.compile("[ \u00a0\u202f]")
# The canonical entities hold 32-bit counts and money of sixteen digits before the point.
LARGEST_COUNT = 2_147_483_647
LARGEST_MONEY = Decimal(10) ** 15
UTC_ZONE = ZoneInfo("UTC")
EARLIEST = date(1900, 1, 1)
# 12,345 and 12.345: thousands to one half of the world, a fraction to the other.
EITHER_WAY = re.compile(r"[+-]?[1-9]\d{0,2}([,.])\d{3}", re.ASCII)


def latest_possible() -> date:
    """The day after which staging believes no date (latest_possible_date in kinds.sql); a year end never moves back."""
    return date(clock.now().year + 5, 12, 31)


class WrongValue(ValueError):
    """The value is not of its kind; the text is a phrase such as `is no whole number`."""


@dataclass(frozen=True)
class Manner:
    """How an account's values are meant. zone: of times without an offset; latest: the last possible day; has_decimal_comma: 12,345 in
    a CSV file is twelve and a fraction."""

    zone: ZoneInfo = UTC_ZONE
    latest: date = field(default_factory=latest_possible)
    has_decimal_comma: bool = False


def judged(kind: Kind, value: Any, *, manner: Manner, is_spreadsheet: bool = False) -> Any:
    """The value as staging reads it; None when it is absent (empty, blank, NaN).

    is_spreadsheet: the text may be written as spreadsheets write it, with a decimal comma, spaces between thousands, DD.MM.YYYY.
    Raises WrongValue.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str):
        # JSON lines are landed as they stand, and staging trims nothing but spaces.
        value = value.strip() if is_spreadsheet else value.strip(" ")
        if not value:
            return None
        if is_spreadsheet:
            value = _from_spreadsheet(kind, value, manner)
    found = _KINDS[kind](value)
    if kind in ("date", "time", "open_date") and not _is_possible(kind, found, manner):
        raise WrongValue("is an impossible date")
    return found


def _from_spreadsheet(kind: Kind, text: str, manner: Manner) -> str:
    if kind == "integer":
        text = THOUSANDS.sub("", text)
        if "," in text or EITHER_WAY.fullmatch(text):
            raise WrongValue("is no whole number, or has a mark between its thousands")
        return text
    if kind in ("number", "money"):
        text = THOUSANDS.sub("", text)
        if (mark := EITHER_WAY.fullmatch(text)) and (mark[1] == ",") != manner.has_decimal_comma:
            # A point before three digits is a fraction, but where the account has said that its fractions have a comma.
            if mark[1] == ",":
                raise WrongValue("may be thousands or a fraction; write it without the comma, or set DECIMAL=comma if it is a fraction")
            if manner.has_decimal_comma:
                raise WrongValue("may be thousands or a fraction, since DECIMAL=comma; write it without the point")
        return text.replace(",", ".")
    if kind in ("date", "time") and (dotted := DOTTED.fullmatch(text)):
        hours = f" {dotted[4]:0>2}{dotted[5]}" if dotted[4] else ""
        return f"{dotted[3]}-{dotted[2]}-{dotted[1]}{hours}"
    return text


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        # A column of ids with a gap in it comes out of pandas as fractions.
        return str(int(value))
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise WrongValue("is no text")


def _integer(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal) or not INTEGER.fullmatch(f"{value}"):
        raise WrongValue("is no whole number")
    if abs(Decimal(value)) > LARGEST_COUNT:
        raise WrongValue(f"is greater than {LARGEST_COUNT}")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal) or not NUMBER.fullmatch(f"{value}"):
        raise WrongValue("is no number")
    if not math.isfinite(float(value)):
        raise WrongValue("is no number")
    return value


def _money(value: Any) -> Any:
    if abs(Decimal(_number(value))) >= LARGEST_MONEY:
        raise WrongValue("is no sum of money")
    return value


def _flag(value: Any) -> Any:
    if isinstance(value, bool) or (f"{value}".lower() in ("true", "false", "1", "0") and not isinstance(value, float)):
        return value
    raise WrongValue("is neither true nor false")


def _date(value: Any) -> str:
    text = value.isoformat() if isinstance(value, date) else value
    # A time where a date is declared counts as its day, as it does in staging.
    if isinstance(text, str) and (moment := MOMENT.fullmatch(text)) and _day(moment[1]):
        return moment[1]
    raise WrongValue("is no date")


def _time(value: Any) -> str:
    text = value.isoformat() if isinstance(value, date) else value
    if not isinstance(text, str) or not (moment := MOMENT.fullmatch(text)) or not _moment(moment):
        raise WrongValue("is no time")
    return text


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _moment(shape: re.Match[str]) -> datetime | None:
    try:
        return datetime.fromisoformat(f"{shape[1]}T{(shape[2] or '00:00')[:15]}{shape[3] or ''}")
    except ValueError:
        return None


def _is_possible(kind: Kind, text: str, manner: Manner) -> bool:
    """True within the bounds of staging, which compares moments in UTC; a promotion may end in 2099."""
    if EARLIEST.year < int(text[:4]) < manner.latest.year:
        return True
    if kind == "time":
        moment = _moment(MOMENT.fullmatch(text))
        try:
            here = (moment.replace(tzinfo=manner.zone) if moment.tzinfo is None else moment).astimezone(UTC).replace(tzinfo=None)
        except OverflowError:
            return False
        return datetime.combine(EARLIEST, time()) <= here <= datetime.combine(manner.latest, time())
    day = date.fromisoformat(text)
    return day >= EARLIEST and (kind == "open_date" or day <= manner.latest)


def _mac(value: Any) -> str:
    if not isinstance(value, str) or not MAC.fullmatch(value):
        raise WrongValue("is no MAC address")
    return value


_KINDS: dict[Kind, Callable[[Any], Any]] = {
    "text": _text, "integer": _integer, "number": _number, "money": _money, "flag": _flag, "date": _date, "open_date": _date, "time": _time,
    "mac": _mac,
}
