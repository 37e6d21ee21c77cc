"""Whom to ask for: the customers that the warehouse knows.

    published/contacts.duckdb (last publication) + the file of the setting customers_file  ->  `Customer`s, each with his keys
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import duckdb

from dbt_project.plugins.functions import keyed_hash  # the one secret of the installation; nothing of dbt comes with it
from ingestion import lake
from ingestion.accounts import Account, SettingError
from ingestion.http import VendorError

Kind = Literal["card", "phone"]
KINDS: tuple[Kind, ...] = ("card", "phone")
FEWEST_DIGITS = 5
# What a spreadsheet makes of a long number; its last digits are lost.
ROUNDED = re.compile(r"\s*\d+([.,]\d+)?e\+?\d+\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Key:
    """What a customer is asked for by; digits only. The token is not shown where the key is printed."""

    kind: Kind
    token: str = field(repr=False)

    @property
    def document_key(self) -> str:
        """Its name in the lake, from which nobody reads the card or phone."""
        return f"{self.kind}:{keyed_hash(f'{self.kind} {self.token}')}"


@dataclass(frozen=True)
class Customer:
    """Somebody with a card, a phone or both; the card is asked for first."""

    keys: tuple[Key, ...]

    def lot(self, day: str) -> str:
        """A place in the queue that is another one every day, so that no row of broken records stands at its head for ever."""
        return hashlib.sha256(f"{day} {self.keys[0].token}".encode()).hexdigest()


def known(account: Account) -> list[Customer]:
    """Everybody who can be asked for, each once. Raises SettingError, VendorError."""
    kinds = kinds_of(account)
    found: dict[tuple[Key, ...], None] = {}
    for card, phone in (*_published(account), *_listed(account)):
        told: dict[Kind, str] = {"card": _digits(card), "phone": _national(phone)}
        keys = tuple(Key(kind, told[kind]) for kind in kinds if len(told[kind]) >= FEWEST_DIGITS)
        if keys:
            found[keys] = None
    return [Customer(keys) for keys in found]


def _published(account: Account) -> list[tuple[str | None, str | None]]:
    """(card, phone) of the last publication; none before the first one."""
    file = lake.data_root() / "published" / "contacts.duckdb"
    if not file.exists():
        return []
    fault = ""
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            return connection.execute("select loyalty_card, phone from pii.customer_contacts "
                                      "where loyalty_card is not null or phone is not null order by customer_id").fetchall()
    except duckdb.Error as error:
        fault = type(error).__name__
    raise VendorError(f"{account.vendor}/{account.name}: the published contacts, {file}, cannot be read ({fault}), so it is not known whom "
                      "to ask for. Nothing was loaded; publish again, or move the file away to go on without it.")


def _listed(account: Account) -> Iterator[tuple[str | None, str | None]]:
    """(card, phone) of the setting's file."""
    setting = account.setting("customers_file", "")
    if not setting:
        return
    variable = account.variable("customers_file")
    try:
        text = Path(setting).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{account.vendor}/{account.name}: {variable} names {setting}, which cannot be read "
                           f"({type(error).__name__}). Nothing was loaded; name a CSV file in UTF-8, or unset it.") from None
    first = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True, delimiter=next((sign for sign in ";\t" if sign in first), ","))
    fault = ""
    try:
        rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or ()]
        if not set(KINDS) & set(rows.fieldnames):
            fault = "whose first line names neither card nor phone. Nothing was loaded; let it read card,phone"
        for row in () if fault else rows:
            card, phone = row.get("card"), row.get("phone")
            if any(ROUNDED.fullmatch(one or "") for one in (card, phone)):
                fault = (f"in whose line {rows.line_num} a card or phone is a rounded number, as 2.9E+11. Nothing was loaded; write the "
                         "file again with these columns as text")
                break
            yield card, phone
    except csv.Error:
        fault = f"which is no CSV after line {rows.line_num}: quotes do not match. Nothing was loaded; mend the file there"
    if fault:
        raise SettingError(f"{account.vendor}/{account.name}: {variable} names {setting}, {fault}.")


def kinds_of(account: Account) -> tuple[Kind, ...]:
    """By what customers are asked for. Raises SettingError."""
    words = [word.strip().lower() for word in account.setting("ask_by", ",".join(KINDS)).split(",")]
    if not words or not set(words) <= set(KINDS):
        raise SettingError(f"{account.vendor}/{account.name}: {account.variable('ask_by')} may name card, phone or both, "
                           "separated by commas.")
    return tuple(kind for kind in KINDS if kind in words)


def _digits(text: str | None) -> str:
    return re.sub(r"\D", "", text or "")


def _national(phone: str | None) -> str:
    """A phone as digits with its country's code; the file may have it as people write it, those of Russia without their 7."""
    digits = _digits(phone)
    if (phone or "").strip().startswith("+"):
        return digits
    if len(digits) == 10 and digits.startswith("9"):
        return f"7{digits}"
    return f"7{digits[1:]}" if len(digits) == 11 and digits.startswith("8") else digits
