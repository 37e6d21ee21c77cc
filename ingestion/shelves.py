"""The lake as dlt's destination, safe against a process that dies at any moment: a file is there whole or not at all, and what was read is
put on record before where to read on.

    a load's files ──► raw_<vendor>/.halves/ ──fsync, rename──► raw_<vendor>/<resource>/ ──► `_dlt_loads` ──► `_dlt_pipeline_state`

dlt copies into place, so that a crash left half a Parquet file on which every later read of the resource failed; and it keeps a pipeline's
state before it finishes the load, so that a crash between the two lost what that load had brought: its files were not believed, and the
next night read on behind them. Here the order is the other way round. Whoever dies between reads the same once more, which is harmless.
"""

import os
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dlt.destinations.impl.filesystem.factory import filesystem
from dlt.destinations.impl.filesystem.filesystem import FilesystemClient
from fsspec.implementations.local import LocalFileSystem

HALVES = ".halves"


class Shelves(filesystem):
    """dlt's filesystem destination on this machine's own disk."""

    @property
    def client_class(self) -> type[FilesystemClient]:
        """The client that writes whole files in the order above."""
        return ShelfClient

    @property
    def destination_type(self) -> str:
        """dlt's own: lakes that were begun without this class go on, and would without it again."""
        return "dlt.destinations.filesystem"


class ShelfClient(FilesystemClient):
    """Writes into one vendor's dataset."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fs_client = WholeFiles(halves=str(Path(self.dataset_path) / HALVES))

    def complete_load(self, load_id: str) -> None:
        """Put a load on record as finished, then the state that says where the next one reads on."""
        self._store_load(load_id)
        self._store_current_state(load_id)


class RereadShelves(Shelves):
    """The lake for what is read again: loads are put on record, and where the next contact reads on stays as it is."""

    @property
    def client_class(self) -> type[FilesystemClient]:
        """The client that keeps no state."""
        return RereadShelfClient


class RereadShelfClient(ShelfClient):
    """Writes into one vendor's dataset and leaves its state alone."""

    def complete_load(self, load_id: str) -> None:
        """Put a load on record as finished, and nothing else."""
        self._store_load(load_id)


class WholeFiles(LocalFileSystem):
    """The local disk, on which a file appears under its name when every byte of it is safely there. `halves`: the folder, on the same
    disk, in which files are until then; what is left in it is of a process that died."""

    def __init__(self, halves: str, **more: Any) -> None:
        super().__init__(**more)
        self.halves = Path(halves)

    def cp_file(self, path1: str, path2: str, **more: Any) -> None:
        """Copy a file; dlt puts each file of a load through here."""
        half = self._half()
        shutil.copyfile(self._strip_protocol(path1), half)
        settle(half, Path(self._strip_protocol(path2)))

    def write_text(self, path: str, value: str, encoding: str | None = None, **more: Any) -> None:
        """Write a text; dlt's own records go through here."""
        half = self._half()
        half.write_text(value, encoding=encoding or "utf-8")
        settle(half, Path(self._strip_protocol(path)))

    def _half(self) -> Path:
        self.halves.mkdir(parents=True, exist_ok=True)
        return self.halves / uuid.uuid4().hex


def settle(half: Path, path: Path) -> None:
    """Give a written file its name once it is on disk; also when the power goes, what comes later is not there without it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _to_disk(half)
    half.replace(path)
    _to_disk(path.parent)


def forget(paths: Iterable[Path]) -> None:
    """Remove files, also for a machine whose power goes afterwards. Those that are gone are no fault."""
    gone = list(paths)
    for path in gone:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in gone}:
        _to_disk(folder)


def sweep(lake: Path) -> None:
    """Remove what processes that died have left half written. Nobody may be landing."""
    for halves in lake.glob(f"*/{HALVES}"):
        shutil.rmtree(halves)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
