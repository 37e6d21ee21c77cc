"""`make quarantine`: the records that are rejected, why, and what they look like.

    warehouse.duckdb: intermediate.int_rejections  ──►  vendor/account, list, key, version, problem, payload as the vendor sent it

    python -m orchestration.quarantine [vendor [resource [key]]] [--json]

At a terminal a payload is cut after 2 000 characters; `--json` tells each record whole, as one line of JSON with the keys vendor, account,
resource, key, version_at (UTC), problem, payload (text, as it is landed), length (characters). A payload may hold people's data: it is not
published, and who may read the build file may see it. Exit code 0, also when nothing is in quarantine; 1 when it cannot be looked up.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from ingestion.accounts import SettingError, read_env_file
from ingestion.redaction import printable
from orchestration import business_rules, exports, holders

QUERY = Path(__file__).resolve().parent.parent / "dbt_project" / "queries" / "open_rejections.sql"
CHARACTERS = 2_000


@dataclass(frozen=True)
class Rejected:
    """A record in quarantine, by what names it."""

    vendor: str
    account: str
    resource: str
    key: str

    def __str__(self) -> str:
        return f"{self.vendor}/{self.account} {self.resource} {self.key}"


@dataclass(frozen=True)
class Rejection:
    """Which version of it is rejected (UTC), why, and the payload as it is landed, or its beginning; `length` is that of the whole."""

    version_at: datetime
    problem: str
    payload: str
    length: int


def standing(wanted: tuple[str, ...] = (), *, characters: int | None = 0) -> dict[Rejected, Rejection]:
    """The newest rejected version of each record in quarantine, of this vendor, resource and key as far as they are named, with so many
    characters of the payload (None: all); empty where nothing was ever built. Raises duckdb.IOException while another process writes
    to the file."""
    if not exports.warehouse().exists():
        return {}
    with exports.reading() as connection:
        if "int_rejections" not in exports.tables(connection, "intermediate"):
            return {}
        connection.execute("use warehouse")
        rows = connection.execute(QUERY.read_text(encoding="utf-8"), [*[*wanted, None, None, None][:3], characters]).fetchall()
    return {Rejected(*row[:4]): Rejection(*row[4:]) for row in rows}


def lines(found: dict[Rejected, Rejection]) -> Iterator[str]:
    """A record a paragraph, for people."""
    for one, why in found.items():
        yield f"{one} (of {why.version_at:%Y-%m-%d %H:%M} UTC): {why.problem}"
        left = why.length - len(why.payload)
        yield "  " + why.payload + (f" … and {left} characters more, which --json tells" if left else "")
    yield f"{len(found) or 'No'} {'record is' if len(found) == 1 else 'records are'} in quarantine."


def main(arguments: list[str]) -> int:
    """The command line."""
    wanted = tuple(word for word in arguments if word != "--json")
    if len(wanted) > 3 or any(word.startswith("-") for word in wanted):
        print(__doc__)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    read_env_file()
    try:
        found = standing(wanted, characters=None if "--json" in arguments else CHARACTERS)
    except (business_rules.RuleError, SettingError, duckdb.Error) as error:
        print(holders.sentence(error) or error, file=sys.stderr)
        return 1
    if "--json" in arguments:
        for one, why in found.items():
            print(json.dumps(asdict(one) | asdict(why), ensure_ascii=False, default=str))
        return 0
    for line in lines(found):
        print(printable(line))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
