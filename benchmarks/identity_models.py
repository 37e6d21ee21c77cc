"""How long the identity models themselves take, all of them, over many records: a first night, and one with 1 % news.

    planted people, copied --copies times ──► staging of IdentityProject ──► dbt build of a night without 1 % of them ──► with them

    .venv/bin/python -m benchmarks.identity_models --copies 18    (about a million records)

The people, their records' flaws and the staging are those of tests/identity; each copy has its own contacts, last names and birth
dates. Printed: seconds, memory at its peak (of both nights together) and the slowest models; docs/identity.md holds the last figures.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import duckdb

TESTS = Path(__file__).resolve().parents[1] / "tests" / "identity"
COPIED = {
    "profiles": "source_record_id || 'r' || copy as source_record_id, last_name || chr(cast(1072 + copy % 30 as integer)) as last_name, "
                "cast(birth_date + cast(37 * copy as integer) as date) as birth_date",
    "identifiers": "source_record_id || 'r' || copy as source_record_id, case identifier_type "
                   "when 'email' then 'r' || copy || identifier_value when 'phone' then "
                   "'+79' || lpad(cast(copy as varchar), 2, '0') || right(regexp_replace(identifier_value, '[^0-9]', '', 'g'), 7) "
                   "when 'source_record' then identifier_value || 'r' || copy else identifier_value || copy end as identifier_value",
}
FIRST = "hash(source_record_id) % 100 <> 0"


def main(arguments: list[str]) -> int:
    """Print what both nights took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity_models", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--copies", type=int, default=10, help="how many times 54 000 records (10)")
    parser.add_argument("--folder", type=Path, help="where the warehouse may lie for a while (the system's folder for such)")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="omnimart-identity-", dir=asked.folder) as folder:
        os.environ["OMNIMART_DATA"] = str(Path(folder) / "data")
        _nights(Path(folder), asked.copies)
    return 0


def _nights(root: Path, copies: int) -> None:
    sys.path.insert(0, str(TESTS))
    from identity_project import IdentityProject
    from planted_people import planted

    people = planted(2)
    project = IdentityProject(root)
    project.stage(people.staged)
    one = root / "one"
    (project.data / "staging").rename(one)
    for night, shown in enumerate((FIRST, "true"), 1):
        _copied(one, project.data / "staging", copies, shown)
        project.nights = night
        _build(project, night)
        project.publish()
    print(f"memory at its peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9:.2f} GB")


def _copied(one: Path, staging: Path, copies: int, shown: str) -> None:
    staging.mkdir(exist_ok=True)
    with duckdb.connect() as connection:
        for path in sorted(one.glob("*.parquet")):
            entity = path.stem.rsplit("__", 1)[1]
            replaced = COPIED.get(entity)
            rows = f"select * from '{path}'"
            if replaced:
                rows = f"select * replace ({replaced}) from '{path}', range({copies}) as copies(copy)"
            columns = ", ".join(name for name, *_ in connection.execute(f"describe select * from '{path}'").fetchall())
            where = shown if replaced else "true"
            connection.execute(f"copy (select {columns} from ({rows}) where {where}) to '{staging / path.name}' (format parquet)")


def _build(project: object, night: int) -> None:
    from orchestration.dbt import run_dbt

    began, cpu = time.perf_counter(), time.process_time()
    outcome = run_dbt(["build", "--exclude-resource-type", "test", "unit_test"], refresh_id=f"night-{night}", project=project.root,
                      extra_vars={"as_of": f"2026-11-{night:02} 00:00:00", "as_of_on": f"2026-11-{night:02}"})
    if not outcome.success:
        raise SystemExit(outcome.error or "\n".join(f"{node.unique_id}: {node.message}" for node in outcome.failed))
    profiles, identifiers, customers, compared = project.rows("""
        select (select count(*) from intermediate.int_identity_profiles), (select count(*) from intermediate.int_identifiers),
            (select count(distinct customer_id) from intermediate.int_customer_of_profile),
            (select count(*) from intermediate.int_identity_candidates)""")[0]
    print(f"night {night}: {time.perf_counter() - began:.1f} s, {time.process_time() - cpu:.1f} CPU s; {profiles:,} profiles, "
          f"{identifiers:,} identifiers, {customers:,} customers, {compared:,} pairs compared")
    slowest = sorted(outcome.nodes, key=lambda node: -node.seconds)[:14]
    print("    " + ", ".join(f"{node.unique_id.rsplit('.', 1)[-1]} {node.seconds:.1f}" for node in slowest), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
