"""What the audits of one build found, kept as files, so that publishing can read them again for itself.

    dbt step, Great Expectations  ──►  $OMNIMART_DATA/quality/<refresh_id>/*.json  ──►  gate.py

One folder per build of the warehouse. A test or a check that is run again alone (in Dagster's UI, say) replaces its own
finding in the newest build's folder, so a mended model can be published without a second night. `passed.json` beside
them remembers through which load each vendor's documents have stood the audits: what is newer is looked at again.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ingestion.lake import data_root
from orchestration import business_rules

NEWEST = "newest_build"
HALF = ".half"  # of a file that is being written; the refresh lock keeps two writers apart


@dataclass(frozen=True)
class Finding:
    """The outcome of one audit. `blocks`: a failure keeps yesterday's marts published. `sentence`: what was found wrong."""

    audit: str
    kind: str
    passed: bool
    blocks: bool = True
    sentence: str = ""
    numbers: dict[str, Any] = field(default_factory=dict)


def begin(refresh_id: str) -> None:
    """A new build of the warehouse starts: nothing found by an earlier one counts for it, and what a crash left half written goes."""
    for half in _root().rglob(f".*{HALF}"):
        half.unlink()
    folder = _root() / refresh_id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _write(_root() / NEWEST, refresh_id)
    _prune()


def newest_build() -> str | None:
    """The refresh that built the warehouse as it stands, or None."""
    path = _root() / NEWEST
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def record(findings: list[Finding]) -> None:
    """Add findings to the newest build's folder; a finding of the same kind and audit is replaced."""
    build = newest_build()
    if build is None:
        raise RuntimeError("An audit was to be recorded, but the warehouse was never built. Run the whole refresh.")
    for kind in {finding.kind for finding in findings}:
        path = _root() / build / f"{kind}.json"
        known = {finding.audit: finding for finding in _read(path)}
        known |= {finding.audit: finding for finding in findings if finding.kind == kind}
        _write(path, json.dumps([asdict(known[name]) for name in sorted(known)], indent=1, ensure_ascii=False, default=str))


def findings() -> list[Finding]:
    """Everything that was found in the newest build."""
    build = newest_build()
    return [finding for path in sorted((_root() / build).glob("*.json")) for finding in _read(path)] if build else []


def passed() -> dict[str, Any]:
    """vendor -> {load_id, accounts}: the documents that were audited and let through last."""
    path = _root() / "passed.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def remember_passed(now: dict[str, Any]) -> None:
    """Keep through which load each vendor's documents were let through."""
    _write(_root() / "passed.json", json.dumps(now, indent=1))


def _root() -> Path:
    return data_root() / "quality"


def _read(path: Path) -> list[Finding]:
    return [Finding(**row) for row in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}{HALF}")
    half.write_text(text, encoding="utf-8")
    half.replace(path)


def _prune() -> None:
    builds = sorted((path for path in _root().iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime_ns)
    for path in builds[: -business_rules.read().retention.audits_kept]:
        shutil.rmtree(path)
