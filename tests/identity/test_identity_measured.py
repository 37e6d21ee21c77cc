"""Identity measured against the truth: the sandbox's people, through the vendors' APIs, the lake, staging and the guards.

World -> sandbox on loopback -> lake -> dbt -> customer_profiles, against World.truth(). Alone, with the table printed:
`python -m pytest -s tests/identity/test_identity_measured.py`

What deterministic evidence allows is counted, not guessed: the records of one person that are connected by values they
truly share (tidied, not junk), by each other's ids and by merges that a vendor declared. Records that share nothing (a
till record with a dummy phone, an old number here and a new e-mail there) are one customer only where likeness says so: how good that is,
test_identity_at_scale.py measures.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from measures import measure

from orchestration.dbt import run_dbt
from tests.nights import copy_parsed

PEOPLE, DAYS = 400, 365
WITH_PEOPLE = ("retailcrm", "moysklad", "mindbox", "usedesk", "calltouch")
SERVICE_DESK = ("usedesk:", "calltouch:")  # who writes, calls or fills in a form need not have bought
UNTIL = datetime(2026, 10, 31, 23, tzinfo=UTC)


@dataclass(frozen=True)
class Resolved:
    """record -> customer as found, record -> person as it is, and the pairs of records that share evidence."""

    found: dict[str, str]
    truth: dict[str, str]
    shared: list[tuple[str, str]]
    kinds: set[str]


@pytest.fixture(scope="module")
def resolved(parsed_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resolved]:
    from ingestion import lake
    from ingestion.contact import refresh_account
    from ingestion.vendors import vendors
    from sandbox.retailer import simulate
    from sandbox.server import Sandbox, serve_in_thread

    data = tmp_path_factory.mktemp("measured")
    copy_parsed(parsed_project, data)
    world = simulate(seed=1, customers=PEOPLE, days=DAYS, stores=6, until=UNTIL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNIMART_DATA", str(data))
        patch.setenv("OMNIMART_SECRETS", str(data / "no-secrets.toml"))
        clock_file = data / "sandbox" / "clock"
        sandbox = Sandbox(world=world, clock_file=clock_file, rate=1000.0)
        sandbox.set_clock(UNTIL)
        patch.setenv("OMNIMART_CLOCK", str(clock_file))
        with serve_in_thread(sandbox) as running:
            for name, value in running.environment(vendors=WITH_PEOPLE).items():
                patch.setenv(name, value)
                if name.endswith("__BASE_URL"):
                    patch.setenv(name.replace("__BASE_URL", "__RETRY_PAUSE_SECONDS"), "0.01")
            lake.prepare()
            for vendor in vendors():
                for account in vendor.accounts():
                    report = refresh_account(vendor, account, refresh_id="measured", budget=timedelta(minutes=10), say=lambda _: None)
                    assert report.succeeded, report.error
                    assert report.history_left_days == 0
        wanted = ["--select", "+customer_profiles", "+int_customer_of_profile", "--exclude-resource-type", "test", "unit_test"]
        outcome = run_dbt(["build", *wanted], refresh_id="measured")
        assert outcome.success, [f"{node.unique_id}: {node.message}" for node in outcome.failed] or outcome.error
        yield read(data / "warehouse.duckdb", world.truth())


def read(warehouse: Path, truth) -> Resolved:
    keys = truth["source_system"] + ":" + truth["source_account"] + ":" + truth["source_record_id"]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        found = dict(connection.execute("select profile_id, customer_id from intermediate.int_customer_of_profile").fetchall())
        shared = connection.execute("""
            select profile_id, identifier_type || '|' || link_value from intermediate.int_identifiers
            where rejected_because is null and identifier_type <> 'source_record'
            union all select profile_id, link_value from intermediate.int_identifiers where identifier_type = 'source_record'
            union all select profile_id, source_system || ':' || source_account || ':' || merged_record_id
            from intermediate.int_profile_merges""").fetchall()
        kinds = {kind for (kind,) in connection.execute("select distinct link_type from marts.customer_profiles").fetchall()}
    return Resolved(found=found, truth=dict(zip(keys, truth["person_id"], strict=True)), shared=shared, kinds=kinds)


def allowed(resolved: Resolved) -> dict[str, tuple[str, object]]:
    """The best customers that shared evidence allows: true people, apart where nothing connects their records."""
    parent: dict[object, object] = {}

    def root(node: object) -> object:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for record, value in resolved.shared:
        if record in resolved.truth and record in resolved.found:
            person = resolved.truth[record]
            node = value if value in resolved.truth else (person, value)
            parent[root(record)] = root(node)
    return {record: (resolved.truth[record], root(record)) for record in resolved.found if record in resolved.truth}


def test_customers_are_the_people_as_far_as_the_evidence_allows(resolved: Resolved) -> None:
    measures, best = measure(resolved.found, resolved.truth), measure(allowed(resolved), resolved.truth)
    print("\n" + measures.table("deterministic identity"))
    print(best.table("what shared evidence allows"))
    assert measures.records > 900
    assert measures.people > 350
    assert measures.pairwise_precision >= 0.995
    assert measures.b_cubed_precision >= 0.995
    assert measures.over_merge_rate <= 0.002
    assert measures.pairwise_f1 >= 0.97
    assert measures.b_cubed_f1 >= 0.98
    # The shop asks for a phone or an e-mail; a messenger's user in the help desk gives neither and shares nothing with anybody.
    shop = measure({record: customer for record, customer in resolved.found.items() if not record.startswith(SERVICE_DESK)}, resolved.truth)
    print(shop.table("without help desk and call tracking"))
    assert shop.pairwise_recall >= 0.98
    assert shop.pairwise_f1 >= 0.99
    assert shop.b_cubed_f1 >= 0.995
    # The guards may cost half a percent of what the evidence would allow, no more.
    assert measures.pairwise_recall >= best.pairwise_recall - 0.005
    assert measures.b_cubed_recall >= best.b_cubed_recall - 0.005


def test_every_source_of_evidence_brings_records_home(resolved: Resolved) -> None:
    assert resolved.kinds >= {"first_record", "loyalty_card", "email", "phone", "source_record", "vendor_merge"}


def test_people_are_customers_and_tests_and_placeholders_are_not(resolved: Resolved) -> None:
    strangers = {record for record in resolved.found if record not in resolved.truth and not record.startswith(SERVICE_DESK)}
    with_person = {record for record in resolved.truth if record in resolved.found}
    assert len(with_person) > 900
    assert len(strangers) <= 10, "only companies are customers of the shop without being people"


def test_measures_on_a_hand_made_case() -> None:
    """Golden, by hand: people a,a,a,b,b; found 1,1,2,2,3. Pairs together: (1,1), (2,2); truly: 3 + 1; right: 1."""
    found, truth = dict(zip("vwxyz", [1, 1, 2, 2, 3], strict=True)), dict(zip("vwxyz", "aaabb", strict=True))
    measured = measure(found, truth)
    assert (measured.pairwise_precision, measured.pairwise_recall) == (1 / 2, 1 / 4)
    assert measured.b_cubed_precision == (1 + 1 + 1 / 2 + 1 / 2 + 1) / 5
    assert measured.b_cubed_recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2) / 5)
    assert measured.over_merge_rate == 1 / 3
