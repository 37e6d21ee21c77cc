"""How long the identity models themselves take, all of them, over many records: a first night, and one with 1 % news.

    planted people, copied --copies times ──► staging of IdentityProject ──► dbt build of a night without 1 % of them ──► with them
                                                                        └──► the peer's runner over the same records

    .venv/bin/python -m benchmarks.identity_models --copies 185 --folder <30 GB of disk> --peer <folder>    (ten million records)

The people, their records' flaws and the staging are those of tests/identity; each copy has its own contacts, last names and birth
dates. Each night is a process of its own. Printed: seconds, CPU seconds and memory at its peak, customers, and how long each model took.
The peer (see identity_scale.py) is given telephones, mailboxes and cards as our models have tidied them, and the CRM's ids.
docs/identity.md holds the last figures.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks.identity_scale import run_alone, run_peer

TESTS = Path(__file__).resolve().parents[1] / "tests" / "identity"
DIGITS = "right(regexp_replace(identifier_value, '[^0-9]', '', 'g'), 10)"
# Telephones are numbered anew, so that no two copies share one; the till's dummy and test mailboxes stay what they are.
COPIED = {
    "profiles": "source_record_id || 'r' || copy as source_record_id, last_name || chr(cast(1072 + copy % 30 as integer)) as last_name, "
                "cast(birth_date - cast(37 * copy % 3650 as integer) as date) as birth_date",
    "identifiers": "source_record_id || 'r' || copy as source_record_id, case "
                   f"when identifier_type = 'phone' and {DIGITS} = '9999999999' then identifier_value "
                   f"when identifier_type = 'phone' then '+79' || lpad(cast(copy as varchar), 4, '0') || places[{DIGITS}] "
                   "when identifier_type = 'email' and regexp_matches(identifier_value, '^(test|noemail|no)@') then identifier_value "
                   "when identifier_type = 'email' then 'r' || copy || identifier_value "
                   "when identifier_type = 'source_record' then identifier_value || 'r' || copy else identifier_value || copy end "
                   "as identifier_value",
}
PLACES = f"""
    create table phones as select map_from_entries(list((digits, lpad(cast(place as varchar), 5, '0')))) as places
    from (select digits, row_number() over (order by digits) as place
          from (select distinct {DIGITS} as digits from read_parquet(?) where identifier_type = 'phone'))"""
FIRST = "hash(source_record_id) % 100 <> 0"
FOR_PEER = {"email": "EMAIL", "phone": "PHONE", "loyalty_card": "LOYALTY_ID", "source_record": "CRM_ID"}


def main(arguments: list[str]) -> int:
    """Print what both nights took, and what the peer takes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity_models", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--copies", type=int, default=10, help="how many times 54 000 records (10)")
    parser.add_argument("--folder", type=Path, help="where the warehouse may lie for a while (the system's folder for such)")
    parser.add_argument("--peer", type=Path, help="a copy of the peer; without it only ours is measured")
    parser.add_argument("--night", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.night:
        _night(asked.folder, asked.night, asked.copies)
        return 0
    with tempfile.TemporaryDirectory(prefix="omnimart-identity-", dir=asked.folder) as folder:
        for night in (1, 2):
            print(f"night {night}, load before {os.getloadavg()[0]:.1f}", flush=True)
            run = run_alone([sys.executable, "-m", "benchmarks.identity_models", "--copies", str(asked.copies), "--folder", folder,
                             "--night", str(night)], TESTS.parents[1])
            print(f"{run.printed.strip()}\n    the whole process, staging included: {run.line('', '').strip()}", flush=True)
        if asked.peer:
            _beside(Path(folder), asked.peer)
    return 0


def _night(root: Path, night: int, copies: int) -> None:
    sys.path.insert(0, str(TESTS))
    from identity_project import IdentityProject
    from planted_people import planted

    one, inside = root / "one", root / "project"
    os.environ["OMNIMART_DATA"] = str(inside / "data")
    if night == 1:
        inside.mkdir()
        project = IdentityProject(inside)
        project.stage(planted(2).staged)
        (project.data / "staging").rename(one)
    for made in inside.iterdir():
        if made.name != "data":
            made.unlink() if made.is_symlink() or made.is_file() else shutil.rmtree(made)
    project = IdentityProject(inside, nights=night)
    _copied(one, project.data / "staging", copies, FIRST if night == 1 else "true")
    _build(project, night)
    project.publish()


def _copied(one: Path, staging: Path, copies: int, shown: str) -> None:
    staging.mkdir(exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(PLACES, [str(one / "*__identifiers.parquet")])
        for path in sorted(one.glob("*.parquet")):
            entity = path.stem.rsplit("__", 1)[1]
            replaced = COPIED.get(entity)
            rows = f"select * from '{path}'"
            if replaced:
                rows = f"select * replace ({replaced}) from '{path}', range({copies}) as copies(copy), phones"
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
    slowest = sorted(outcome.nodes, key=lambda node: -node.seconds)[:20]
    print("    " + ", ".join(f"{node.unique_id.rsplit('.', 1)[-1]} {node.seconds:.1f}" for node in slowest), flush=True)


def _beside(root: Path, peer: Path) -> None:
    """The peer over the second night's records, a table for each system with a row for each record."""
    database = root / "peer.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"attach '{root / 'project' / 'data' / 'warehouse.duckdb'}' as ours (read_only)")
        systems = [name for (name,) in connection.execute(
            "select distinct source_system from ours.intermediate.int_identity_profiles order by 1").fetchall()]
        values = ", ".join(f"min(case when i.identifier_type = '{kind}' then i.link_value end) as {kind}" for kind in FOR_PEER)
        for system in systems:
            connection.execute(f"""
                create table {system} as
                select p.profile_id, timestamp '2026-01-01' as ts, {values}
                from ours.intermediate.int_identity_profiles as p
                left join ours.intermediate.int_identifiers as i on p.profile_id = i.profile_id and i.rejected_because is null
                where p.source_system = '{system}'
                group by all""")
            if system == "retailcrm":
                connection.execute("update retailcrm set source_record = profile_id")
        customers = connection.execute("select count(distinct customer_id) from ours.intermediate.int_customer_of_profile").fetchone()[0]
    run = run_peer(database, peer, {system: (f"main.{system}", "profile_id", {kind: kind for kind in FOR_PEER}) for system in systems},
                   FOR_PEER)
    with duckdb.connect(str(database), read_only=True) as connection:
        passes, links = connection.execute("select lp_iterations, edges_created from idr_out.run_history").fetchone()
        clusters = connection.execute("select count(*) from idr_out.identity_clusters_current").fetchone()[0]
    print(run.line("peer, to the golden record", f"{links:,} links, {clusters:,} clusters, {passes} passes; ours {customers:,}"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
