"""The hand-made back office, and nights against it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import till_days
from office_nights import Nights, open_nights

from sandbox.world import World


@pytest.fixture(scope="session")
def hand_made() -> World:
    """Made once, never changed."""
    return till_days.made()


@pytest.fixture
def nights(hand_made: World, own_data: Path) -> Iterator[Callable[..., Nights]]:
    """`nights(world=…, at=…, option=…, SETTING=…)`: a stand-in of the test's own."""
    with ExitStack() as stack:
        yield lambda world=hand_made, **options: stack.enter_context(open_nights(world, own_data, **options))
