"""dbt's own description of the project, read when Dagster loads its definitions.

    dbt_project/**  ──►  dbt parse (in process)  ──►  $OMNIMART_DATA/dagster/manifests/<content>.json

Parsing takes seconds and Dagster loads definitions in several processes, so the result is kept under a hash of every file it
came from: an unchanged project is parsed once, a changed one at the next load, and no stale manifest can be taken.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ingestion import lock
from ingestion.accounts import REPOSITORY
from ingestion.lake import data_root
from orchestration.exports import Words

PROJECT = REPOSITORY / "dbt_project"
BUILT_HERE = frozenset({"target", "logs", "dbt_packages", "__pycache__"})
PUBLISHED = "published"
KEEP = 3
PARSING = ".parsing-"


def manifest() -> Mapping[str, Any]:
    """The manifest of the project as its files stand now."""
    return _manifest(_content(), str(data_root()))


def descriptions() -> dict[str, Words]:
    """What every published table and its columns mean, by table name."""
    return {
        node["alias"]: Words(node["description"], {name: column["description"] for name, column in node["columns"].items()})
        for node in manifest()["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] in ("marts", "pii")
    }


def published_inputs() -> list[str]:
    """The tables of the last publication that the next build starts from."""
    return sorted(source["name"] for source in manifest()["sources"].values() if source["source_name"] == PUBLISHED)


@lru_cache(maxsize=2)
def _manifest(content: str, root: str) -> Mapping[str, Any]:
    kept = Path(root) / "dagster" / "manifests" / f"{content}.json"
    if not kept.exists():
        _parse(kept)
    read = json.loads(kept.read_text(encoding="utf-8"))
    for node in read["nodes"].values():
        if node["resource_type"] == "test" and not node.get("attached_node"):
            node["attached_node"] = _furthest(read, node["depends_on"]["nodes"])
    return read


def _furthest(read: Mapping[str, Any], parents: list[str]) -> str | None:
    """The model that a sentence across several models is shown on: the one furthest down the walk."""
    layers = ("seeds", "staging", "intermediate", "marts", "pii")
    models = [parent for parent in parents if parent in read["nodes"]]
    return max(
        models,
        default=None,
        key=lambda parent: (layers.index(schema) if (schema := read["nodes"][parent]["schema"]) in layers else 0, parent),
    )


def _parse(kept: Path) -> None:
    from orchestration.dbt import run_dbt, target_dir  # dbt takes a second to import, and a kept manifest spares it

    kept.parent.mkdir(parents=True, exist_ok=True)
    parsed = target_dir() / "partial_parse.msgpack"  # what the nightly dbt run starts from
    for left in kept.parent.glob(f"{PARSING}*"):  # by a process that was killed while it parsed
        if not lock.is_alive(int(left.name.removeprefix(PARSING).split("-")[0])):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=f"{PARSING}{os.getpid()}-") as target:
        own = Path(target) / parsed.name
        if parsed.exists():
            shutil.copy(parsed, own)
        outcome = run_dbt(["parse", "--target-path", target])
        made = Path(target) / "manifest.json"
        if not outcome.success or not made.exists():
            raise RuntimeError(
                f"dbt could not read the project in {PROJECT}: {outcome.error}. Dagster has no assets until it can; "
                "`python -m orchestration.dbt parse` shows where."
            )
        parsed.parent.mkdir(parents=True, exist_ok=True)
        own.replace(parsed)
        made.replace(kept)
    for old in sorted(kept.parent.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)[:-KEEP]:
        old.unlink(missing_ok=True)


def _content() -> str:
    digest = hashlib.sha256()
    for path in sorted(PROJECT.rglob("*")):
        if path.is_file() and not BUILT_HERE.intersection(path.relative_to(PROJECT).parts):
            digest.update(str(path.relative_to(PROJECT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:24]
