"""`python -m sandbox`: serve the simulated retailer, move its clock, print the settings that point at it, judge its KPIs.

Everything lies under $OMNIMART_DATA/sandbox: the clock, the address of the running server, the truth about who is who.
"""

import argparse
import json
import os
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn

from sandbox import plausible, server
from sandbox.faults import Faults, Tampering
from sandbox.identity_noise import FlawedSpelling
from sandbox.profiles import Spelling
from sandbox.retailer import replay_purchases, simulate

UNTIL = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
SMALLEST, LARGEST_DAYS = 1, 3650
# Of the first months of three stores only the reports of shifts tell: MoySklad came later, and 1C has purged the receipts since.
USUAL = {"moysklad.late_tills": "1,2,3"}


def folder() -> Path:
    """$OMNIMART_DATA/sandbox."""
    return Path(os.environ.get("OMNIMART_DATA") or Path(__file__).resolve().parent.parent / "data").resolve() / "sandbox"


def main(arguments: list[str] | None = None) -> int:
    """Run one of the commands; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except (FileNotFoundError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError) and error.filename
        print(f"The sandbox did not start: there is no file {error.filename}." if missing else error, file=sys.stderr)
        return 2


def serve(options: argparse.Namespace) -> int:
    """Simulate, write the truth, and answer until stopped."""
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    clock_file = folder() / "clock"
    if options.purchases:
        world = replay_purchases(Path(options.purchases))
        until = world.until.replace(tzinfo=UTC)
        vendors = ("retailcrm",)
    else:
        until = options.until
        world = simulate(seed=options.seed, customers=options.customers, days=options.days, stores=options.stores, until=until,
                         hand=FlawedSpelling if options.identity_noise else Spelling)
        vendors = server.VENDORS
    sandbox = server.Sandbox(world=world, clock_file=clock_file, rate=options.rate,
                             options=USUAL | dict(option.split("=", 1) for option in options.option),
                             faults=Faults(), tampering=Tampering())
    if options.storm:
        sandbox.faults.storm = server.storm(options.storm_seed, options.storm)
    if options.reset_clock or not clock_file.exists():
        sandbox.set_clock(until)
    world.truth().to_parquet(folder() / "truth.parquet", index=False)
    config = uvicorn.Config(server.app(sandbox), host=server.HOST, port=options.port, log_level="warning", access_log=False, lifespan="off")
    listening = config.bind_socket()
    url = f"http://{server.HOST}:{listening.getsockname()[1]}"
    environment = server.settings(url, clock_file=clock_file, vendors=vendors, rate=options.rate)
    half = folder() / "server.half"
    half.write_text(json.dumps({"url": url, "pid": os.getpid(), "environment": environment}, indent=1), encoding="utf-8")
    half.chmod(0o600)
    half.replace(folder() / "server.json")
    if options.end_with:
        threading.Thread(target=_end_with, args=(options.end_with,), daemon=True).start()
    print(f"The sandbox answers on {url}; its clock stands at {sandbox.now():%Y-%m-%d %H:%M} UTC.", flush=True)
    uvicorn.Server(config).run(sockets=[listening])
    return 0


def _end_with(process: int) -> None:
    """End this process when the one that started it is gone, however it went; nobody would stop us otherwise."""
    while os.getppid() == process:
        time.sleep(1)
    os._exit(0)


def advance(options: argparse.Namespace) -> int:
    """Move the retailer's clock forward."""
    clock_file = folder() / "clock"
    if not clock_file.exists():
        print(f"There is no sandbox under {folder()}. Start one with `python -m sandbox serve`.", file=sys.stderr)
        return 1
    moved = datetime.fromisoformat(clock_file.read_text(encoding="utf-8").strip()) + timedelta(days=options.days)
    half = clock_file.with_suffix(".half")
    half.write_text(moved.isoformat(), encoding="utf-8")
    half.replace(clock_file)
    print(f"The sandbox's clock now stands at {moved:%Y-%m-%d %H:%M} UTC.")
    return 0


def show_settings(options: argparse.Namespace) -> int:
    """Print the environment of the running server, as shell lines or JSON."""
    running = folder() / "server.json"
    if not running.exists():
        print(f"No sandbox was started under {folder()}. Start one with `python -m sandbox serve`.", file=sys.stderr)
        return 1
    environment = json.loads(running.read_text(encoding="utf-8"))["environment"]
    print(json.dumps(environment, indent=1) if options.json else "\n".join(f"export {k}='{v}'" for k, v in environment.items()))
    return 0


def judge(options: argparse.Namespace) -> int:
    """Print the headline KPIs of a published file beside their ranges; 1 when one is outside."""
    values = plausible.measured(Path(options.published))
    print(plausible.printed(values))
    return int(not all(headline.holds(value) for headline, value in values.items()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A simulated omnichannel retailer behind the vendors' own APIs, "
                                     "on loopback. Deterministic by seed; its clock stands still until it is moved.")
    commands = parser.add_subparsers(required=True)
    serving = commands.add_parser("serve", help="simulate the retailer and answer as its vendors",
                                  formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    serving.add_argument("--customers", type=_between(SMALLEST, 1_000_000), default=5000, help="people the retailer knows")
    serving.add_argument("--days", type=_between(SMALLEST, LARGEST_DAYS), default=730, help="days of history")
    serving.add_argument("--stores", type=_between(1, 1000), default=20)
    serving.add_argument("--seed", type=int, default=1)
    serving.add_argument("--until", type=_moment, default=UNTIL, help="where the clock starts, ISO-8601")
    serving.add_argument("--identity-noise", action="store_true", help="records that are hard to know again (sandbox/identity_noise.py)")
    serving.add_argument("--port", type=int, default=0, help="0 takes a free one")
    serving.add_argument("--rate", type=float, default=1.0, help="multiplies every vendor's documented rate limit")
    serving.add_argument("--storm", type=_share, default=0.0, metavar="SHARE",
                         help="so many of all requests meet a fault of the network or the vendor, 0.1 is every tenth")
    serving.add_argument("--storm-seed", type=int, default=1, help="which ones")
    serving.add_argument("--purchases", metavar="FILE",
                         help="replay a purchase log (customer, date, units, value) as the retailer's orders")
    serving.add_argument("--option", action="append", default=[], metavar="NAME=VALUE",
                         help=f"an option of a vendor's stand-in; may be repeated (already {' '.join(map('='.join, USUAL.items()))})")
    serving.add_argument("--end-with", type=int, default=0, metavar="PID", help="end when this parent process does; 0 lives on")
    serving.add_argument("--reset-clock", action="store_true", help="set the clock back to --until")
    serving.set_defaults(command=serve)
    moving = commands.add_parser("advance", help="move the clock forward, so that the next nightly has something to fetch")
    moving.add_argument("--days", type=_forward, default=1.0, help="how many; time does not run backwards")
    moving.set_defaults(command=advance)
    showing = commands.add_parser("settings", help="print the settings that point the pipelines at the running sandbox")
    showing.add_argument("--json", action="store_true")
    showing.set_defaults(command=show_settings)
    judging = commands.add_parser("plausible", help="the headline KPIs of a published file beside what a retailer would see")
    judging.add_argument("published", metavar="FILE", help="e.g. data/published/omnimart.duckdb")
    judging.set_defaults(command=judge)
    return parser


def _between(least: int, most: int):
    def read(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{number} is not between {least} and {most}")
        return number
    return read


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no share between 0 and 1")
    return share


def _forward(text: str) -> float:
    days = float(text)
    if days <= 0:
        raise argparse.ArgumentTypeError(f"{text} days would not move the clock forward, and data that were there would be gone")
    return days


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


if __name__ == "__main__":
    sys.exit(main())
