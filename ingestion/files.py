"""Files in a folder, wherever it is: a local path, an HTTP server's directory index, an object store (s3://…).

folder's address -> `listed` -> files by name -> bytes or a local copy, with its digest. For vendors whose wire is a folder that somebody
fills. Faults that may pass are retried with growing pauses; the last one becomes a sentence. Names that begin with a dot, an underscore
or `~$`, in any part of the path, are somebody's unfinished work and are not listed. Local files are hashed where they lie, every time:
size and time stay the same when a program writes a file again within the clock's tick or keeps the time of its source.
"""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import aiohttp
import fsspec
import tenacity
from botocore.exceptions import BotoCoreError, NoCredentialsError, PartialCredentialsError

from ingestion import web_folders
from ingestion.http import LONGEST_PAUSE, RETRIED, Transient, VendorError
from ingestion.links import Elsewhere

log = logging.getLogger(__name__)
ATTEMPTS = 6
WEB = ("http", "https")
HIDDEN = (".", "_", "~$")
_Result = TypeVar("_Result")


class Vanished(Exception):
    """A file that was listed is there no more."""


@dataclass(frozen=True)
class File:
    """A file as it was listed. name: its path below the folder, with `/`; size in bytes, modified (aware UTC), etag where the store tells.

    A name that is not UTF-8 is told with its odd bytes as escapes (`\\xea.csv`). etag: the store's own strong mark of a content; while it
    is the same, so is the file. Empty for local files, whose reading is cheap.
    """

    name: str
    size: int | None
    modified: datetime | None
    etag: str
    _store: "_Store" = field(repr=False)
    _path: str = field(repr=False)

    def read(self) -> bytes:
        """The whole content. For files that fit into memory. Raises Vanished, VendorError."""
        if self._store.is_local:
            return self._store.here(self._path, self.name, Path.read_bytes)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy"
            self.copy_to(copy)
            return copy.read_bytes()

    def copy_to(self, path: Path) -> str:
        """Copy the content to a local path, in pieces; its SHA-256 in hex. Raises Vanished, VendorError."""
        self._store.copy(self._path, self.name, path, listed=self.size)
        return _hashed(path)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content in hex; the file is read for it. Raises Vanished, VendorError."""
        if self._store.is_local:
            return self._store.here(self._path, self.name, _hashed)
        with tempfile.TemporaryDirectory() as folder:
            return self.copy_to(Path(folder) / "copy")


def listed(folder: str, *, suffixes: Sequence[str], who: str, first_pause: float = 1.0, attempts: int = ATTEMPTS,
           options: dict[str, Any] | None = None) -> list[File]:
    """The files below a folder whose names end in one of `suffixes` (any case), by name, subfolders included.

    who: the beginning of every sentence, `vendor/account resource`. options: what fsspec takes for that kind of store, e.g. key, secret
    and endpoint_url of an S3 one; without them it finds its credentials as its own clients do. Raises VendorError when the folder is
    missing, forbidden, no folder, or cannot be reached.
    """
    store = _Store.at(folder, who=who, first_pause=first_pause, attempts=attempts, options=options or {})
    wanted = tuple(suffix.lower() for suffix in suffixes)
    found = []
    for path, name, entry in store.walk():
        if name.lower().endswith(wanted) and not any(part.startswith(HIDDEN) for part in name.split("/")):
            told = store.told(path, name) if store.is_web else entry
            found.append(File(name, told.get("size"), _modified(told), _etag(told), store, path))
    return sorted(found, key=lambda file: file.name)


@dataclass(frozen=True)
class _Store:
    """One folder of one file system."""

    system: Any
    root: str
    address: str
    who: str
    first_pause: float
    attempts: int

    @classmethod
    def at(cls, folder: str, *, who: str, first_pause: float, attempts: int, options: dict[str, Any]) -> "_Store":
        given = dict(options)
        if folder.startswith(tuple(f"{scheme}://" for scheme in WEB)):
            given["client_kwargs"] = web_folders.client(given.get("client_kwargs", {}))
        try:
            system, root = fsspec.core.url_to_fs(folder, skip_instance_cache=True, use_listings_cache=False, **given)
        except (ValueError, ImportError, TypeError) as error:
            raise VendorError(f"{who}: {_shown(folder)} is no address of a folder that can be read ({error}). Nothing was loaded; "
                              "write a local path, http(s)://… or s3://bucket/folder.") from error
        return cls(system, root.rstrip("/") or "/", _shown(folder), who, first_pause, attempts)

    @property
    def is_web(self) -> bool:
        """True when a listing tells names only."""
        return self.root.startswith(tuple(f"{scheme}://" for scheme in WEB))

    @property
    def is_local(self) -> bool:
        """True when the files lie on this machine's own disk or a mounted one."""
        return isinstance(self.system, fsspec.get_filesystem_class("file"))

    def here(self, path: str, name: str, look: Callable[[Path], _Result]) -> _Result:
        """look(the local file). Raises Vanished, VendorError."""
        if not self._is_here(path):
            raise Vanished(f"{self.who}: the file {name} was listed and is there no more.")
        try:
            return self._patiently(name, partial(look, Path(path)))
        except FileNotFoundError as error:
            raise Vanished(f"{self.who}: the file {name} was listed and is there no more.") from error

    def walk(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(path, name below the root, what the listing tells) of every file. A folder that cannot be read is an error."""
        waiting, seen = [self.root], set()
        while waiting:
            here = waiting.pop().rstrip("/")
            if here in seen:
                continue
            seen.add(here)
            asked = f"{here}/" if self.is_web else here or "/"
            try:
                entries = self._patiently(self._name(here) or "the folder", partial(self.system.ls, asked, detail=True))
            except FileNotFoundError:
                if here == self.root:
                    raise VendorError(f"{self.who}: the folder {self.address} does not exist. Nothing was loaded; make it (an object store "
                                      "needs at least one object in it) or correct the setting.") from None
                continue
            except NotADirectoryError:
                entries = [{"name": self.root, "type": "file"}]
            if self.is_web and not entries:
                # A page without a link may be somebody else's: an empty folder is believed when it is told twice.
                entries = self._patiently(self._name(here) or "the folder", partial(self.system.ls, asked, detail=True))
            for entry in entries:
                path = entry["name"]
                if path.rstrip("/") == self.root and entry["type"] == "file" and not path.endswith("/"):
                    raise VendorError(f"{self.who}: {self.address} is a file and not a folder. Nothing was loaded; name its folder.")
                if not path.startswith(f"{here.rstrip('/')}/") or path.rstrip("/") == here:
                    continue
                if entry["type"] == "directory":
                    waiting.append(path)
                elif self.is_local and not self._is_here(path):
                    log.warning("%s: %s is no file of the folder's own (a link that leads out of it, a pipe, a device) and is not read.",
                                self.who, self._name(path))
                else:
                    yield path, self._name(path), entry

    def _is_here(self, path: str) -> bool:
        """Whether a local path is a plain file below the root, also when links are followed: who may fill the folder may not thereby
        read what else this process can, and a pipe would be waited for for ever."""
        real = Path(os.path.realpath(path))
        return real.is_file() and real.is_relative_to(os.path.realpath(self.root))

    def told(self, path: str, name: str) -> dict[str, Any]:
        """Size, type and time as the web server tells them of one file."""
        try:
            return self._patiently(name, partial(self._told, path))
        except FileNotFoundError:
            return {}

    def _told(self, path: str) -> dict[str, Any]:
        told = self.system.info(path)
        if self.is_web and told.get("mimetype") == "text/html":
            raise Transient("the server answered with a page instead of the file")
        return told

    def copy(self, path: str, name: str, to: Path, *, listed: int | None) -> None:
        """One file into a local path, whole. listed: its size by the listing; less is believed when it comes twice."""
        less: list[int] = []

        if self.is_local and not self._is_here(path):
            raise Vanished(f"{self.who}: the file {name} was listed and is there no more.")

        def get() -> None:
            told = self._told(path)
            self.system.get_file(path, str(to))
            size, came = told.get("size"), to.stat().st_size
            # A local file may grow under our eyes; elsewhere a difference is a body that broke off.
            if size is not None and size != came and not self.is_local:
                raise Transient(f"{came} bytes came instead of {size}")
            if listed is not None and came < listed and not self.is_local and came not in less:
                less.append(came)
                raise Transient(f"{came} bytes came, and {listed} were listed")

        try:
            self._patiently(name, get)
        except FileNotFoundError as error:
            raise Vanished(f"{self.who}: the file {name} was listed and is there no more.") from error

    def _name(self, path: str) -> str:
        below = path[len(self.root):].strip("/")
        # What the lake and the state can hold is UTF-8; one file's odd name must not stop the folder.
        named = unquote(below, errors="surrogateescape") if self.is_web else below
        return named.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

    def _patiently(self, what: str, call: Callable[[], _Result]) -> _Result:
        """call(), again while its fault may pass. Raises FileNotFoundError and NotADirectoryError; all else as sentences."""
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.attempts), reraise=True, retry=tenacity.retry_if_exception_type(Transient),
            wait=tenacity.wait_exponential_jitter(initial=self.first_pause, max=LONGEST_PAUSE, jitter=self.first_pause),
            before_sleep=lambda state: log.warning("%s: %s: %s; asked again.", self.who, what, state.outcome.exception()))
        try:
            return retrying(self._once, what, call)
        except Transient as error:
            raise VendorError(f"{self.who}: {what} at {self.address}: {error}, {self.attempts} times in a row. Nothing of this load was "
                              "kept; the data of the last finished load stays, and the next run catches up.") from error

    def _once(self, what: str, call: Callable[[], _Result]) -> _Result:
        try:
            return call()
        except (OSError, aiohttp.ClientError, BotoCoreError) as error:
            # Asked for a file's size, fsspec says that it is not found whatever the web server's answer was.
            hidden = error.__cause__ if isinstance(error, FileNotFoundError) else None
            meant = self._meant(what, hidden if isinstance(hidden, aiohttp.ClientError | TimeoutError) else error)
        raise meant  # outside of `except`: what fsspec raises holds the address, and an address may hold a key

    def _meant(self, what: str, error: BaseException) -> Exception:
        """What a fault of the file system means: missing, forbidden, to be tried again, or a sentence."""
        status = error.status if isinstance(error, aiohttp.ClientResponseError) else None
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            return type(error)(what)
        if status in (404, 410):
            return FileNotFoundError(what)
        if status in (401, 403) or isinstance(error, PermissionError | NoCredentialsError | PartialCredentialsError):
            return VendorError(f"{self.who}: {what} at {self.address} may not be read. Nothing was loaded; check the rights and the "
                               "credentials.")
        if isinstance(error, Elsewhere):
            return VendorError(f"{self.who}: {what} at {self.address}: the server sends to {error}, which is not followed. Nothing was "
                               "loaded; name the address where the files are.")
        if isinstance(error, web_folders.BrokeOff):
            return Transient("the page broke off")
        if status is None:
            return Transient(f"the connection failed ({type(error).__name__})")
        if status in RETRIED:
            return Transient(f"the server answered {status}")
        said = "redirects without end" if isinstance(error, aiohttp.TooManyRedirects) else f"answered {status}"
        return VendorError(f"{self.who}: {what} at {self.address}: the server {said}. Nothing was loaded; this is not "
                           "retried, so check the address.")


def _hashed(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _modified(told: dict[str, Any]) -> datetime | None:
    value = next((told[key] for key in ("LastModified", "mtime", "last_modified", "Last-Modified", "created") if told.get(key)), None)
    if isinstance(value, str):
        try:
            value = parsedate_to_datetime(value)
        except ValueError:
            return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _etag(told: dict[str, Any]) -> str:
    text = str(told.get("ETag") or "")
    return "" if text.startswith("W/") else text


def _shown(folder: str) -> str:
    """The address without a password or a query, since both may be secret."""
    parts = urlsplit(folder)
    if not parts.scheme or not parts.netloc:
        return folder
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
