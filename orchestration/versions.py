"""Published versions on disk, and the one link that readers follow.

    versions/.building-<version>/  ──►  versions/<version>/  ──►  current  ◄── omnimart.duckdb, contacts.duckdb, marts

`published/current` is the only link that ever flips; the three static links beside it go through it, so a reader never
meets a gap. A version is built under a name that starts with a dot and takes its real name once every byte is on disk; it bears
a mark until readers have it, and loses its name before it is removed. Whatever is dotted or marked at the next start was left by a
crash and is swept away. Versions have names of their own because a process that reopens one path while an old handle is open
would be given the old data.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ingestion.lake import data_root
from orchestration import readers

BUILDING, REMOVING = ".building-", ".removing-"
UNSEEN = ".unseen"  # in a version's folder until it was published once
CARD = "version.json"
STATIC_LINKS = ("omnimart.duckdb", "contacts.duckdb", "marts")


@dataclass(frozen=True)
class Version:
    """The card of one published version; it lies in its folder as version.json.

    `fingerprints`: table -> order-independent content hash of the business tables, what the next night is compared with.
    `definitions`: KPI mart -> hash of the SQL and seeds it was computed by; cards of older versions have none.
    `as_of`: the moment (UTC) that its tables were built as of, which may be a day before `published_at`; cards of older versions have none.
    """

    version: str
    published_at: str
    refresh_id: str
    previous_version: str | None
    tables: int
    rows: int
    audits_passed: int
    stale_sources: str
    fingerprints: dict[str, str]
    definitions: dict[str, str] = field(default_factory=dict)
    as_of: str = ""


class PublishError(Exception):
    """Publishing or going back was refused or failed; the text is a sentence. What was published before stays."""


def published() -> Path:
    """Where readers look: $OMNIMART_DATA/published."""
    return data_root() / "published"


def folder(version: str) -> Path:
    """The folder of one version."""
    return published() / "versions" / version


def current() -> Version | None:
    """The version readers see now, or None before the first publication. Raises PublishError on a dangling link."""
    link = published() / "current"
    if not link.is_symlink():
        return None
    return read(link.readlink().name)


def read(version: str) -> Version:
    """The card of one version. Raises PublishError when that version is not on disk any more."""
    card = folder(version) / CARD
    if not card.exists():
        raise PublishError(
            f"Version {version} is not under {published() / 'versions'} any more. Nothing was changed. Restore it, or remove the "
            "link `current` beside that folder to publish as if for the first time."
        )
    return Version(**json.loads(card.read_text(encoding="utf-8")))


def start(version: str) -> Path:
    """An empty folder to build a version in; give it to `finish` when every file is closed."""
    building = published() / "versions" / f"{BUILDING}{version}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True, mode=0o700)  # its readers come with its name
    return building


def finish(building: Path, card: Version, *, keep: int, readable_by: str) -> None:
    """Put the built folder safely on disk, give it its name and let readers have it. Atomic: before the last rename
    readers see the old version, after it the new one."""
    (building / CARD).write_text(json.dumps(asdict(card), indent=2), encoding="utf-8")
    leftovers = [path.name for path in building.rglob("*.wal")]
    if leftovers:
        raise PublishError(
            f"{', '.join(leftovers)} was left beside a database of version {card.version}: the file alone "
            "would lose rows. Nothing was published."
        )
    (building / UNSEEN).touch()
    readers.admit(building, readable_by)
    for path in (*building.rglob("*"), building):
        _to_disk(path)
    building.rename(folder(card.version))
    _to_disk(folder(card.version).parent)
    flip(card.version)
    prune(keep)


def flip(version: str) -> None:
    """Point `current` at a version. The static links beside it come first, so that the one flip brings them all to life."""
    for name in STATIC_LINKS:
        link = published() / name
        if not link.is_symlink():
            _link(link, Path("current") / name)
    _link(published() / "current", Path("versions") / version)
    (folder(version) / UNSEEN).unlink(missing_ok=True)


def roll_back() -> tuple[Version, Version]:
    """Go back one version; gives (the version left, the version now current). Raises PublishError when there is none."""
    now = current()
    if now is None:
        raise PublishError("Nothing has been published yet, so there is no version to go back to.")
    if now.previous_version is None:
        raise PublishError(f"Version {now.version} is the first one; there is no version before it. It stays published.")
    before = read(now.previous_version)
    flip(before.version)
    return now, before


def sweep() -> list[str]:
    """Remove what a crash left behind: versions half built, never published, half removed; gives the names of the first two kinds."""
    swept = []
    for half in (published() / "versions").glob(f"{BUILDING}*"):
        shutil.rmtree(half)
        swept.append(half.name.removeprefix(BUILDING))
    for mark in (published() / "versions").glob(f"[!.]*/{UNSEEN}"):
        if (published() / "current").resolve() == mark.parent.resolve():
            mark.unlink()
        else:
            _remove(mark.parent)
            swept.append(mark.parent.name)
    for half in (published() / "versions").glob(f"{REMOVING}*"):
        shutil.rmtree(half)
    for link in published().glob("*.flipping"):
        link.unlink()
    return swept


def prune(keep: int) -> None:
    """Keep the last `keep` versions, the current one and the one before it. A reader that holds an older file open keeps it
    until it closes."""
    now = current()
    whole = sorted((path for path in (published() / "versions").glob("[!.]*")), key=lambda path: path.stat().st_mtime_ns)
    needed = {now.version, now.previous_version} if now else set()
    for path in whole[:-keep]:
        if path.name not in needed:
            _remove(path)


def _remove(version: Path) -> None:
    """A version that lacks a file must not look like one."""
    nameless = version.with_name(f"{REMOVING}{version.name}")
    version.rename(nameless)
    shutil.rmtree(nameless)


def _link(link: Path, target: Path) -> None:
    half = link.with_name(f"{link.name}.flipping")
    half.unlink(missing_ok=True)
    half.symlink_to(target)
    half.replace(link)
    _to_disk(link.parent)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
