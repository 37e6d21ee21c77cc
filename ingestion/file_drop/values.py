"""One value of a file against its declared kind.

value as CSV, JSON or Parquet gives it -> `Judge` -> the value as staging reads it, or WrongValue with a phrase. What passes here passes
the contract in staging, which knows the same shapes (macros/engine/kinds.sql).
"""

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

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
YEARS = range(1900, 2200)


class WrongValue(ValueError):
    """The value is not of its kind; the text is a phrase such as `is no whole number`."""


def judged(kind: Kind, value: Any, *, is_spreadsheet: bool = False) -> Any:
    """The value as staging reads it; None when it is absent (empty, blank, NaN).

    is_spreadsheet: the text may be written as spreadsheets write it, with a decimal comma, spaces between thousands, DD.MM.YYYY.
    Raises WrongValue.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
        if is_spreadsheet:
            value = _from_spreadsheet(kind, value)
    return _KINDS[kind](value)


def _from_spreadsheet(kind: Kind, text: str) -> str:
    if kind in ("integer", "number", "money"):
        return THOUSANDS.sub("", text).replace(",", ".")
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
    if isinstance(text, str) and (moment := MOMENT.fullmatch(text)) and _is_day(moment[1]):
        return moment[1]
    raise WrongValue("is no date")


def _time(value: Any) -> str:
    text = value.isoformat() if isinstance(value, date) else value
    if not isinstance(text, str) or not (moment := MOMENT.fullmatch(text)) or not _is_day(moment[1]):
        raise WrongValue("is no time")
    try:
        datetime.fromisoformat(f"{moment[1]}T{(moment[2] or '00:00')[:15]}{moment[3] or ''}")
    except ValueError:
        raise WrongValue("is no time") from None
    return text


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).year in YEARS
    except ValueError:
        return False


def _mac(value: Any) -> str:
    if not isinstance(value, str) or not MAC.fullmatch(value):
        raise WrongValue("is no MAC address")
    return value


_KINDS: dict[Kind, Callable[[Any], Any]] = {
    "text": _text, "integer": _integer, "number": _number, "money": _money, "flag": _flag, "date": _date, "time": _time, "mac": _mac,
}
