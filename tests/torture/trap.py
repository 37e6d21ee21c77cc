"""A trap at a named step: the process that reaches it is killed, as a machine that goes down kills it.

    Trap("orchestration.versions:flip", "before")  ──►  laid when the module is imported  ──►  SIGKILL at the n-th call

Nothing in the program knows of it: the function is wrapped from outside, in the process that is to die. SIGKILL cannot be caught, so no
`finally`, no `atexit` and no thread gets a turn. In a process of its own: `python -m tests.torture.victim`.
"""

import errno
import functools
import importlib.abc
import importlib.util
import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestration import shortage

WHENS = ("before", "after", "during", "halfway", "full", "tight")
BALLAST = "ballast"


@dataclass(frozen=True)
class Trap:
    """Where a process dies, or finds no room: the disk of its data is full from there on (when = full), or it gets no more memory than it
    has (tight), but for `left` bytes. `at`: module:function or module:Class.method. `when`: before or after the call, during it (so many
    `seconds` into it, at its end at the latest), or halfway: a file half written, a folder half removed. `nth` call of those whose
    arguments name `about`. `alone`: the process only; else with all that it started. `command`: the module that is run."""

    at: str
    when: str
    nth: int = 1
    about: str = ""
    seconds: float = 0.02
    alone: bool = False
    command: str = "orchestration.refresh"
    left: int = 0


def fill(folder: Path, left: int) -> None:
    """Fill the disk that a folder lies on, but for so many bytes, also while others write to it."""
    with (folder / BALLAST).open("ab") as ballast:
        while (size := (free := os.statvfs(folder)).f_bavail * free.f_frsize - left) > 0:
            try:
                os.posix_fallocate(ballast.fileno(), os.fstat(ballast.fileno()).st_size, size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def tighten(left: int) -> None:
    """From here on this process gets no more memory than it has, but for so many bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * os.sysconf("SC_PAGE_SIZE") + left, resource.RLIM_INFINITY))


def lay(trap: Trap, *, on_death: Callable[[], None] = lambda: None) -> None:
    """Lay a trap in this process, now or when its module is imported; `on_death` is called just before the end."""
    module, _, name = trap.at.partition(":")
    if module in sys.modules:
        _wrap(sys.modules[module], name, trap, on_death)
    else:
        sys.meta_path.insert(0, _Watcher(module, lambda loaded: _wrap(loaded, name, trap, on_death)))


class _Watcher(importlib.abc.MetaPathFinder):
    """Sees one module being imported."""

    def __init__(self, module: str, then: Callable[[Any], None]) -> None:
        self.module, self.then = module, then

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self.module:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def executed(loaded: Any) -> None:
            execute(loaded)
            self.then(loaded)

        spec.loader.exec_module = executed
        return spec


def _wrap(module: Any, name: str, trap: Trap, on_death: Callable[[], None]) -> None:
    owner, _, member = name.rpartition(".")
    holder = getattr(module, owner) if owner else module
    called, counted, lock = getattr(holder, member), [0], threading.Lock()

    def die() -> None:
        on_death()
        os.kill(os.getpid(), signal.SIGKILL) if trap.alone else os.killpg(os.getpgid(0), signal.SIGKILL)
        time.sleep(60)  # the signal is on its way

    def die_after_a_while() -> None:
        time.sleep(trap.seconds)
        die()

    @functools.wraps(called)
    def trapped(*args: Any, **more: Any) -> Any:
        if trap.about and not any(trap.about in _said(one) for one in (*args, *more.values())):
            return called(*args, **more)
        with lock:
            counted[0] += 1
            is_due = counted[0] == trap.nth
        if not is_due:
            return called(*args, **more)
        if trap.when in ("full", "tight"):
            on_death()
            fill(Path(os.environ["OMNIMART_DATA"]), trap.left) if trap.when == "full" else tighten(trap.left)
            return called(*args, **more)
        if trap.when == "before":
            die()
        if trap.when == "halfway":
            HALVES[member](*args, **more)
            die()
        if trap.when == "during":
            threading.Thread(target=die_after_a_while, daemon=True).start()
        called(*args, **more)
        return die()

    setattr(holder, member, trapped)


def _said(argument: Any) -> str:
    """What of an argument a trap may be about: a node's id, a dataset's or an object's name, or the argument as text."""
    for member in ("node", "dataset_name", "name"):
        found = getattr(argument, member, None)
        if found is not None and not isinstance(argument, Path):
            return str(getattr(found, "unique_id", found))
    return str(argument)


def _half_copied(source: str, target: str, **_: Any) -> None:
    content = Path(source).read_bytes()
    Path(target).write_bytes(content[: len(content) // 2])


def _half_written(path: Path, text: str, **_: Any) -> None:
    Path(path).write_bytes(text.encode()[: len(text.encode()) // 2])


def _half_removed(folder: Path, *_: Any, **__: Any) -> None:
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    for path in files[: (len(files) + 1) // 2]:
        path.unlink()


HALVES = {"copyfile": _half_copied, "write_text": _half_written, "rmtree": _half_removed}


def dies(trap: Trap, work: Callable[[], Any]) -> bool:
    """Do some work in a forked process that is killed in the trap; whether it was, and not ended otherwise."""
    child = os.fork()
    if not child:
        try:
            os.setsid()
            lay(replace(trap, alone=True))
            work()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def ends(trap: Trap, work: Callable[[], Any]) -> str:
    """Do some work in a forked process that finds no room in the trap; what it ended with, empty when it succeeded."""
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        said = "the process was lost"
        try:
            lay(trap)
            work()
            said = ""
        except BaseException as error:
            said = " / ".join(f"{type(cause).__name__}: {cause}" for cause in shortage.causes(error))
        finally:
            os.write(tell, said.encode()[:60_000])
            os._exit(0)
    os.close(tell)
    with os.fdopen(told, "rb") as pipe:
        said = pipe.read().decode(errors="replace")
    os.waitpid(child, 0)
    return said
