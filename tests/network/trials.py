"""Trials of one vendor: what is spoiled in one, and whether the lake is as after calm contacts.

a calm record (two contacts a day apart, which requests each made) -> `passing`, `staying`, `clocks`, `lists` -> a Verdict of each
"""

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from ingestion.vendor import Vendor
from sandbox import server
from sandbox.asked import Asked
from sandbox.faults import Fault
from sandbox.storms import PASSING
from tests.clocks import turn
from tests.network.lines import UNTIL, Landed, Line, demand_success, line, small_world

REFUSED = Fault("*", status=401, body='{"error":"Unauthorized"}', times=10**6)
STAYING: dict[str, Fault] = {
    "token refused": REFUSED,
    "503": Fault("*", status=503, body="busy", times=10**6),
    "HTML with 200": Fault("*", kind="html", times=10**6),
    "truncated, without a length": Fault("*", kind="truncated_without_length", times=10**6),
}
# Whose customers are asked for one by one: what was answered before it broke is kept, and the rest left to the next night.
KEEPS_WHAT_CAME = frozenset({"abm_loyalty"})
# A file of a folder that breaks off without a length is believed when it comes so twice, as one that became shorter is; the next contact
# reads it again.
A_FILE = re.compile(r"^(GET|HEAD) /.*\.(csv|jsonl|ndjson|parquet)")
# How far our clock is ahead of the vendor's; the last is of rows that come to light a quarter of an hour late.
CLOCKS = {"ours five minutes ahead": 5, "ours five minutes behind": -5, "rows told fourteen minutes late": 14}
LAST_LOOK = UNTIL + timedelta(days=6)


@dataclass(frozen=True)
class Calm:
    """Two contacts a day apart: what stood in the lake after each, and how often each asked for each stage."""

    landed: tuple[Landed, Landed]
    asked: tuple[Counter[str], Counter[str]]

    @property
    def stages(self) -> Counter[str]:
        """Every kind of request, and how many there were of it."""
        return self.asked[0] + self.asked[1]


@dataclass(frozen=True)
class Verdict:
    """spoiled: stages of which an answer was; wrong: what was not as it should be."""

    spoiled: frozenset[str]
    wrong: list[str] = field(default_factory=list)


def calm(vendor: Vendor, data: Path) -> Calm:
    """Two contacts that nothing disturbs."""
    with line(vendor, data) as one:
        landed, asked = zip(*(contact(one, day) for day in range(2)), strict=True)
        return Calm(landed, asked)


def contact(one: Line, day: int) -> tuple[Landed, Counter[str]]:
    """The contact of a day, which must come to its end: what stands in the lake, how often each stage was asked."""
    one.running.sandbox.set_clock(UNTIL + timedelta(days=day))
    one.running.sandbox.faults.seen = asked = Counter()
    demand_success(one.contact())
    return one.landed(), Counter({stage: times for (_, stage), times in asked.items()})


def passing(vendor: Vendor) -> dict[str, Fault]:
    """The faults that pass, this vendor's own among them."""
    own = server.storm(0, 0).own.get(vendor.name, ())
    return PASSING | {f"its own, {number}": fault for number, fault in enumerate(own, start=1)}


def spoil(vendor: Vendor, calm: Calm, fault: Fault, data: Path, *, seed: int, stages: list[str] | None = None) -> Verdict:
    """One fault at one request of each of these stages (of all), the first, the last or one between as the seed says; one that needs a page
    before it at several."""
    dice = random.Random(f"{seed} {vendor.name} {fault}")
    with line(vendor, data) as one:
        faults, wrong = one.running.sandbox.faults, []
        for stage in stages or sorted(calm.stages):
            for after in _places(fault, calm.stages[stage], dice):
                faults.plant(replace(fault, vendor=vendor.name, stage=stage, after=after))
        for day in range(2):
            one.running.sandbox.set_clock(UNTIL + timedelta(days=day))
            report = one.contact()
            wrong += [report.error] if report.error else one.landed().differences(calm.landed[day])
        return Verdict(frozenset(stage for _, stage, _, _ in faults.happened), wrong)


def _places(fault: Fault, times: int, dice: random.Random) -> list[int]:
    """How many requests of a stage that is asked so many times pass before the fault."""
    if fault.kind in ("last_page", "doubled"):
        return sorted(dice.sample(range(1, times), min(times - 1, 2)))
    return [dice.choice((0, dice.randrange(times), times - 1))]


def stays(vendor: Vendor, calm: Calm, fault: Fault, data: Path, *, seed: int) -> Verdict:
    """From some request of the second contact on nothing comes but this fault, and the contact after it is calm again."""
    dice = random.Random(f"{seed} {vendor.name} {fault}")
    with line(vendor, data) as one:
        faults, wrong = one.running.sandbox.faults, []
        before, _ = contact(one, 0)
        one.running.sandbox.set_clock(UNTIL + timedelta(days=1))
        after = 0 if vendor.name in KEEPS_WHAT_CAME else dice.randrange(calm.asked[1].total())
        faults.plant(replace(fault, vendor=vendor.name, after=after))
        report = one.contact()
        spoiled = frozenset(stage for _, stage, _, _ in faults.happened)
        is_hidden = fault.kind == "truncated_without_length" and any(A_FILE.match(stage) for stage in spoiled)
        if not is_hidden and (report.succeeded or not report.error.startswith(vendor.name)):
            wrong.append(f"{report.status}: {report.error!r}")
        if not is_hidden and one.landed() != before:
            wrong.append("the lake or the state moved")
        faults.clear()
        again, _ = contact(one, 1)
        found = again.differences(calm.landed[1])
        return Verdict(spoiled, wrong + [one for one in found if not (is_hidden and one.endswith("should not be there"))])


def clocks(vendor: Vendor, data: Path, *, ours: int, most: int = 8) -> Landed:
    """Contacts a minute before something happens in each of the retailer's books, by a clock so many minutes ahead of the vendor's, and a
    last one by his own."""
    with line(vendor, data) as one:
        one.skew = timedelta(minutes=ours)
        demand_success(one.contact())
        for moment in moments()[:most]:
            one.running.sandbox.set_clock(moment - timedelta(minutes=1))
            demand_success(one.contact())
        one.skew = timedelta(0)
        one.running.sandbox.set_clock(LAST_LOOK)
        demand_success(one.contact())
        return one.landed()


def lists(vendor: Vendor, data: Path, *, shifts: tuple[int, ...]) -> tuple[Landed, int]:
    """Three contacts, the vendor's lists five hours on at each of these requests of the first two; what stands in the lake then, and how
    many requests the first two made."""
    with line(vendor, data) as one:
        faults, count, ours = one.running.sandbox.faults, 0, UNTIL

        def moving(asked: Asked, _: int) -> Fault | None:
            nonlocal count
            count += 1
            # Our clock goes on too, or two versions of a record would be of one moment.
            turn(data / "our-clock", ours + timedelta(milliseconds=count))
            return Fault(asked.vendor, kind="shift", seconds=5 * 3600) if count in shifts else None

        faults.storm = moving
        for ours in (UNTIL, UNTIL + timedelta(days=2)):
            one.running.sandbox.set_clock(ours)
            demand_success(one.contact())
        faults.storm, made = None, count
        one.running.sandbox.set_clock(LAST_LOOK)
        demand_success(one.contact())
        return one.landed(), made


def moments() -> list[datetime]:
    """One moment of the two days after the first contact for each of the retailer's books, in order."""
    begins, found = UNTIL.replace(tzinfo=None), set()
    for frame in vars(small_world()).values():
        for name, column in frame.items() if isinstance(frame, pd.DataFrame) else ():
            if str(name).endswith("_at") and str(column.dtype).startswith("datetime"):
                near = column[(column > begins) & (column < begins + timedelta(days=2))]
                found |= {near.iloc[len(near) // 2].to_pydatetime().replace(tzinfo=UTC)} if len(near) else set()
    return spread(sorted(found))


def spread(moments: list[datetime]) -> list[datetime]:
    """The same moments, thinned evenly to those that are a few hours apart."""
    return [moment for place, moment in enumerate(moments) if not place or moment - moments[place - 1] > timedelta(minutes=20)]


def seeded_shifts(seed: int, made: int) -> tuple[int, ...]:
    """Ten requests of a run that makes so many."""
    return tuple(sorted(random.Random(seed).sample(range(1, made + 1), min(10, made))))


def snapshots(vendor: Vendor) -> frozenset[str]:
    """Resources that tell of a day: what they say depends on when that was."""
    return frozenset(one.name for one in vendor.resources if one.kind == "snapshot")


def every(vendor: Vendor, data: Path, seeds: range, *, only: str = "") -> Iterator[tuple[str, str, Verdict]]:
    """(part, what was tried, its verdict) of all there is for a vendor; only: faults with one of these words, and no clocks."""
    quiet, words = calm(vendor, data / "calm"), only.split(",")
    for name, fault in passing(vendor).items():
        for seed in seeds if any(word in name for word in words) else ():
            yield "passing", name, spoil(vendor, quiet, fault, data / "spoiled", seed=seed)
    for name, fault in STAYING.items():
        for seed in seeds if any(word in name for word in words) else ():
            yield "staying", name, stays(vendor, quiet, fault, data / "stays", seed=seed)
    if only:
        return
    told = clocks(vendor, data / "clock", ours=0)
    for name, ours in CLOCKS.items():
        found = clocks(vendor, data / "clocks", ours=ours).differences(told, snapshots=snapshots(vendor), noted=True)
        yield "clocks", name, Verdict(frozenset(), found)
    if vendor.name in KEEPS_WHAT_CAME:
        return  # it has no lists
    still, made = lists(vendor, data / "still", shifts=())
    for seed in seeds:
        moved, _ = lists(vendor, data / "moved", shifts=seeded_shifts(seed, made))
        found = [one for one in moved.differences(still, noted=True) if one.split(":")[0] not in snapshots(vendor)]
        yield "clocks", "lists that move while they are read", Verdict(frozenset(), found)
