"""Where Dagster keeps its runs.

    dagster.yaml (repository)  ──►  $OMNIMART_DATA/dagster/dagster.yaml  ──►  DAGSTER_HOME

The file in the repository is what plain `dagster dev` reads in the repository's root, so it names the default folders.
`make dev`, `make refresh` and the tests give Dagster a home under $OMNIMART_DATA: the same settings without the folders,
which Dagster then lays out in its home in the same way; both ways of starting see the same runs.
"""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from ingestion import rooms
from ingestion.accounts import REPOSITORY
from ingestion.lake import data_root

FOLDERS = ("storage", "local_artifact_storage", "compute_logs")


def prepare() -> Path:
    """Make Dagster's home, put its settings there, and name it in DAGSTER_HOME. Safe to repeat."""
    rooms.close(data_root())
    home = data_root() / "dagster"
    settings = yaml.safe_load((REPOSITORY / "dagster.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump({key: value for key, value in settings.items() if key not in FOLDERS}, sort_keys=False)
    written = home / "dagster.yaml"
    if not written.exists() or written.read_text(encoding="utf-8") != text:
        half = written.with_suffix(f".{os.getpid()}")
        half.write_text(text, encoding="utf-8")
        half.replace(written)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


if __name__ == "__main__":
    print(prepare())
