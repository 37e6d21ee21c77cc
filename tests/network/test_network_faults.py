"""Every vendor through every kind of fault: the real source over real HTTP, each kind of request it makes spoiled at least once.

Which requests a vendor makes is recorded from a calm contact, so that a new one is tried by itself. What landed, deletions included, and
what the next contact begins with must be as after the calm ones. The whole matrix, one fault and one kind of request at a time, clocks
that differ and lists that move are `python -m tests.torture network`; the table of both stands in docs/reliability.md.
"""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import cycle

import pytest

from ingestion.vendors import NAMES, vendors
from sandbox import server
from sandbox.asked import Asked
from sandbox.faults import Fault, Faults
from sandbox.storms import PASSING, Storm
from tests.network.lines import UNTIL, Landed, Line, demand_success, line

SEED = 7
# Whose customers are asked for one by one: what was answered before it broke is kept, and the rest left to the next night.
KEEPS_WHAT_CAME = frozenset({"abm_loyalty"})
REFUSED = Fault("*", status=401, body='{"error":"Unauthorized"}', times=10**6)
STAYING = (REFUSED, Fault("*", status=503, body="busy", times=10**6), Fault("*", kind="html", times=10**6),
           Fault("*", kind="truncated_without_length", times=10**6))


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """calm(vendor) -> what stands in the lake after one contact and after a second a day later, and how often each asked for each stage."""

    @cache
    def of(name: str) -> list[tuple[Landed, Counter[str]]]:
        with line(named(name), tmp_path_factory.mktemp("calm") / name) as one:
            return [contact(one, number) for number in range(2)]

    return of


def named(name: str):
    return next(vendor for vendor in vendors() if vendor.name == name)


def contact(one: Line, day: int) -> tuple[Landed, Counter[str]]:
    one.running.sandbox.set_clock(UNTIL + timedelta(days=day))
    one.running.sandbox.faults.seen = asked = Counter()
    demand_success(one.contact())
    return one.landed(), Counter({stage: times for (_, stage), times in asked.items()})


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


def dealt(name: str, stages: Counter[str]) -> list[Fault]:
    """A fault for a request of every stage, for most of them several, all kinds in turn; the first is one that any answer can have."""
    dice = random.Random(f"{SEED} {name}")
    faults = [*PASSING.values(), *server.storm(SEED, 0).own.get(name, ())]
    anyhow = [fault for fault in PASSING.values() if fault.kind not in ("no_rows", "last_page", "doubled")]
    dice.shuffle(faults)
    dice.shuffle(anyhow)
    every, first, found = cycle(faults), cycle(anyhow), []
    for stage, times in sorted(stages.items()):
        begins = dice.randrange(min(times, 3))
        found.append(replace(next(first), vendor=name, stage=stage, after=begins))
        found += [replace(next(every), vendor=name, stage=stage, after=after) for after in range(begins + 3, times, 4)]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_what_passes_costs_nothing_and_what_stays_ends_that_load_with_a_sentence(name, calm, tmp_path):
    (first, asked_first), (second, asked_second) = calm(name)
    stages, dice = asked_first + asked_second, random.Random(f"{SEED} {name} stays")
    with line(named(name), tmp_path / name) as one:
        faults = one.running.sandbox.faults
        for fault in dealt(name, stages):
            faults.plant(fault)
        faults.storm = server.storm(SEED, 0.1)
        here, _ = contact(one, 0)
        assert here.differences(first) == []
        with calmed(faults):
            after = 0 if name in KEEPS_WHAT_CAME else dice.randrange(asked_second.total())
            faults.plant(replace(dice.choice(STAYING), vendor=name, after=after))
            one.running.sandbox.set_clock(UNTIL + timedelta(days=1))
            report = one.contact()
        assert (report.status, report.error[:len(name)]) == ("failed", name)
        assert one.landed() == here
        again, _ = contact(one, 1)
        assert again.differences(second) == []
        spoiled = {stage for _, stage, _, _ in faults.happened}
        assert [stage for stage in stages if stage not in spoiled] == []


def test_a_storm_is_the_same_for_a_seed_and_has_its_share():
    storm, others = Storm(1, 0.1), Storm(2, 0.1)
    asked = [(Asked("acme", "GET", f"/acme/{letter}"), number) for letter in "abcdefgh" for number in range(2500)]
    met = [storm(*one) for one in asked]
    assert met == [storm(*one) for one in asked]
    assert met != [others(*one) for one in asked]
    assert 1800 < len([fault for fault in met if fault]) < 2200
    assert {str(fault) for fault in met if fault} == {str(replace(fault, vendor="acme")) for fault in PASSING.values()}
