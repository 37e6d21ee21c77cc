"""What a setting may be: every vendor declares the form of each of his, and a value of another is refused before he is asked for anything.

    VENDOR.settings  +  the account's values  ──►  `refused` ──►  one sentence, or none  ──►  contact, backfill

A value is quoted only where the form cannot be a secret's and nobody is likely to have put one there by mistake.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from ingestion import clock
from ingestion.accounts import Account, SettingError, finite, missing, zone_named

QUOTED = 60  # characters of a value that a sentence may hold
EARLIEST = 1970


@dataclass(frozen=True)
class Number:
    """A finite number from `least` to `most`."""

    least: float
    most: float
    is_whole: bool = False
    quotes: bool = True

    @property
    def meant(self) -> str:
        """What it must be, in words."""
        return f"a {'whole ' if self.is_whole else ''}number from {_plain(self.least)} to {_plain(self.most)}"

    def fits(self, text: str) -> bool:
        """Whether the text is one."""
        number = finite(text)
        return number is not None and self.least <= number <= self.most and (number.is_integer() or not self.is_whole)


@dataclass(frozen=True)
class Moment:
    """A day or time that is past."""

    meant: str = f"a day from {EARLIEST} to today, written 2024-02-01, or a time as 2024-02-01T09:00+03:00"
    quotes: bool = True

    def fits(self, text: str) -> bool:
        """Whether the text is one."""
        try:
            day = datetime.fromisoformat(text).date()
        except ValueError:
            return False
        return day.year >= EARLIEST and day <= (clock.now() + timedelta(days=1)).date()


@dataclass(frozen=True)
class Zone:
    """A time zone by its IANA name."""

    meant: str = "an IANA time zone, as Europe/Moscow"
    quotes: bool = True

    def fits(self, text: str) -> bool:
        """Whether there is such a zone."""
        return zone_named(text) is not None


@dataclass(frozen=True)
class Address:
    """Where a vendor answers."""

    meant: str = "an address as https://api.example.com, with http:// or https:// in front and without spaces, a user, ? or #"
    quotes: bool = False

    def fits(self, text: str) -> bool:
        """Whether something can be asked there."""
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname or "", parts.port
            named = host.encode("idna") if not host.isascii() or ":" not in host else b"-"
        except (ValueError, UnicodeError):
            return False
        return (parts.scheme in ("http", "https") and bool(named) and not re.search(r"[?#@\\]", text) and not _has_gap(text)
                and re.fullmatch(r"[\w.:-]+", host) is not None)


@dataclass(frozen=True)
class OneOf:
    """One of a few words, in any case."""

    words: tuple[str, ...]
    quotes: bool = True

    @property
    def meant(self) -> str:
        """What it must be, in words."""
        return " or ".join(self.words)

    def fits(self, text: str) -> bool:
        """Whether it is one of them."""
        return text.lower() in self.words


@dataclass(frozen=True)
class Text:
    """One line of text without spaces at its ends, of which the whole matches `pattern`."""

    pattern: str = r".+"
    meant: str = "one line of text without spaces at its ends"
    quotes: bool = True

    def fits(self, text: str) -> bool:
        """Whether it is such a line."""
        return text.isprintable() and text == text.strip() and re.fullmatch(self.pattern, text) is not None


@dataclass(frozen=True)
class Options:
    """A JSON object, in which secrets stand."""

    meant: str = 'a JSON object, as {"endpoint_url": "https://storage.example.com"}'
    quotes: bool = False

    def fits(self, text: str) -> bool:
        """Whether it is one."""
        try:
            return isinstance(json.loads(text), dict)
        except (ValueError, RecursionError):
            return False


@dataclass(frozen=True)
class Told:
    """What the vendor's own code judges: `read` raises SettingError with a sentence."""

    read: Callable[[Account], Any]


Form = Number | Moment | Zone | Address | OneOf | Text | Options | Told
KEY = Text(r"[!-~]+", "one line of Latin letters, digits and signs without spaces", quotes=False)  # what a header can carry
SECRET = Text(meant="one line without spaces at its ends", quotes=False)
SEGMENT = Text(r"[^\s/?#%\\]+", "an id without spaces, / ? # and %")
FOLDER = Text(meant="a local path, http(s)://… or s3://bucket/folder, without spaces at its ends", quotes=False)
DAYS = Number(0, 36_600)
RATE = Number(0.001, 1_000_000)
SECONDS = Number(0, 86_400)
OF_ALL: Mapping[str, Form] = {"retry_pause_seconds": SECONDS, "largest_answer_mb": Number(0.001, 1_048_576)}


def refused(account: Account, forms: Mapping[str, Form], required: tuple[str | tuple[str, ...], ...] = ()) -> str:
    """Why nothing may be asked for with these settings, by the first that is wrong; empty where all are right. Asks nobody."""
    if lacking := missing(account, required):
        return lacking
    for key, form in {**OF_ALL, **forms}.items():
        text = account.setting(key, "")
        if text == "":
            continue
        if isinstance(form, Told):
            try:
                form.read(account)
            except SettingError as fault:
                return str(fault)
        elif not form.fits(text):
            said = f"is {text[:QUOTED]!r}, and" if form.quotes else "is not of its form:"
            return (f"{account.vendor}/{account.name}: {account.variable(key)} {said} it must be {form.meant}. Nothing was read of this "
                    "account; correct the setting.")
    return ""


def _has_gap(text: str) -> bool:
    return not text.isprintable() or any(sign.isspace() for sign in text)


def _plain(number: float) -> str:
    return f"{number:,.10g}".replace(",", " ")
