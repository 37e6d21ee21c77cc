"""Which accounts of a vendor are switched on, and their settings.

environment and .dlt/secrets.toml -> `accounts_of(name)`. A vendor is on when its credentials are there. Settings follow dlt's own
convention: SOURCES__<VENDOR>__<SETTING> for the account `main`, SOURCES__<VENDOR>__<ACCOUNT>__<SETTING> for further ones;
in TOML [sources.<vendor>] and [sources.<vendor>.<account>]. A secret is read at the moment of use and never kept.
"""

import math
import os
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import load_dotenv

MAIN = "main"
REPOSITORY = Path(__file__).resolve().parent.parent
ACCOUNT_NAME = re.compile(r"^[a-z][a-z0-9_]{0,40}$")


class SettingError(Exception):
    """A setting is missing or makes no sense; the text is a sentence that says which and how to set it."""


@dataclass(frozen=True)
class Account:
    """One account of one vendor, e.g. the site of a second brand. Holds names only, never a secret."""

    vendor: str
    name: str = MAIN

    def setting(self, key: str, default: str | None = None) -> str:
        """The setting's text, read now. Raises SettingError when it is absent and there is no default."""
        value = _settings(self.vendor).get(self.name, {}).get(key)
        if value not in (None, ""):
            return value
        if default is not None:
            return default
        raise SettingError(f"{self.vendor}/{self.name}: the setting {self.variable(key)} is missing. "
                           f"Set it in the environment or under {self._table()} in .dlt/secrets.toml.")

    def number(self, key: str, default: float) -> float:
        """The setting as a number. Raises SettingError when it is not one."""
        text = self.setting(key, str(default))
        if (number := finite(text)) is None:
            raise SettingError(f"{self.vendor}/{self.name}: {self.variable(key)} is {text!r}, which is no number.")
        return number

    def zone(self, key: str = "timezone", default: str = "Europe/Moscow") -> ZoneInfo:
        """The setting as a time zone. Raises SettingError for an unknown name."""
        text = self.setting(key, default)
        if (zone := zone_named(text)) is None:
            raise SettingError(f"{self.vendor}/{self.name}: {self.variable(key)} is {text!r}, which is no IANA time zone.")
        return zone

    def moment(self, key: str, *, zone: tzinfo = UTC) -> datetime | None:
        """The setting as aware UTC, an ISO-8601 date or time, without an offset in `zone`; None when it is not set. Raises SettingError."""
        text = self.setting(key, "")
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
            return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
        except (ValueError, OverflowError):
            raise SettingError(f"{self.vendor}/{self.name}: {self.variable(key)} is {text!r}, which is no ISO-8601 date.") from None

    def variable(self, key: str) -> str:
        """The name of the environment variable that holds a setting of this account."""
        middle = "" if self.name == MAIN else f"{self.name.upper()}__"
        return f"SOURCES__{self.vendor.upper()}__{middle}{key.upper()}"

    def _table(self) -> str:
        return f"[sources.{self.vendor}]" if self.name == MAIN else f"[sources.{self.vendor}.{self.name}]"


def accounts_of(vendor: str, required: Iterable[str | tuple[str, ...]]) -> tuple[Account, ...]:
    """The accounts of a vendor that are switched on, `main` first, then by name.

    `required` names the settings that make an account; a tuple means any one of them is enough. An account that has some of them is on:
    half a password is a mistake and not a wish to be off, and whoever reads the account asks `missing` first.
    """
    on = [Account(vendor, name) for name, settings in _settings(vendor).items()
          if any(settings.get(key) for wanted in required for key in _choices(wanted))]
    return tuple(sorted(on, key=lambda account: (account.name != MAIN, account.name)))


def missing(account: Account, required: Iterable[str | tuple[str, ...]]) -> str:
    """A sentence that names the settings without which the account cannot be read; empty where all are there."""
    settings = _settings(account.vendor).get(account.name, {})
    lacking = [_choices(wanted) for wanted in required if not any(settings.get(key) for key in _choices(wanted))]
    if not lacking:
        return ""
    names = ", ".join(" or ".join(account.variable(key) for key in choices) for choices in lacking)
    return f"{account.vendor}/{account.name} is half configured: {names} is missing. Set it, or unset the rest to switch it off."


def finite(text: str) -> float | None:
    """The text as a number; None where it is none, infinite or too long for one."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def zone_named(text: str) -> ZoneInfo | None:
    """The time zone of that name; None where there is none."""
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def read_env_file() -> None:
    """Take the settings of the file .env in the repository (or the one OMNIMART_ENV_FILE names) into the environment.

    What the environment says already wins. For command lines only: a library that changed its caller's environment would surprise him.
    """
    load_dotenv(os.environ.get("OMNIMART_ENV_FILE") or REPOSITORY / ".env", override=False)


def secrets_file() -> Path:
    """.dlt/secrets.toml of the repository, or the file that OMNIMART_SECRETS names."""
    return Path(os.environ.get("OMNIMART_SECRETS", REPOSITORY / ".dlt" / "secrets.toml"))


def of_secrets_file() -> dict[str, Any]:
    """The tables of the secrets file, read now; empty where there is none. Its only reader: what sets a secret and what keeps it out of
    the logs see the same. Raises SettingError."""
    path = secrets_file()
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingError(f"{path.name} is not readable as TOML: {error}. Nothing was loaded.") from error


def _choices(wanted: str | tuple[str, ...]) -> tuple[str, ...]:
    return (wanted,) if isinstance(wanted, str) else wanted


def _settings(vendor: str) -> dict[str, dict[str, str]]:
    """All settings of a vendor by account; the environment wins over the file, as in dlt."""
    found: dict[str, dict[str, str]] = {}
    for key, value in _from_toml(vendor).items():
        if isinstance(value, dict):
            found.setdefault(key.lower(), {}).update({inner.lower(): str(text) for inner, text in value.items()})
        else:
            found.setdefault(MAIN, {})[key.lower()] = str(value)
    prefix = f"SOURCES__{vendor.upper()}__"
    for variable, value in os.environ.items():
        if variable.startswith(prefix):
            parts = variable[len(prefix):].lower().split("__")
            account, key = (MAIN, parts[0]) if len(parts) == 1 else (parts[0], "__".join(parts[1:]))
            found.setdefault(account, {})[key] = value
    for name in found:
        if not ACCOUNT_NAME.match(name):
            raise SettingError(f"{vendor}: {name!r} cannot name an account. Use lower-case letters, digits and underscores.")
    return found


def _from_toml(vendor: str) -> dict:
    path, told = secrets_file(), of_secrets_file().get("sources", {})
    own = told.get(vendor, {}) if isinstance(told, dict) else None
    if not isinstance(own, dict):
        raise SettingError(f"{path.name} has something at sources.{vendor} that is no table. Write [sources.{vendor}] and the settings "
                           "below it. Nothing was loaded.")
    return own
