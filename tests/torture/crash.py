"""SIGKILL at every step boundary and at seeded random moments, then one plain rerun, and what a stranger would ask afterwards.

    machine before the night  ──►  refresh, killed (and again)  ──►  one plain refresh  ──►  marts as undisturbed, nothing left behind

The kills of a story (boundaries.py) follow one another and the next one starts from what the last one left; `--singly` gives each kill a
rerun of its own, and takes three times as long. The marts are compared, table by table, with those of a machine that nobody disturbed, in
the same world at the same moment. A story that had published before its last kill is a second run of that night, and is compared with a
second undisturbed one.
"""

import argparse
import json
import random
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingestion.accounts import REPOSITORY
from tests import clocks
from tests.torture.boundaries import FIRST_NIGHT, SECOND_NIGHT, STANDS_IN, Story
from tests.torture.machine import Ended, Forks, Machine, world
from tests.torture.reader import Reader
from tests.torture.trap import Trap
from tests.torture.verdict import differences, leftovers

FIRST = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)  # the sandbox's own moment
WORLD = ("--customers", "200", "--days", "60", "--stores", "4", "--rate", "100")
DEAD = -9
OLD_VERSIONS = 5  # as many as are kept, so that the next publication prunes
MOMENTS_IN_A_ROW = 5


@dataclass(frozen=True)
class Reference:
    """A machine before the night, what one undisturbed run makes of it, what two make, and the seconds of CPU that a run takes."""

    before: Machine
    once: Path
    twice: Path
    cpu: float


@dataclass
class Trial:
    """A story and what became of it. `deaths`: (where, seconds after the start of that night). `wrong`: sentences; empty when all is as
    promised. `looks`: how often a reader saw a whole version meanwhile."""

    name: str
    deaths: list[tuple[str, float]]
    rerun: float
    tables: int
    looks: int
    wrong: list[str]

    def told(self) -> str:
        """As lines of the table: one for each death, then the verdict."""
        deaths = [f"| {self.name} | {where} | {seconds:.1f} | | | | |" for where, seconds in self.deaths]
        verdict = f"{self.rerun:.1f} | {self.tables} | {self.looks} | {'; '.join(self.wrong) or 'none'}"
        return "\n".join([*deaths, f"| {self.name} | *plain rerun* | | {verdict} |"])


def tried(name: str, reference: Reference, folder: Path, *, story: Story | None = None, moments: tuple[float, ...] = ()) -> Trial:
    """Kill one night after another, run the last one plainly, and ask."""
    machine = reference.before.copy(folder)
    if name.startswith(STANDS_IN):
        machine = stood_in_for(machine)
    published = machine.data / "published"
    version = current(published)
    known = frozenset(path.name for path in (published / "versions").glob("[!.]*"))
    deaths, wrong, had_flipped = [], [], False
    with Reader(published) as reader:
        for where, trap in (story or {}).items():
            wrong += died(where, machine.refresh(trap=trap), trap, deaths)
            had_flipped |= current(published) != version
        for moment in moments:
            wrong += died(f"moment {moment:.2f} s of CPU", machine.refresh(killed_after=moment), None, deaths)
            had_flipped |= current(published) != version
        rerun = machine.refresh()
    trial = Trial(name, deaths, rerun.seconds, 0, reader.looks, wrong)
    if rerun.code:
        trial.wrong.append(f"the rerun ended with {rerun.code}: {_last(rerun)}")
        return trial
    trial.tables, found = differences(published, reference.twice if had_flipped else reference.once)
    trial.wrong += [*found, *leftovers(machine.data, known=known), *reader.wrong[:3]]
    return trial


def stood_in_for(machine: Machine) -> Machine:
    """The same machine with no vendor configured, so that each refresh starts a sandbox of the same world, at the same moment."""
    clock = machine.data / "sandbox" / "clock"
    clock.parent.mkdir(exist_ok=True)
    shutil.copy(machine.settings["OMNIMART_CLOCK"], clock)
    return Machine(machine.data, {name: machine.settings[name] for name in ("OMNIMART_HASH_KEY", "OMNIMART_BUSINESS_RULES")}, WORLD)


def died(where: str, ended: Ended, trap: Trap | None, deaths: list[tuple[str, float]]) -> list[str]:
    """Note a death; what is wrong with it: a trap that was not reached, or a night that ended of itself."""
    if ended.code == DEAD:
        deaths.append((where, ended.seconds))
        return [f"{where}: killed, but not there"] if trap and not ended.reached else []
    if trap is None and ended.code == 0:
        deaths.append((f"{where}, after its end", ended.seconds))
        return []
    return [f"{where}: never got there, ended with {ended.code}: {_last(ended)}"]


def _last(ended: Ended) -> str:
    return (ended.said.strip().splitlines() or ["nothing said"])[-1]


def current(published: Path) -> str:
    """The version that readers see; empty before the first."""
    link = published / "current"
    return link.readlink().name if link.is_symlink() else ""


def undisturbed(before: Machine, folder: Path) -> Reference:
    """Run a night twice without disturbing it, unless an earlier call did."""
    noted = folder / "seconds"
    if not noted.exists():
        machine = before.copy(folder / "undisturbed")
        ended = [machine.refresh()]
        shutil.copytree(machine.data / "published", folder / "once", symlinks=True)
        ended.append(machine.refresh())
        shutil.copytree(machine.data / "published", folder / "twice", symlinks=True)
        if wrong := [one.said[-2000:] for one in ended if one.code]:
            raise RuntimeError(f"An undisturbed refresh did not end well: {wrong[0]}")
        noted.write_text(f"{ended[0].cpu:.1f}", encoding="utf-8")
    reference = Reference(before, folder / "once", folder / "twice", float(noted.read_text(encoding="utf-8")))
    print(f"An undisturbed night takes {reference.cpu:.0f} s of CPU.", flush=True)
    return reference


def with_old_versions(data: Path) -> None:
    """Give a machine as many published versions as it keeps: copies of the one it has, under older names."""
    versions = data / "published" / "versions"
    now = current(data / "published")
    for number in range(1, OLD_VERSIONS):
        old = versions / f"2026010{number}T230000Z-00000000"
        shutil.copytree(versions / now, old)
        card = json.loads((old / "version.json").read_text(encoding="utf-8"))
        (old / "version.json").write_text(json.dumps({**card, "version": old.name}), encoding="utf-8")
    for path in sorted(versions.iterdir()):
        (path / "touched").touch()
        (path / "touched").unlink()  # pruning goes by age


def with_housekeeping(rules: Path) -> Path:
    """The rules as they are, but two small files of a list already become one, so that each night has something to put together."""
    text = (REPOSITORY / "business_rules.yml").read_text(encoding="utf-8")
    rules.write_text(text.replace("lake_small_files: 30", "lake_small_files: 2"), encoding="utf-8")
    return rules


def moments(count: int, seed: int, cpu: float) -> list[float]:
    """Seeded moments within an undisturbed night, in seconds of CPU after its start."""
    drawn = random.Random(seed)
    return [round(drawn.random() * cpu, 2) for _ in range(count)]


def turn(settings: dict[str, str], moment: datetime) -> None:
    """Turn the world's clock, and with it that of every machine that reads from it."""
    clocks.turn(Path(settings["OMNIMART_CLOCK"]), moment)


def main(arguments: list[str]) -> int:
    """Run the stories and print them as a table; 1 when anything was not as promised."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture crash", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=50, help="random moments besides the boundaries (50)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--skip-moments", type=int, default=0, help="of the list of moments, begin behind so many")
    parser.add_argument("--only", default="", help="stories whose name contains one of these words, e.g. 'dbt,flip'; '-' for none")
    parser.add_argument("--cold", action="store_true", help="each night a process from the start, not a fork of one that is warm")
    parser.add_argument("--singly", action="store_true", help="a rerun after each kill")
    parser.add_argument("--folder", type=Path, help="work here and leave it, so that the next call need not make the undisturbed nights")
    parser.add_argument("--keep", type=Path, help="keep the data of stories that went wrong under this folder")
    options = parser.parse_args(arguments)
    if options.folder:
        return _all(options, options.folder)
    with tempfile.TemporaryDirectory(prefix="omnimart-crash-") as made:
        return _all(options, Path(made))


def _all(options: argparse.Namespace, folder: Path) -> int:
    failed = 0

    def tell(trial: Trial) -> None:
        nonlocal failed
        failed += bool(trial.wrong)
        print(trial.told(), flush=True)
        if trial.wrong and options.keep:
            shutil.copytree(folder / "trial", options.keep / "".join(one if one.isalnum() else "_" for one in trial.name), symlinks=True)

    with world(folder / "world", WORLD) as vendors:
        settings = vendors | {"OMNIMART_BUSINESS_RULES": str(with_housekeeping(folder / "rules.yml"))}
        nothing, before = Machine(folder / "nothing", settings).parsed(), folder / "first" / "before"
        forks = None if options.cold else Forks(nothing)
        turn(settings, FIRST)
        first = undisturbed(replace(nothing, forks=forks), folder / "first")
        print("| story | where it died | s | rerun s | tables compared | looks of a reader | not as promised |")
        print("|---|---|---|---|---|---|---|", flush=True)
        _stories(_chosen(FIRST_NIGHT, options), first, folder, tell)
        turn(settings, FIRST + timedelta(days=1))
        if not before.exists():
            shutil.copytree(folder / "first" / "undisturbed", before, symlinks=True)
            with_old_versions(before)
        second = undisturbed(Machine(before, settings, forks=forks), folder / "second")
        _stories(_chosen(SECOND_NIGHT, options), second, folder, tell)
        drawn = moments(options.moments, options.seed, second.cpu)[options.skip_moments:]
        step = 1 if options.singly else MOMENTS_IN_A_ROW
        for number in range(0, len(drawn), step):
            name = f"seed {options.seed}, moments from {options.skip_moments + number + 1}"
            tell(tried(name, second, folder / "trial", moments=tuple(drawn[number:number + step])))
        if forks:
            forks.close()
    print(f"{failed} not as promised.", flush=True)
    return int(failed > 0)


def _chosen(stories: dict[str, Story], options: argparse.Namespace) -> dict[str, Story]:
    chosen = {name: story for name, story in stories.items() if any(word in name for word in options.only.split(","))}
    if options.singly:
        return {f"{name}: {where}": {where: trap} for name, story in chosen.items() for where, trap in story.items()}
    return chosen


def _stories(chosen: dict[str, Story], reference: Reference, folder: Path, tell: Callable[[Trial], None]) -> None:
    for name, story in chosen.items():
        tell(tried(name, reference, folder / "trial", story=story))
