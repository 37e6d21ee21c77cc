"""Simulated retailers: a small one, the same with a shorter future, and one large enough for shares."""

from datetime import UTC, datetime

import pytest

from sandbox.retailer import simulate
from sandbox.world import World

UNTIL = datetime(2026, 10, 31, 23, tzinfo=UTC)
SMALL = {"customers": 300, "days": 120, "stores": 6}


@pytest.fixture(scope="session")
def world() -> World:
    """A retailer of 300 people and 120 days, with 30 days to come."""
    return simulate(seed=1, until=UNTIL, future_days=30, **SMALL)


@pytest.fixture(scope="session")
def shorter() -> World:
    """The small retailer with two days to come."""
    return simulate(seed=1, until=UNTIL, future_days=2, **SMALL)


@pytest.fixture(scope="session")
def crowd() -> World:
    """Enough people and days for shares and for points to expire."""
    return simulate(seed=1, customers=1500, days=700, stores=8, until=UNTIL, future_days=10)
