"""No credential of ours in any word that leaves: a vendor may quote the key, the address or the whole request that it refuses.

    environment, .dlt/secrets.toml, the key of the hashes ──► the spellings of each secret (spellings.py) ──► `redact`, which puts … in
    their place

An error of a vendor, an alert and a report are told through `redact`; so is every record of every logger of a process that reads a vendor
(`guard_logs`). What a vendor wrote goes to a screen through `printable`. A secret is what bears the name of one, a password or a query in
an address, each text of a JSON setting of credentials, and what was obtained at run time (`keep_out`).
"""

import base64
import json
import logging
import os
import re
import threading
import traceback
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ingestion.accounts import REPOSITORY, SettingError, of_secrets_file, secrets_file
from ingestion.spellings import pattern

SHORTEST_SECRET = 6  # signs, 48 bits in base64 and hex; a shorter one would blot out words
NAMED = re.compile(r"KEY|TOKEN|PASSWORD|SECRET|WEBHOOK|LOGIN|CREDENTIAL", re.IGNORECASE)
OURS = re.compile(r"SOURCES(__|\.)|OMNIMART_", re.IGNORECASE)
NAMED_BY_VENDORS = re.compile(r"CLIENT_ID|CLIENT_API_ID|OPTIONS", re.IGNORECASE)
OBEYED = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
USER = re.compile(r".*(LOGIN|USER|USERNAME)", re.IGNORECASE)
PASSWORD = re.compile(r".*(PASSWORD|SECRET)", re.IGNORECASE)
KEPT_OUT = 4  # of each kind: a token that was refused a moment ago may still be quoted

_obtained: dict[str, tuple[tuple[str, ...], ...]] = {}
_obtaining = threading.Lock()


def keep_out(kind: str, *secrets: str) -> None:
    """What was obtained at run time (a token, a signed link) is a secret from now on, as what is set; of a kind, such as the token of an
    account, what the last KEPT_OUT calls told."""
    with _obtaining:
        _obtained[kind] = (*_obtained.get(kind, ()), secrets)[-KEPT_OUT:]


def redact(text: str) -> str:
    """The text with `…` for every spelling of every secret that is set now or was obtained: as it is, in addresses, JSON and HTML, one
    within another, in hex, in base64 and as the header of a user with a password."""
    key = Path(os.environ.get("OMNIMART_DATA") or REPOSITORY / "data") / "secrets" / "hash_key"
    file = secrets_file()
    for spelled in (_of_settings(tuple(dict(os.environb).items()), str(file), _changed(file), str(key), _changed(key)),
                    *map(_of_contact, chain.from_iterable(tuple(_obtained.values())))):
        text = spelled.sub("…", text) if spelled else text
    return text


def printable(text: str) -> str:
    """The text with every sign that a terminal, or a reader's eye, would obey instead of show written as an escape: control characters,
    line breaks, marks that turn the direction of writing round."""
    return OBEYED.sub(lambda sign: f"\\x{ord(sign[0]):02x}" if ord(sign[0]) < 256 else f"\\u{ord(sign[0]):04x}", text)


def guard_logs() -> None:
    """Have every log record of this process made without secrets, its traceback too, and each of ours printable: one line, whatever a
    vendor put into a file's name. Safe to repeat."""
    make = logging.getLogRecordFactory()
    if getattr(make, "redacts", False):
        return

    def safely(*given: Any, **more: Any) -> logging.LogRecord:
        record = make(*given, **more)
        told, safe = _told(record)
        if safe != told:
            record.msg, record.args = safe, ()
        if isinstance(record.exc_info, tuple) and record.exc_info[0] is not None:
            told = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            if (safe := "\n".join(map(printable, redact(told).split("\n")))) != told:
                record.exc_info, record.exc_text = None, safe
        return record

    safely.redacts = True
    logging.setLogRecordFactory(safely)


def _told(record: logging.LogRecord) -> tuple[str, str]:
    """What a record says, and what of it may be said. Of one whose parts make no text the logging module would print the parts as they are:
    of it the format is said, and the fault. A record made of nothing (logging.makeLogRecord) bears no name."""
    try:
        told = record.getMessage()
        safe = redact(told)
    except Exception as fault:  # whatever the text of an argument raises
        format_ = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        told, safe = "", redact(f"{format_} ({type(fault).__name__}: its arguments do not fit)")
    return told, printable(safe) if str(record.name).split(".")[0] == "ingestion" else safe


@lru_cache(maxsize=8)
def _of_settings(environment: tuple[tuple[bytes, bytes], ...], file: str, of_file: tuple[int, int], key: str,
                 of_key: tuple[int, int]) -> re.Pattern[str] | None:
    """What finds all that is set, made anew when the environment or one of the two files is another."""
    return _pattern({*_secrets(), *_read(key, of_key).split()})


@lru_cache(maxsize=64)
def _of_contact(obtained: tuple[str, ...]) -> re.Pattern[str] | None:
    return _pattern(set(obtained))


def _pattern(secrets: set[str]) -> re.Pattern[str] | None:
    return pattern(sorted((secret for secret in secrets if len(secret) >= SHORTEST_SECRET), key=lambda secret: (-len(secret), secret)))


def _secrets() -> Iterator[str]:
    """Every secret as it was set, and each pair of a user and a password as HTTP joins them, wherever the one and the other are set."""
    settings = {name: value for name, value in os.environ.items() if value} | _of_file()
    for name, value in settings.items():
        if _is_named(name):
            yield from _texts(value)
        if "://" in value:
            yield from _of_address(name, value)
    passwords = [value for name, value in settings.items() if PASSWORD.fullmatch(name)]
    users = [value for name, value in settings.items() if passwords and USER.fullmatch(name)]
    yield from (f"{user}:{password}" for user in users for password in passwords)


def _is_named(name: str) -> bool:
    return NAMED.search(name) is not None or (OURS.match(name) is not None and NAMED_BY_VENDORS.search(name) is not None)


def _texts(value: str) -> Iterator[str]:
    """A setting's secrets: all texts of a JSON object, else the whole."""
    try:
        waiting = [json.loads(value)] if value.lstrip().startswith("{") else []
    except (ValueError, RecursionError):
        waiting = []
    if not waiting:
        yield value
        if len(words := value.split()) > 1:  # a whole header: Bearer …, Basic …
            yield words[-1]
            yield from _unpacked(words[-1])
    while waiting:
        inner = waiting.pop()
        waiting += inner.values() if isinstance(inner, dict) else inner if isinstance(inner, list) else ()
        if isinstance(inner, str) and "://" not in inner:
            yield inner


def _unpacked(word: str) -> Iterator[str]:
    """The user and password of a Basic header."""
    try:
        told = base64.b64decode(word, validate=True).decode()
    except ValueError:
        return
    if ":" in told:
        yield from (told, told.split(":", 1)[1])


def _of_address(name: str, value: str) -> Iterator[str]:
    try:
        parts = urlsplit(value)
    except ValueError:
        return
    yield from filter(None, (parts.password, unquote(parts.password or ""), parts.query if OURS.match(name) else ""))


def _of_file() -> dict[str, str]:
    """name -> value of .dlt/secrets.toml, the tables' names before the settings'."""
    try:
        tables = [("", of_secrets_file())]
    except SettingError:  # nobody got a secret from it
        tables = []
    found = {}
    while tables:
        before, table = tables.pop()
        for name, value in table.items():
            if isinstance(value, dict):
                tables.append((f"{before}{name}.", value))
            else:
                found[f"{before}{name}"] = str(value)
    return found


def _changed(file: Path) -> tuple[int, int]:
    try:
        told = file.stat()
    except OSError:
        return 0, 0
    return told.st_mtime_ns, told.st_size


def _read(file: str, changed: tuple[int, int]) -> str:
    try:
        return Path(file).read_text(encoding="utf-8") if changed != (0, 0) else ""
    except (OSError, UnicodeDecodeError):
        return ""
