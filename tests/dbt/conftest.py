"""The small dbt project, fresh for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_project import SmallProject, project_at


@pytest.fixture
def project(small_projects: Path, monkeypatch: pytest.MonkeyPatch) -> SmallProject:
    """A dbt project with the real macros and a vendor called acme."""
    return project_at(small_projects / "project", monkeypatch)


@pytest.fixture(scope="session")
def small_projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one place where they are made, one after the other."""
    return tmp_path_factory.mktemp("small")
