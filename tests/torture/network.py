"""Every fault of the network at every kind of request of every vendor, clocks that differ, lists that move; and storms over whole nights.

    calm contacts of a vendor  ──►  the same, spoiled (tests/network/trials.py)  ──►  the same lake, or a load that ended with a sentence
    two calm nights  ──►  two nights of which every tenth answer is spoiled  ──►  the published marts are the same, table by table

The first part prints a table: of how many kinds of request an answer was spoiled by each fault, vendor by vendor. Retry pauses are as
short as a setting makes them; otherwise nothing is mocked but the waits that vendors name and, in the first part, `time.sleep`.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import requests

from ingestion.accounts import REPOSITORY
from ingestion.vendors import NAMES, vendors
from orchestration import exports
from tests.network.trials import Verdict, every
from tests.torture.machine import Machine, world
from tests.torture.verdict import differences

WORLD = ("--customers", "200", "--days", "60", "--stores", "4", "--rate", "100")
IMPATIENT = {f"SOURCES__{name.upper()}__RETRY_PAUSE_SECONDS": "0.02" for name in NAMES}
HEADS = {"passing": "passes", "staying": "stays, and the load ends with a sentence", "clocks": ""}


def matrix(names: list[str], seeds: range, folder: Path) -> int:
    """Print the table of the first part; 1 if anything was wrong."""
    found: dict[tuple[str, str], dict[str, list[Verdict]]] = defaultdict(lambda: defaultdict(list))
    for vendor in (one for one in vendors() if one.name in names):
        for part, tried, verdict in every(vendor, folder / vendor.name, seeds):
            found[part, tried][vendor.name].append(verdict)
            for wrong in verdict.wrong[:3]:
                print(f"{vendor.name}, {tried}: {wrong}", file=sys.stderr, flush=True)
    print(f"| fault | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    parts = list(HEADS)
    for (part, tried), by_vendor in sorted(found.items(), key=lambda pair: (parts.index(pair[0][0]), pair[0][1].startswith("its own"))):
        said = f"{tried} ({HEADS[part]})" if HEADS[part] else tried
        print(f"| {said} | {' | '.join(told(by_vendor[name], counts=part == 'passing') for name in names)} |")
    return int(any(verdict.wrong for by_vendor in found.values() for verdicts in by_vendor.values() for verdict in verdicts))


def told(verdicts: list[Verdict], *, counts: bool) -> str:
    """A cell: how many kinds of request were spoiled and all was well, or how many trials were not."""
    if not verdicts:
        return ""
    wrong = sum(bool(verdict.wrong) for verdict in verdicts)
    spoiled = len(frozenset().union(*(verdict.spoiled for verdict in verdicts)))
    return f"**{wrong} wrong**" if wrong else (str(spoiled) if spoiled else "·") if counts else "ok"


def storms(seeds: range, share: float, folder: Path) -> int:
    """Two calm nights, and for each seed the same two in a storm; 1 if a mart differs or a vendor was not read to its end."""
    calm = nights(folder / "calm", ())
    failed = 0
    print("| storm | requests | met a fault | first night, s | second night, s | tables compared | wrong |\n|---|---|---|---|---|---|---|")
    for seed in seeds:
        stormy = nights(folder / f"storm-{seed}", ("--storm", str(share), "--storm-seed", str(seed)))
        wrong, compared, asked, met = [], 0, 0, 0
        for night, (reference, other) in enumerate(zip(calm, stormy, strict=True), start=1):
            tables, found = differences(other["published"], reference["published"])
            # What came twice was received twice, and these tables say so.
            found = [one for one in found if one.split(":")[0].removeprefix("marts.") not in exports.RUN_SCOPED]
            wrong += [f"night {night}: {one}" for one in (*found, *unread(other["contacts"]))]
            wrong += [f"night {night} ended with {other['code']}"] if other["code"] else []
            compared, asked, met = compared + tables, other["requests"], other["met"]
        times = " | ".join(f"{one['seconds']:.0f}" for one in stormy)
        print(f"| seed {seed}, {share:.0%} | {asked} | {met} | {times} | {compared} | {'; '.join(wrong) or 'none'} |", flush=True)
        failed += bool(wrong)
    return int(failed > 0)


def nights(folder: Path, options: tuple[str, ...]) -> list[dict[str, Any]]:
    """Two nights a day apart against a sandbox with these options: exit code, seconds, what was published, who could not be read."""
    ended = []
    with world(folder / "world", (*WORLD, *options)) as settings:
        machine = Machine(folder / "data", settings | IMPATIENT).parsed()
        for night in range(2):
            if night:
                subprocess.run([sys.executable, "-m", "sandbox", "advance"], cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL,
                               env={**os.environ, "OMNIMART_DATA": str(folder / "world")})
            refresh = machine.refresh()
            counted = counters(settings)
            ended.append({"code": refresh.code, "seconds": refresh.seconds, "contacts": machine.data / "lake" / "contacts", **counted,
                          "published": (machine.data / "published" / "omnimart.duckdb").resolve().parent})
    return ended


def counters(settings: dict[str, str]) -> dict[str, int]:
    """How many requests the sandbox answered, and how many of them met a fault."""
    address = re.match(r"http://[^/]+", next(value for name, value in settings.items() if name.endswith("__BASE_URL"))).group()
    told = requests.get(f"{address}/_sandbox", timeout=30).json()
    return {"requests": sum(told["requests"].values()), "met": told["met"]}


def unread(contacts: Path) -> list[str]:
    """The contacts that did not come to their end, each with its sentence."""
    lines = [json.loads(line) for path in sorted(contacts.glob("2*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    return [f"{line['source_system']} {line['status']}: {line['error']}" for line in lines if line["status"] != "success"]


def main(arguments: list[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture network", description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", choices=("matrix", "storm"))
    parser.add_argument("--vendors", default=",".join(NAMES), help="of the matrix, comma-separated")
    parser.add_argument("--seeds", type=int, default=3, help="how many: which request of a kind is spoiled, and which storm it is")
    parser.add_argument("--share", type=float, default=0.1, help="of all requests, in a storm")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="network-") as folder:
        codes = [0]
        if given.only != "storm":
            codes.append(matrix(given.vendors.split(","), range(given.seeds), Path(folder) / "matrix"))
        if given.only != "matrix":
            codes.append(storms(range(1, given.seeds + 1), given.share, Path(folder) / "storms"))
    return max(codes)
