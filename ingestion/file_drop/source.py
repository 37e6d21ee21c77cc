"""What one contact with a drop folder reads.

state (file -> digest, rows) ──► listing ──► changed files, each read whole ──► Arrow tables of documents

A file is known by the hash of its content, and one that has not changed is not read again where the store tells an ETag. A changed file
replaces its rows: row n is the document `<dataset>/<file>:<n>`, and what it had beyond its new length is deleted. The same content under
a second name is a copy and is not loaded, for as long as the first name keeps it. A file that is gone keeps its rows: archives are moved.
A broken file lands as one document `<dataset>/<file>` that staging sets aside; whatever was loaded of it before stays, and it is read
again each night, since it may be the reading that was mended. A file that lies in no dataset's folder is such a document of `strays`.
"""

import codecs
import logging
import tempfile
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import dlt
import msgspec
import pyarrow as pa

from ingestion import documents, whole_lists
from ingestion.accounts import Account, SettingError
from ingestion.file_drop.reading import FOREIGN, NOTES, READABLE, TEXTS, Broken, Dialect, rows
from ingestion.file_drop.tables import BY_NAME, TABLES, Table
from ingestion.file_drop.values import Manner
from ingestion.files import File, Vanished, listed
from ingestion.http import VendorError
from ingestion.vendor import Contact

log = logging.getLogger(__name__)
ROWS_PER_TABLE = 50_000
STRAYS = "strays"
# A folder that was put in the wrong place shall be told, and not look to the audits like a vendor whose every document is broken.
MOST_STRAYS = 50


@dlt.source(name="file_drop", max_table_nesting=0)
def file_drop(account: Account, contact: Contact) -> Any:
    """One resource per dataset, and the account's settings; a failure of any is a failure of all."""
    folder = _Folder(account)

    def dataset(table: Table) -> Iterator[pa.Table]:
        if not contact.reads_history_only:
            state = dlt.current.source_state().setdefault("files", {}).setdefault(table.name, {})
            yield from _Dataset(table, folder, contact, state).changes()

    def strays() -> Iterator[pa.Table]:
        if not contact.reads_history_only:
            yield from _stray_changes(folder, contact, dlt.current.source_state().setdefault(STRAYS, {}))

    def settings() -> Iterator[pa.Table]:
        told = whole_lists.zone_told(account)
        yield from whole_lists.own_settings(told, account=account, contact=contact, state=dlt.current.source_state())

    return [
        *(dlt.resource(dataset(table), name=table.name, write_disposition="append") for table in TABLES),
        dlt.resource(strays(), name=STRAYS, write_disposition="append"),
        dlt.resource(settings(), name=whole_lists.SETTINGS, write_disposition="append"),
    ]


class _Folder:
    """An account's folder, listed once in a contact."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.dialect = dialect_of(account)

    @cached_property
    def files(self) -> dict[str, list[File]]:
        """The files of each dataset, the oldest first, and under STRAYS those of none. Raises VendorError."""
        files = listed(self.account.setting("folder"), suffixes=(*READABLE, *FOREIGN), who=f"{self.account.vendor}/{self.account.name}",
                       first_pause=self.account.number("retry_pause_seconds", 1.0), options=_storage_options(self.account))
        found: dict[str, list[File]] = {STRAYS: [], **{table.name: [] for table in TABLES}}
        for file in sorted(files, key=_age):
            first, slash, _ = file.name.partition("/")
            dataset = first.strip().lower()
            if slash and dataset in BY_NAME:
                found[dataset].append(file)
            elif not file.name.lower().endswith(NOTES):
                found[STRAYS].append(file)
        known = dlt.current.source_state().get("files", {})
        if not files and any(known.values()):
            raise VendorError(f"{self.account.vendor}/{self.account.name}: the folder is empty, and it held files before. Nothing was "
                              "loaded and everything loaded before stays: is it mounted, and is the address still right? "
                              "If it was emptied on purpose, leave one file in it, be it an empty one.")
        return found


class _Dataset:
    """The files of one dataset against what is known of them. state: {file: {digest, etag, rows, refused}}."""

    def __init__(self, table: Table, folder: _Folder, contact: Contact, state: dict[str, Any]) -> None:
        self._table, self._folder, self._contact, self._state = table, folder, contact, state
        self._account = folder.account.name

    def changes(self) -> Iterator[pa.Table]:
        """Tables of documents for whatever is new, file by file; the state follows."""
        files = self._folder.files[self._table.name]
        digests = {file.name: digest for file in files if (digest := self._digest(file)) is not None}
        # Who holds a content for others: a file that still has it, or one that was moved away with it.
        holders = {kept["digest"]: name for name, kept in self._state.items()
                   if kept["digest"] and digests.get(name, kept["digest"]) == kept["digest"]}
        for file in files:
            digest, kept = digests.get(file.name), self._state.get(file.name, {})
            if digest is None or (digest == kept.get("digest") and not kept.get("refused")):
                continue
            if holders.get(digest, file.name) != file.name:
                yield from self._copied(file, holders[digest])
            elif digest == kept.get("digest"):
                yield from self._mended(file.name)
            else:
                yield from self._read(file)
                if self._state[file.name]["digest"]:
                    holders[self._state[file.name]["digest"]] = file.name
        # A broken file that was taken away is nobody's business any more; rows of a good version stay, as of every file that is gone.
        for name in sorted(set(self._state) - {file.name for file in files}):
            yield from self._mended(name)

    def _digest(self, file: File) -> str | None:
        """The file's content and how it is to be read, as one hash; None when it is gone meanwhile."""
        kept = self._state.get(file.name, {})
        if file.etag and file.etag == kept.get("etag") and not kept.get("refused") and kept.get("manner") == self._manner(file):
            return kept["digest"]
        try:
            return f"{file.digest}{self._manner(file)}"
        except Vanished as gone:
            log.warning("%s Its rows stay as they were.", gone)
            return None

    def _manner(self, file: File) -> str:
        """A CSV file read in another encoding is another file."""
        dialect = self._folder.dialect
        if not file.name.lower().endswith(TEXTS):
            return ""
        return f" {dialect.encoding} {dialect.delimiter or ''}".rstrip() + (" comma" if dialect.manner.has_decimal_comma else "")

    def _read(self, file: File) -> Iterator[pa.Table]:
        """The rows of a new or changed file, once it was read to its end without a fault; else the document that says what broke it."""
        kept = self._state.get(file.name, {})
        with tempfile.TemporaryDirectory() as folder:
            try:
                copy = Path(folder) / "copy"
                digest = f"{file.copy_to(copy)}{self._manner(file)}"
                # A store's mark is kept for the content it was told of, or a spoiled copy would pass for that one for ever.
                etag = file.etag if file.size in (None, copy.stat().st_size) else ""
                count = self._spool(file, copy, Path(folder) / "rows.arrow")
            except Vanished as gone:
                log.warning("%s Its rows stay as they were.", gone)
                self._state.setdefault(file.name, _entry())
                return
            except Broken as broken:
                yield from self._refused(file.name, broken)
                return
            yield from _spooled(Path(folder) / "rows.arrow")
        yield from self._deleted(file.name, count, kept.get("rows", 0))
        yield from self._mended(file.name)
        self._state[file.name] = _entry(digest=digest, etag=etag, manner=self._manner(file), rows=count)

    def _spool(self, file: File, copy: Path, spool: Path) -> int:
        """All rows as documents in a file beside the copy, so that a million of them need little memory; how many."""
        # A file from the future, of a machine whose clock is wrong, would be the newest for ever.
        modified = min(file.modified or self._contact.now, self._contact.now)
        about = {"file": file.name, "modified_at": modified.isoformat(timespec="microseconds")}
        head = msgspec.json.encode(about).decode()[:-1]
        numbered = enumerate(rows(copy, file.name, self._table, self._folder.dialect), start=1)
        count = 0
        with pa.OSFile(str(spool), "wb") as sink, pa.ipc.new_stream(sink, documents.SCHEMA) as writer:
            while batch := [documents.Record(f"{file.name}:{number}", about["modified_at"], f'{head},"line":{line},"row":{row}}}')
                            for number, (line, row) in islice(numbered, ROWS_PER_TABLE)]:
                writer.write_table(documents.table(batch, account=self._account, asked_at=self._contact.now))
                count += len(batch)
        return count

    def _refused(self, name: str, broken: Broken) -> Iterator[pa.Table]:
        """One document in place of a broken file; not again for the same break."""
        kept = self._state.setdefault(name, _entry())
        said = msgspec.json.encode({"file": name, "line": broken.line, "column": broken.column,
                                    "refusal": f"{broken} No row of the file was loaded.", "text": broken.text}).decode()
        print_ = documents.payload_key(said)
        if kept.get("refused") != print_:
            kept["refused"] = print_
            log.warning("%s/%s: %s: %s No row of it was loaded.", self._folder.account.vendor, self._account, name, broken)
            yield documents.table([documents.Record(name, None, said)], account=self._account, asked_at=self._contact.now)

    def _copied(self, file: File, holder: str) -> Iterator[pa.Table]:
        """The content is loaded under another name, so this name has no rows of its own."""
        log.info("%s/%s: %s is a copy of %s and was not loaded.", self._folder.account.vendor, self._account, file.name, holder)
        yield from self._deleted(file.name, 0, self._state.get(file.name, {}).get("rows", 0))
        yield from self._mended(file.name)
        self._state.pop(file.name, None)

    def _mended(self, name: str) -> Iterator[pa.Table]:
        """The document of the break is withdrawn."""
        if self._state.get(name, {}).get("refused"):
            self._state[name]["refused"] = ""
            yield documents.deletions([name], account=self._account, asked_at=self._contact.now)

    def _deleted(self, name: str, count: int, before: int) -> Iterator[pa.Table]:
        """Tombstones for the rows that a file had beyond its new length."""
        for start in range(count + 1, before + 1, ROWS_PER_TABLE):
            numbers = range(start, min(start + ROWS_PER_TABLE, before + 1))
            yield documents.deletions([f"{name}:{n}" for n in numbers], account=self._account, asked_at=self._contact.now)


def _stray_changes(folder: _Folder, contact: Contact, state: dict[str, str]) -> Iterator[pa.Table]:
    """A document for every file that nobody reads, of very many the first by name; its withdrawal when the file is gone.

    state: {file: what was said}, so that each is told once.
    """
    account = folder.account
    names = sorted(file.name for file in folder.files[STRAYS])
    said = {name: msgspec.json.encode({
        "file": name,
        "refusal": f"file: it lies in no folder of a dataset ({', '.join(BY_NAME)}), so it was not read; move it into one.",
    }).decode() for name in names[:MOST_STRAYS]}
    new = {name: text for name, text in said.items() if state.get(name) != documents.payload_key(text)}
    gone = sorted(set(state) - set(said))
    for name in new:
        log.warning("%s/%s: the file %s lies in no folder of a dataset and was not read.", account.vendor, account.name, name)
    if new:
        records = [documents.Record(name, None, text) for name, text in new.items()]
        yield documents.table(records, account=account.name, asked_at=contact.now)
    if gone:
        yield documents.deletions(gone, account=account.name, asked_at=contact.now)
    state.update({name: documents.payload_key(text) for name, text in new.items()})
    for name in gone:
        del state[name]


def dialect_of(account: Account) -> Dialect:
    """The settings encoding, delimiter, decimal and timezone. Raises SettingError for ones that cannot be."""
    encoding, delimiter = account.setting("encoding", "utf-8"), account.setting("delimiter", "")
    try:
        is_known = "\n;".encode(encoding) == b"\n;"
    except (LookupError, UnicodeError):
        is_known = False
    if not is_known:
        raise SettingError(f"{account.vendor}/{account.name}: {account.variable('encoding')} is {encoding!r}, which is no encoding that "
                           "extends ASCII. Write utf-8, cp1251 or koi8-r; save UTF-16 files as UTF-8.")
    delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if len(delimiter) > 1 or delimiter in ('"', "\r", "\n") or delimiter.isalnum():
        raise SettingError(f"{account.vendor}/{account.name}: {account.variable('delimiter')} is {delimiter!r}. Write one sign that "
                           "is no letter, digit or quote, or tab.")
    decimal = account.setting("decimal", "")
    if decimal not in ("", "comma"):
        raise SettingError(f"{account.vendor}/{account.name}: {account.variable('decimal')} is {decimal!r}. Write comma, or unset it.")
    return Dialect(codecs.lookup(encoding).name, delimiter or None, Manner(account.zone(), has_decimal_comma=decimal == "comma"))


def _storage_options(account: Account) -> dict[str, Any]:
    """What the file system needs besides the address, as a JSON object; read when it is used, since secrets stand there."""
    text = account.setting("storage_options", "")
    if not text:
        return {}
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        raise SettingError(f"{account.vendor}/{account.name}: {account.variable('storage_options')} is no JSON object. "
                           'Write e.g. {"endpoint_url": "https://…", "key": "…", "secret": "…"}.') from None


def _spooled(spool: Path) -> Iterator[pa.Table]:
    with pa.OSFile(str(spool), "rb") as source, pa.ipc.open_stream(source) as reader:
        for batch in reader:
            yield pa.Table.from_batches([batch])


def _entry(*, digest: str = "", etag: str = "", manner: str = "", rows: int = 0) -> dict[str, Any]:
    return {"digest": digest, "etag": etag, "manner": manner, "rows": rows, "refused": ""}


def _age(file: File) -> tuple[float, str]:
    return (file.modified.timestamp() if file.modified else 0.0), file.name
