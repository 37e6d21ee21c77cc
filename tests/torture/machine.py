"""A machine that refreshes night after night: a data folder and the real command in a process of its own.

    world (python -m sandbox serve, one process for all)  ──HTTP──►  python -m orchestration.refresh  ──►  <data>/published
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ingestion.accounts import REPOSITORY
from tests.torture.trap import Trap

PATIENCE_SECONDS = 900
VICTIM = [sys.executable, "-m", "tests.torture.victim"]


@dataclass(frozen=True)
class Ended:
    """How a refresh ended: exit code (minus the signal that killed it), seconds, those of CPU, what it said, whether its trap was hit."""

    code: int
    seconds: float
    cpu: float
    said: str
    reached: bool = False


@dataclass(frozen=True)
class Machine:
    """A data folder and the settings of the vendors it reads from; without settings the sandbox stands in, with these options. With
    `forks` its nights are forks of one warm process, else each is a process of its own from the start."""

    data: Path
    settings: dict[str, str]
    options: tuple[str, ...] = ()
    forks: "Forks | None" = None

    def refresh(self, *, trap: Trap | None = None, killed_after: float = 0.0) -> Ended:
        """Run the nightly job once: to its end, into a trap, or until it has used so many seconds of CPU and everything is killed at once.
        (CPU, since the clock on the wall runs far ahead of a night on a busy machine.)"""
        log, mark = self.data.with_name(f"{self.data.name}.log"), self.data.with_name(f"{self.data.name}.reached")
        mark.unlink(missing_ok=True)
        options = self.options if trap is None or trap.command == "orchestration.refresh" else ()
        told = {"environment": self.environment(), "options": options, "trap": asdict(trap) if trap else None, "log": str(log),
                "mark": str(mark)}
        started = time.monotonic()
        code, cpu = (self.forks or Starts()).night(told, killed_after)
        return Ended(code, time.monotonic() - started, cpu, log.read_text(encoding="utf-8", errors="replace"), mark.exists())

    def environment(self) -> dict[str, str]:
        """What the command is given: nothing of whoever runs the tests but the way to Python."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("SOURCES__", "OMNIMART_", "DAGSTER_"))}
        nowhere = {"OMNIMART_SECRETS": str(self.data / "none.toml"), "OMNIMART_ENV_FILE": str(self.data / "none.env")}
        quiet = {"DO_NOT_TRACK": "1", "RUNTIME__DLTHUB_TELEMETRY": "false", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        return own | quiet | nowhere | self.settings | {"OMNIMART_DATA": str(self.data)}

    def copy(self, data: Path) -> "Machine":
        """The same machine with a copy of its data folder, links and modes as they are."""
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(self.data, data, symlinks=True)
        return Machine(data, self.settings, self.options, self.forks)

    def parsed(self) -> "Machine":
        """This machine after it has read the project, which is the same work every time and a third of a small night."""
        read = [sys.executable, "-c", "from orchestration.manifest import manifest; manifest()"]
        subprocess.run(read, cwd=REPOSITORY, env=self.environment(), check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(self.data / "lake")  # reading lays it out
        return self


class Starts:
    """Each night is a process that starts with Python."""

    def night(self, told: dict[str, Any], killed_after: float) -> tuple[int, float]:
        """Run a night; its exit code, minus the signal that ended it, and the seconds of CPU that it used."""
        with Path(told["log"]).open("wb") as said:
            process = subprocess.Popen(VICTIM, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=said, stderr=subprocess.STDOUT,
                                       start_new_session=True)
            process.stdin.write(json.dumps(told).encode() + b"\n")
            process.stdin.close()
            with watched(process.pid, killed_after):
                _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, used.ru_utime + used.ru_stime


class Forks:
    """Each night is a fork of a process that has imported everything (tests/torture/victim.py). `machine` has the project parsed."""

    def __init__(self, machine: Machine) -> None:
        self.process = subprocess.Popen([*VICTIM, "forks"], cwd=REPOSITORY, env=machine.environment(), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def night(self, told: dict[str, Any], killed_after: float) -> tuple[int, float]:
        """Run a night; its exit code, minus the signal that ended it, and the seconds of CPU that it used."""
        print(json.dumps(told), file=self.process.stdin, flush=True)
        with watched(int(self.process.stdout.readline()), killed_after):
            code, cpu = self.process.stdout.readline().split()
        return int(code), float(cpu)

    def close(self) -> None:
        """Let the warm process go."""
        self.process.stdin.close()
        self.process.wait(timeout=60)


@contextmanager
def watched(process: int, killed_after: float) -> Iterator[None]:
    """Kill a process with its group when it has used so many seconds of CPU (0: never), or has taken far longer than a night takes."""
    done, until = threading.Event(), time.monotonic() + PATIENCE_SECONDS

    def watch() -> None:
        while not done.wait(0.01):
            if time.monotonic() > until or (killed_after and _cpu(process) >= killed_after):
                os.killpg(process, signal.SIGKILL)
                return

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()


def _cpu(process: int) -> float:
    """Seconds of CPU that a process has used; 0 when it is gone."""
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def world(folder: Path, options: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """The vendors, answering in a process that outlives every refresh; gives the settings that point at them."""
    card = folder / "sandbox" / "server.json"
    card.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "sandbox", "serve", "--end-with", str(os.getpid()), *options], cwd=REPOSITORY,
                                   env={**os.environ, "OMNIMART_DATA": str(folder)}, stdout=log, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + 120
        while not card.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"The sandbox did not start: {(folder / 'server.log').read_text(encoding='utf-8')}")
            time.sleep(0.1)
        # Machines that are compared must hash alike; each would make a key of its own in its first night.
        yield json.loads(card.read_text(encoding="utf-8"))["environment"] | {"OMNIMART_HASH_KEY": "the same on every machine"}
    finally:
        process.terminate()
        process.wait(timeout=20)


class NoDisk(Exception):
    """This machine mounts no tmpfs for us; the text says what mount said."""


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own of so many megabytes, mounted on the folder. Raises NoDisk where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    asked = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)]
    try:
        made = subprocess.run(asked, capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        raise NoDisk(str(missing)) from None
    if made.returncode:
        raise NoDisk(made.stderr.strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
