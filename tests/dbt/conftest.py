"""The small dbt project, fresh for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_project import ORDERS, SmallProject, project_at


@pytest.fixture
def project(small_projects: Path, monkeypatch: pytest.MonkeyPatch) -> SmallProject:
    """A dbt project with the real macros and a vendor called acme."""
    return project_at(small_projects / "project", monkeypatch)


@pytest.fixture(scope="session")
def small_projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one place where they are made, one after the other."""
    return tmp_path_factory.mktemp("small")


@pytest.fixture
def orders(project: SmallProject) -> SmallProject:
    """A project that stages orders of id, createdAt and summ."""
    project.declare("orders")
    project.write("models/staging/acme/base/base_acme__orders.sql", ORDERS.replace("MONEY", "money"))
    return project
