"""UseDesk's documents through staging: tickets, events, ratings by both ways, people, quarantine."""

import pytest
from desk_nights import Staging, night


@pytest.fixture
def staging(tmp_path) -> Staging:
    """The staging models, not built yet."""
    return Staging(tmp_path / "project")


def test_first(desk, staging):
    report = night()
    assert report.error == ""
    staging.build()
    assert staging.rows("select count(*) from stg_usedesk__tickets") == [(5,)]
