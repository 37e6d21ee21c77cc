"""Known vulnerabilities of everything that is pinned, as the registry tells them.

    requirements*.txt ──► pip-audit (.venv-audit) ──► what is known  -  audit-waivers.toml  ──►  exit code 1 for what is left

    python -m tests.audit

One package is asked for first: where the registry does not tell (no network, a mirror of the files alone), that is said, nothing is proved,
and the exit code is 0. A waiver names a reason and a last day; one that is over, or that nothing needs, fails too.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
AUDITOR = HOUSE / ".venv-audit" / "bin" / "python"
PINNED = ("requirements.txt", "requirements-dev.txt", "requirements-spark.txt", "requirements-audit.txt")
FIRST_ASKED = "requests"
PATIENCE_SECONDS = 600


class Unreachable(Exception):
    """The registry tells nothing; the text says what it did."""


@dataclass(frozen=True)
class Known:
    """One vulnerability of one pinned package. names: its id and aliases; mended_in: versions, as the registry writes them."""

    package: str
    version: str
    names: tuple[str, ...]
    mended_in: tuple[str, ...]

    def __str__(self) -> str:
        mended = f"mended in {', '.join(self.mended_in)}" if self.mended_in else "not mended yet"
        return f"{self.package} {self.version}: {', '.join(self.names)}, {mended}"


def main() -> int:
    """Audit; gives the exit code."""
    try:
        ask([_pin(FIRST_ASKED)])
        found = {known for name in PINNED for known in ask([HOUSE / name])}
    except Unreachable as why:
        print(f"Dependencies were not audited: {why}. Nothing is known of their vulnerabilities from here; run `make lint` where the "
              "registry can be asked.")
        return 0
    left, wrong = judged(found, waivers((HOUSE / "audit-waivers.toml").read_text(encoding="utf-8")), today=datetime.now(UTC).date())
    for line in (*map(str, left), *wrong):
        print(line, file=sys.stderr)
    if not left and not wrong:
        print(f"Dependencies were audited: no known vulnerability{f' but {len(found)} that are waived' if found else ''}.")
    return 1 if left or wrong else 0


def ask(files: list[Path | str]) -> set[Known]:
    """What is known of the packages of requirement files, or of pins. Raises Unreachable."""
    with tempfile.TemporaryDirectory() as folder:
        listed = [Path(folder) / f"{number}.txt" for number, file in enumerate(files) if isinstance(file, str)]
        for path, pin in zip(listed, (file for file in files if isinstance(file, str)), strict=True):
            path.write_text(pin, encoding="utf-8")
        given = [part for file in [*listed, *(file for file in files if isinstance(file, Path))] for part in ("-r", str(file))]
        command = [str(AUDITOR), "-m", "pip_audit", "--disable-pip", "--no-deps", "-s", "pypi", "-f", "json", "--progress-spinner", "off",
                   "--cache-dir", folder, *given]
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unreachable(f"pip-audit did not run ({type(error).__name__})") from None
    return read(ended.stdout, ended.stderr)


def read(told: str, said: str) -> set[Known]:
    """What pip-audit's JSON says. Raises Unreachable when it gives none, or passes all packages over."""
    try:
        packages = json.loads(told)["dependencies"]
    except (ValueError, KeyError):
        raise Unreachable(f"pip-audit ended without an answer ({(said.strip().splitlines() or ['it said nothing'])[-1][:200]})") from None
    passed_over = [one for one in packages if "skip_reason" in one]
    if len(passed_over) == len(packages):
        raise Unreachable(f"the registry knows none of {len(packages)} packages ({passed_over[0]['skip_reason'] if packages else 'none'})")
    if passed_over:
        print(f"Not audited, since the registry does not know them: {', '.join(sorted(one['name'] for one in passed_over))}.")
    return {Known(one["name"], one["version"], (flaw["id"], *flaw.get("aliases", ())), tuple(flaw.get("fix_versions", ())))
            for one in packages for flaw in one.get("vulns", ())}


def waivers(text: str) -> dict[str, dict]:
    """id -> {package, until, reason} of the waivers' file. Raises ValueError for one that lacks any of them."""
    found = tomllib.loads(text)
    for name, waiver in found.items():
        if not isinstance(waiver.get("until"), date) or not str(waiver.get("reason", "")).strip() or not waiver.get("package"):
            raise ValueError(f"audit-waivers.toml: {name} needs a package, a reason and a last day (until = 2027-01-31).")
    return found


def judged(found: set[Known], waived: dict[str, dict], *, today: date) -> tuple[list[Known], list[str]]:
    """(what no waiver lets pass, what is wrong with waivers)."""
    def is_waived(known: Known) -> bool:
        return any(waived.get(name, {}).get("package") == known.package and waived[name]["until"] >= today for name in known.names)

    needed = {name for known in found for name in known.names}
    over = [f"audit-waivers.toml: {name} was waived until {waiver['until']}" for name, waiver in waived.items() if waiver["until"] < today]
    idle = [f"audit-waivers.toml: nothing needs {name} any more; take it out" for name in waived if name not in needed]
    return sorted((known for known in found if not is_waived(known)), key=str), [*over, *idle]


def _pin(package: str) -> str:
    """The pin of a package, without its hashes."""
    lines = (HOUSE / PINNED[0]).read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{package}==")).split()[0]


if __name__ == "__main__":
    sys.exit(main())
