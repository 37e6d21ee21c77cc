"""Who may read what is published: the marts as `publishing.readable_by` says, people's contacts and the registry their owner alone.

    versions/<version>/  ──►  omnimart.duckdb, marts/ (0640 in 0750 for `group`)  |  contacts.duckdb, history/ (0600 in 0700)

Set explicitly, so that the umask of the process has no say. The group is the one of the folder `published`: with its set-group-id bit
(`chgrp -R bi published && chmod -R g+s published`) new versions belong to it too.
"""

from __future__ import annotations

import stat
from pathlib import Path

from ingestion.rooms import OWNER_ALONE

READERS = {"owner": OWNER_ALONE, "group": 0o750, "everybody": 0o755}
PERSONAL = frozenset({"contacts.duckdb", "history"})
ENTERED = 0o111  # what a folder is entered by, and a file run


def admit(version: Path, readable_by: str) -> None:
    """Set the modes of all that lies in `published/versions/<version>`, then of its folder and of the two that lead to it."""
    for path in sorted(version.rglob("*"), reverse=True):
        _set(path, OWNER_ALONE if PERSONAL & set(path.relative_to(version).parts) else READERS[readable_by])
    for folder in (version, *version.parents[:2]):
        _set(folder, READERS[readable_by])


def _set(path: Path, mode: int) -> None:
    now = path.stat().st_mode
    wanted = mode | now & stat.S_ISGID if stat.S_ISDIR(now) else mode & ~ENTERED
    if stat.S_IMODE(now) != wanted:
        path.chmod(wanted)
