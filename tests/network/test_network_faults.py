"""Every vendor through every kind of fault: the real source over real HTTP, each kind of request it makes spoiled at least once.

Which requests a vendor makes is recorded from a calm contact, so that a new one is tried by itself. What landed, deletions included, and
what the next contact begins with must be as after the calm ones. Every fault at every kind of request, clocks that differ and lists that
move are `python -m tests.torture network`; its table stands in docs/reliability.md.
"""

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import cycle

import pytest

from ingestion.accounts import REPOSITORY
from ingestion.vendors import vendors
from sandbox import server
from sandbox.asked import Asked
from sandbox.faults import Fault, Faults
from sandbox.storms import PASSING, Storm
from tests.network.lines import UNTIL, line
from tests.network.trials import CLOCKS, KEEPS_WHAT_CAME, STAYING, Calm, calm, contact, passing

SEED = 7


@pytest.mark.parametrize("vendor", vendors(), ids=lambda vendor: vendor.name)
def test_what_passes_costs_nothing_and_what_stays_ends_that_load_with_a_sentence(vendor, tmp_path):
    quiet, dice = calm(vendor, tmp_path / "calm"), random.Random(f"{SEED} {vendor.name} stays")
    with line(vendor, tmp_path / "spoiled") as one:
        faults = one.running.sandbox.faults
        for fault in dealt(vendor, quiet):
            faults.plant(fault)
        faults.storm = marked_besides(server.storm(SEED, 0.1))
        here, _ = contact(one, 0)
        assert here.differences(quiet.landed[0]) == []
        with calmed(faults):
            after = 0 if vendor.name in KEEPS_WHAT_CAME else dice.randrange(quiet.asked[1].total())
            faults.plant(replace(dice.choice([*STAYING.values()]), vendor=vendor.name, after=after))
            one.running.sandbox.set_clock(UNTIL + timedelta(days=1))
            report = one.contact()
        assert (report.status, report.error[:len(vendor.name)]) == ("failed", vendor.name)
        assert one.landed() == here
        again, _ = contact(one, 1)
        assert again.differences(quiet.landed[1]) == []
        spoiled = {stage for _, stage, kind, _ in faults.happened if kind != "marked"}
        assert "marked" in {kind for _, _, kind, _ in faults.happened}
        assert [stage for stage in quiet.stages if stage not in spoiled] == []


def test_a_storm_is_the_same_for_a_seed_and_has_its_share():
    storm, others = Storm(1, 0.1), Storm(2, 0.1)
    asked = [(Asked("acme", "GET", f"/acme/{letter}"), number) for letter in "abcdefgh" for number in range(2500)]
    met = [storm(*one) for one in asked]
    assert met == [storm(*one) for one in asked]
    assert met != [others(*one) for one in asked]
    assert 1800 < len([fault for fault in met if fault]) < 2200
    assert {str(fault) for fault in met if fault} == {str(replace(fault, vendor="acme")) for fault in PASSING.values()}


def test_the_table_names_every_fault():
    told = (REPOSITORY / "docs" / "reliability.md").read_text(encoding="utf-8")
    cells = {name.strip() for line in told.splitlines() if line.startswith("| ") for name in re.split("[|·]", line)}
    assert {*PASSING, *CLOCKS} - cells == set()


def marked_besides(storm: Storm) -> Callable[[Asked, int], Fault]:
    """Every answer that the storm leaves whole has byte order marks before it and before each of its records."""
    return lambda asked, number: storm(asked, number) or Fault(asked.vendor, kind="marked")


def dealt(vendor, quiet: Calm) -> list[Fault]:
    """A fault for a request of every stage, for most of them several, all kinds in turn; the first is one that any answer can have."""
    dice = random.Random(f"{SEED} {vendor.name}")
    faults = [*passing(vendor).values()]
    anyhow = [fault for fault in PASSING.values() if fault.kind not in ("no_rows", "last_page", "doubled")]
    dice.shuffle(faults)
    dice.shuffle(anyhow)
    every, first, found = cycle(faults), cycle(anyhow), []
    for stage, times in sorted(quiet.stages.items()):
        begins = dice.randrange(min(times, 3))
        found.append(replace(next(first), vendor=vendor.name, stage=stage, after=begins))
        found += [replace(next(every), vendor=vendor.name, stage=stage, after=after) for after in range(begins + 3, times, 4)]
    return found


@contextmanager
def calmed(faults: Faults) -> Iterator[None]:
    """None of what was planted; it waits meanwhile."""
    waiting, storm = faults.take(), faults.storm
    faults.storm = None
    yield
    faults.clear()
    faults.storm = storm
    for fault in waiting:
        faults.plant(fault)
