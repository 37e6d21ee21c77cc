"""Ratings that webhooks left in a folder: one JSON object per line, files that grow by whole lines.

folder (local path, http(s)://…, s3://…) -> new and grown files -> their new lines -> documents
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from ingestion import documents, files
from ingestion.accounts import Account, SettingError
from ingestion.documents import Record
from ingestion.slow_pages import escaped


def new_lines(account: Account, known: dict[str, dict[str, Any]]) -> Iterator[list[Record]]:
    """The lines that no finished load holds, file by file; `known` (name -> size and hash of what was read) is brought up to date.

    A line is a document under the hash of its text, so a webhook that was sent twice counts once. A file that no longer begins with what
    was read of it is read again from its start. A last line without its end is still being written and is left for the next time.
    """
    folder = account.setting("ratings_folder", "")
    if not folder:
        return
    who = f"{account.vendor}/{account.name} ratings"
    for file in files.listed(folder, suffixes=(".jsonl",), who=who, options=_options(account),
                             first_pause=account.number("retry_pause_seconds", 1.0)):
        before = known.get(file.name, {})
        if file.size is not None and file.size == before.get("size"):
            continue
        try:
            body = file.read()
        except files.Vanished:
            continue
        body = body[: body.rfind(b"\n") + 1]
        start = before.get("read", 0)
        if hashlib.sha256(body[:start]).hexdigest() != before.get("digest", ""):
            start = 0
        lines = [line.strip() for line in body[start:].split(b"\n")]
        records = [Record(None, None, _text(line)) for line in lines if line]
        known[file.name] = {"size": file.size, "read": len(body), "digest": hashlib.sha256(body).hexdigest()}
        if records:
            yield [Record(documents.payload_key(record.payload), None, record.payload) for record in records]


def _text(line: bytes) -> str:
    return escaped(line.decode("utf-8", "surrogateescape")) or ""


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
