"""No credential of ours in any word that leaves: a vendor may quote the key, the address or the whole request that it refuses.

    environment, .dlt/secrets.toml, the key of the hashes ──► the spellings of each secret ──► `redact`, which puts … in their place

An error of a vendor, an alert and a report are told through `redact`; so is every record of every logger of a process that reads a vendor
(`guard_logs`). What a vendor wrote goes to a screen through `printable`. A secret is what bears the name of one, a password or a query in
an address, each text of a JSON setting of credentials, and what was obtained at run time (`keep_out`).
"""

import base64
import binascii
import html
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
from urllib.parse import quote, quote_plus, unquote, urlsplit

from ingestion.accounts import REPOSITORY, SettingError, of_secrets_file, secrets_file

SHORTEST_SECRET = 6  # a shorter one would blot out words
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
    """The text with `…` for every spelling of every secret that is set now: as it is, in an address, in JSON, in HTML, in base64 and as
    the header of a user with a password."""
    spelled = _pattern(frozenset(_secrets()))
    return spelled.sub("…", text) if spelled else text


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


def _secrets() -> Iterator[str]:
    """Every secret as it was set, and each pair of a user and a password as HTTP joins them, wherever the one and the other are set."""
    settings = {name: value for name, value in os.environ.items() if value} | _of_file()
    for name, value in settings.items():
        if _is_named(name):
            yield from _texts(value)
        if "://" in value:
            yield from _of_address(name, value)
    passwords = [value for name, value in settings.items() if _is_like(PASSWORD, name)]
    users = [value for name, value in settings.items() if passwords and _is_like(USER, name)]
    yield from (f"{user}:{password}" for user in users for password in passwords)
    for told in tuple(_obtained.values()):
        yield from chain.from_iterable(told)
    key = Path(os.environ.get("OMNIMART_DATA") or REPOSITORY / "data") / "secrets" / "hash_key"
    yield from _read(str(key), _changed(key)).split()


@lru_cache(maxsize=4096)
def _is_named(name: str) -> bool:
    return NAMED.search(name) is not None or (OURS.match(name) is not None and NAMED_BY_VENDORS.search(name) is not None)


@lru_cache(maxsize=4096)
def _is_like(pattern: re.Pattern[str], name: str) -> bool:
    return pattern.fullmatch(name) is not None


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
    file = secrets_file()
    return _flat(str(file), _changed(file))


@lru_cache(maxsize=16)
def _flat(file: str, changed: tuple[int, int]) -> dict[str, str]:
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


@lru_cache(maxsize=16)
def _read(file: str, changed: tuple[int, int]) -> str:
    try:
        return Path(file).read_text(encoding="utf-8") if changed != (0, 0) else ""
    except (OSError, UnicodeDecodeError):
        return ""


@lru_cache(maxsize=64)
def _pattern(secrets: frozenset[str]) -> re.Pattern[str] | None:
    long = sorted((secret for secret in secrets if len(secret) >= SHORTEST_SECRET), key=len, reverse=True)
    spelled = {spelling for secret in long for spelling in spellings(secret)}
    whole = [re.escape(one) for one in sorted(spelled, key=len, reverse=True)]
    return re.compile("|".join([*("".join(map(_sign, secret)) for secret in long), *whole])) if long else None


@lru_cache(maxsize=1024)
def _sign(sign: str) -> str:
    """A pattern of how one sign of a secret may come back: in an address, in JSON of any maker, in HTML."""
    if sign.isascii() and sign.isalnum():
        return sign
    number = ord(sign)
    ways = {sign, f"\\{sign}", html.escape(sign), json.dumps(sign)[1:-1], quote_plus(sign, errors="replace")}
    either_case = {quote(sign, safe="", errors="replace"), f"\\u{number:04x}", f"&#x{number:x};", f"&#{number};"}
    return f"(?:{'|'.join(map(re.escape, sorted(ways, key=len, reverse=True)))}|(?i:{'|'.join(map(re.escape, sorted(either_case)))}))"


def spellings(secret: str) -> set[str]:
    """The texts as which a secret may come back."""
    packed = base64.b64encode(secret.encode("utf-8", "surrogateescape")).decode()
    latin = {base64.b64encode(secret.encode("latin-1")).decode()} if secret.isascii() is False and _is_latin(secret) else set()
    # What follows it in a longer text changes its last signs only.
    return {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], html.escape(secret),
            quote(secret, errors="replace"), quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace"),
            packed, packed.rstrip("="), binascii.hexlify(secret.encode("utf-8", "surrogateescape")).decode(), *latin}


def _is_latin(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
