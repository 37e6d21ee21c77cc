"""Ratings that webhooks left in a folder: one JSON object per line, files that grow by lines.

folder (local path, http(s)://…, s3://…) -> new and changed files -> their new lines -> documents
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from ingestion import byte_order, documents, files
from ingestion.accounts import Account, SettingError
from ingestion.documents import Record
from ingestion.slow_pages import escaped

# What opens the API, in a line that another receiver wrote.
SECRETS = ("secret", "token", "api_token")
# The same in a line that is no JSON; the value may have lost its end.
SECRET_TEXT = re.compile(r'("(?:secret|token|api_token)"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}\]]+)', re.IGNORECASE)


def new_lines(account: Account, known: dict[str, dict[str, Any]]) -> Iterator[list[Record]]:
    """The lines that no finished load holds, file by file; `known` (name -> what was read of it) is brought up to date.

    A file that its store's mark does not show unchanged is read and compared by its hash. A line is a document under the hash of its text,
    so a webhook that was sent twice counts once. A file that no longer begins with what was read of it is read again from its start. A last
    line without its end is taken once it is a whole JSON object; else it is left as still being written, but for half a line that is the
    same when the file is looked at again: nobody writes it any more, so it is taken as it stands and staging sets it aside.
    """
    folder = account.setting("ratings_folder", "")
    if not folder:
        return
    who = f"{account.vendor}/{account.name} ratings"
    for file in files.listed(folder, suffixes=(".jsonl",), who=who, options=_options(account),
                             first_pause=account.number("retry_pause_seconds", 1.0)):
        before = known.get(file.name, {})
        if file.etag and file.etag == before.get("etag") and before.get("tail", "") == before.get("taken", ""):
            continue
        try:
            body = file.read()
        except files.Vanished:
            continue
        start = before.get("read", 0)
        if _print(body[:start]) != before.get("digest", ""):
            start, before = 0, {}
        end = body.rfind(b"\n") + 1
        lines = [line.strip() for line in body[start:end].split(b"\n")]
        # The first of them may be the line whose end was missing.
        new = [line for line in lines if line and _print(line) != before.get("taken")]
        tail, taken = body[end:].strip(), ""
        if tail and (_members(tail) is not None or _print(tail) == before.get("tail")):
            taken = _print(tail)
            new += [tail] if taken != before.get("taken") else []
        # A store's mark is kept for the content it was told of, or a spoiled copy would pass for that one for ever.
        etag = file.etag if file.size in (None, len(body)) else ""
        known[file.name] = {"etag": etag, "read": end, "digest": _print(body[:end]), "tail": _print(tail) if tail else "", "taken": taken}
        if new:
            texts = [_text(line) for line in new]
            yield [Record(documents.payload_key(text), None, text) for text in texts]


def _print(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _members(line: bytes) -> dict[str, Any] | None:
    """The line as a JSON object; None when it is none."""
    try:
        found = json.loads(byte_order.of_json(line).decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _text(line: bytes) -> str:
    """The line as it is landed: as it stands, without secrets."""
    text = escaped(byte_order.of_json(line).decode("utf-8", "surrogateescape")) or ""
    if not any(f'"{name}"' in text.lower() for name in SECRETS):
        return text
    told = _members(line)
    return SECRET_TEXT.sub(r'\1""', text) if told is None else json.dumps(_without_secrets(told))


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_secrets(member) for name, member in value.items() if name.lower() not in SECRETS}
    return [_without_secrets(each) for each in value] if isinstance(value, list) else value


def _options(account: Account) -> dict[str, Any]:
    text = account.setting("ratings_options", "{}")
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise SettingError(f"{account.vendor}/{account.name}: {account.variable('ratings_options')} is no JSON object. Write what fsspec "
                           'takes for that store, e.g. {"endpoint_url": "…"}, or unset it.')
    return found
