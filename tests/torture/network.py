"""Every fault of the network at every kind of request of every vendor, clocks that differ, lists that move; and storms over whole nights.

    calm contacts of a vendor  ──►  the same, spoiled (tests/network/trials.py)  ──►  the same lake, or a load that ended with a sentence
    two calm nights  ──►  two nights of which every tenth answer is spoiled  ──►  the published marts are the same, table by table

The first part prints two tables: a line for each vendor, and one for each fault, of how many kinds of request it spoiled an answer. Pauses
before a retry are as short as a setting makes them; the first part sleeps at most a fiftieth of a second, whatever a vendor asks for.
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
# One key for every machine, or no hash of one would be another's.
SAME_KEY = {"OMNIMART_HASH_KEY": "0" * 64}
IMPATIENT = {f"SOURCES__{name.upper()}__RETRY_PAUSE_SECONDS": "0.02" for name in NAMES}
PARTS = {"passing": "passes", "staying": "stays", "clocks": "clocks and lists"}


def matrix(names: list[str], seeds: range, folder: Path, *, only: str = "") -> int:
    """Print a line for each vendor and one for each fault; 1 if anything was wrong."""
    faults: dict[str, list[Verdict]] = defaultdict(list)
    heads = " | ".join(f"{head}: trials | wrong" for head in PARTS.values())
    print(f"| vendor | kinds of request | {heads} |\n|---|---|{'---|---|' * len(PARTS)}")
    for vendor in (one for one in vendors() if one.name in names):
        found: dict[str, list[Verdict]] = defaultdict(list)
        for part, tried, verdict in every(vendor, folder / vendor.name, seeds, only=only):
            found[part].append(verdict)
            faults[f"{PARTS[part]}: {tried}"].append(verdict)
            for wrong in verdict.wrong[:3]:
                print(f"{vendor.name}, {tried}: {wrong}", file=sys.stderr, flush=True)
        kinds = len(frozenset().union(*(verdict.spoiled for verdict in found["passing"])))
        cells = " | ".join(f"{len(found[part])} | {sum(bool(verdict.wrong) for verdict in found[part])}" for part in PARTS)
        print(f"| {vendor.title} | {kinds} | {cells} |", flush=True)
    print("\n| fault | kinds of request spoiled, of all vendors | trials | wrong |\n|---|---|---|---|")
    for tried, verdicts in faults.items():
        spoiled, wrong = sum(len(one.spoiled) for one in verdicts), sum(bool(one.wrong) for one in verdicts)
        print(f"| {tried} | {spoiled or ''} | {len(verdicts)} | {wrong} |")
    return int(any(verdict.wrong for verdicts in faults.values() for verdict in verdicts))


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
        machine = Machine(folder / "data", settings | IMPATIENT | SAME_KEY).parsed()
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
    parser.add_argument("--faults", default="", help="of the matrix: those with one of these words, e.g. 'page,429', and no clocks")
    parser.add_argument("--seeds", type=int, default=3, help="how many: which request of a kind is spoiled, and which storm it is")
    parser.add_argument("--share", type=float, default=0.1, help="of all requests, in a storm")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="network-") as folder:
        codes = [0]
        if given.only != "storm":
            codes.append(matrix(given.vendors.split(","), range(given.seeds), Path(folder) / "matrix", only=given.faults))
        if given.only != "matrix":
            codes.append(storms(range(1, given.seeds + 1), given.share, Path(folder) / "storms"))
    return max(codes)
