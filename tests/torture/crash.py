"""SIGKILL at every step boundary and at seeded random moments, one plain rerun each, and what a stranger would ask afterwards.

    machine before the night  ──►  refresh, killed  ──►  one plain refresh  ──►  marts as undisturbed, whole for every reader, nothing left

`python -m tests.torture crash [--moments 50] [--seed 7] [--only TEXT] [--keep FOLDER]`; two minutes a row. The marts are compared, table by
table, with those of a machine that nobody disturbed, in the same world at the same moment. Whoever dies after the flip has published
already: his rerun is a second run of that night, and is compared with a second undisturbed one.
"""

import argparse
import json
import random
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.torture.boundaries import Boundary, boundaries
from tests.torture.machine import Ended, Machine, world
from tests.torture.reader import Reader
from tests.torture.trap import Trap
from tests.torture.verdict import differences, leftovers

WORLD = ("--customers", "200", "--days", "60", "--stores", "4", "--rate", "100")
DEAD = -9
OLD_VERSIONS = 5  # as many as are kept, so that the next publication prunes


@dataclass(frozen=True)
class Reference:
    """A machine before the night, what one undisturbed run makes of it, what two make, and how long a run takes."""

    before: Machine
    once: Path
    twice: Path
    seconds: float


@dataclass(frozen=True)
class Trial:
    """What became of one killed night. `wrong`: sentences; empty when everything is as promised."""

    name: str
    died_after: float
    rerun: float
    tables: int
    looks: int
    wrong: list[str]

    def row(self) -> str:
        """The trial as a line of the table."""
        verdict = "; ".join(self.wrong) or "none"
        return f"{self.name:<64} {self.died_after:>6.1f} {self.rerun:>6.1f} {self.tables:>6} {self.looks:>6}  {verdict}"


def tried(name: str, reference: Reference, folder: Path, *, trap: Trap | None = None, killed_after: float | None = None) -> Trial:
    """Kill one night, run the next one plainly, and ask."""
    machine = reference.before.copy(folder)
    published = machine.data / "published"
    version = current(published)
    with Reader(published) as reader:
        killed = machine.refresh(trap=trap, killed_after=killed_after)
        had_flipped = current(published) != version
        rerun = machine.refresh()
    wrong = _not_killed(killed, trap)
    if rerun.code:
        return Trial(name, killed.seconds, rerun.seconds, 0, reader.looks, [*wrong, f"the rerun ended with {rerun.code}: {_last(rerun)}"])
    tables, found = differences(published, reference.twice if had_flipped else reference.once)
    left = leftovers(machine.data, known=frozenset(path.name for path in (reference.before.data / "published" / "versions").glob("[!.]*")))
    return Trial(name, killed.seconds, rerun.seconds, tables, reader.looks, [*wrong, *found, *left, *reader.wrong[:3]])


def current(published: Path) -> str:
    """The version that readers see; empty before the first."""
    link = published / "current"
    return link.readlink().name if link.is_symlink() else ""


def undisturbed(before: Machine, folder: Path) -> Reference:
    """Run a night twice without disturbing it."""
    machine = before.copy(folder / "undisturbed")
    kept, seconds = [], 0.0
    for times in ("once", "twice"):
        ended = machine.refresh()
        if ended.code:
            raise RuntimeError(f"An undisturbed refresh ended with {ended.code}: {ended.said[-2000:]}")
        seconds = seconds or ended.seconds
        kept.append(folder / times)
        shutil.copytree(machine.data / "published", kept[-1], symlinks=True)
    return Reference(before, *kept, seconds)


def with_old_versions(machine: Machine) -> None:
    """Give a machine as many published versions as it keeps: copies of the one it has, under older names."""
    versions = machine.data / "published" / "versions"
    now = current(machine.data / "published")
    for number in range(1, OLD_VERSIONS):
        name = f"2026010{number}T230000Z-00000000"
        shutil.copytree(versions / now, versions / name)
        card = json.loads((versions / name / "version.json").read_text(encoding="utf-8"))
        (versions / name / "version.json").write_text(json.dumps({**card, "version": name}), encoding="utf-8")
    for path in sorted(versions.iterdir()):
        (path / "touched").touch()
        (path / "touched").unlink()  # pruning goes by age


def moments(count: int, seed: int, seconds: float) -> list[float]:
    """Seeded moments within the length of an undisturbed night, in seconds after its start."""
    drawn = random.Random(seed)
    return [round(drawn.uniform(0.05, 1.0) * seconds, 2) for _ in range(count)]


def main(arguments: list[str]) -> int:
    """Run the trials and print a row for each; 1 when any of them was not as promised."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture crash", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=50, help="random moments besides the boundaries")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="", help="boundaries whose name contains this, e.g. 'dbt'; '-' for none")
    parser.add_argument("--keep", type=Path, help="keep the data of trials that went wrong under this folder")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="omnimart-crash-") as made:
        return _all(options, Path(made))


def _all(options: argparse.Namespace, folder: Path) -> int:
    chosen = [one for one in boundaries() if options.only in one.name]
    failed = 0
    print(f"{'where it died':<64} {'died s':>6} {'rerun':>6} {'tables':>6} {'looks':>6}  what is not as it should be", flush=True)
    with world(folder / "world", WORLD) as settings:
        first = undisturbed(Machine(folder / "nothing", settings).parsed(), folder / "first")
        failed += _trials([one for one in chosen if one.is_first], first, folder, options)
        day_after(settings)
        before = Machine(folder / "first" / "before", settings)
        shutil.copytree(folder / "first" / "undisturbed", before.data, symlinks=True)
        with_old_versions(before)
        second = undisturbed(before, folder / "second")
        failed += _trials([one for one in chosen if not one.is_first], second, folder, options)
        for number, moment in enumerate(moments(options.moments, options.seed, second.seconds), start=1):
            trial = tried(f"moment {number} of seed {options.seed}", second, folder / "trial", killed_after=moment)
            failed += _told(trial, options, folder)
    print(f"{failed} not as promised.", flush=True)
    return int(failed > 0)


def _trials(chosen: list[Boundary], reference: Reference, folder: Path, options: argparse.Namespace) -> int:
    return sum(_told(tried(one.name, reference, folder / "trial", trap=one.trap), options, folder) for one in chosen)


def _told(trial: Trial, options: argparse.Namespace, folder: Path) -> bool:
    print(trial.row(), flush=True)
    if trial.wrong and options.keep:
        kept = options.keep / "".join(letter if letter.isalnum() else "_" for letter in trial.name)
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder / "trial", kept, symlinks=True)
    return bool(trial.wrong)


def day_after(settings: dict[str, str]) -> None:
    """Turn the world's clock, and with it that of every machine that reads from it, to the next night."""
    clock = Path(settings["OMNIMART_CLOCK"])
    half = clock.with_suffix(".half")
    half.write_text((datetime.fromisoformat(clock.read_text(encoding="utf-8").strip()) + timedelta(days=1)).isoformat(), encoding="utf-8")
    half.replace(clock)


def _not_killed(killed: Ended, trap: Trap | None) -> list[str]:
    if trap and not killed.reached:
        return [f"never got there; the night ended with {killed.code}: {_last(killed)}"]
    return [] if killed.code == DEAD or not trap else [f"was not killed but ended with {killed.code}"]


def _last(ended: Ended) -> str:
    return (ended.said.strip().splitlines() or ["nothing said"])[-1]
