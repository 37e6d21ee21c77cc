"""The small dbt project, fresh for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_project import SmallProject, project_at


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallProject:
    """A dbt project with the real macros and a vendor called acme."""
    return project_at(tmp_path / "project", monkeypatch)
