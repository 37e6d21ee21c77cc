"""A steward's decision in a night of the whole walk, and what it must have moved.

published night  ->  HALVES (a customer to part)  ->  decided() around the next night  ->  both halves' orders, events, restatements
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dbt.cli import main as dbt

from tests.nights import Night

# A customer of one record in the shop and one at the till, who bought at both in October.
HALVES = """
    with records as (
        select customer_id, source_system, concat_ws(':', source_system, source_account, min(source_record_id)) as record
        from marts.customer_profiles where source_system in ('retailcrm', 'moysklad')
        group by customer_id, source_system, source_account having count(*) = 1
    )
    select online.record, till.record
    from records as online join records as till using (customer_id) join marts.orders using (customer_id)
    where online.source_system = 'retailcrm' and till.source_system = 'moysklad' and is_counted
        and ordered_on between date '2026-10-01' and date '2026-10-31'
    group by all having count_if(channel_class = 'online') > 0 and count_if(channel_class = 'offline') > 0 order by all
"""


@contextmanager
def decided(decision: str, profile_a: str, profile_b: str, *, seed: Path) -> Iterator[None]:
    """Builds in here read the seed of steward's decisions with this one in it; written to `seed`, the project is not touched."""
    seed.write_text("decision_id,decision,profile_a,profile_b,author,reason,decided_on\n"
                    f"D1,{decision},{profile_a},{profile_b},steward,seen in person,2026-11-02\n", encoding="utf-8")

    class Steward(dbt.dbtRunner):
        def __init__(self, manifest: Any = None, callbacks: Any = None) -> None:
            if manifest:
                manifest.nodes["seed.omnimart.steward_decisions"].original_file_path = str(seed)
            super().__init__(manifest, callbacks)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbt, "dbtRunner", Steward)
        yield


def customer_of(night: Night, record: str) -> str:
    """The customer of a record, system:account:record id, as that night published it."""
    [(found,)] = night.read("select customer_id from marts.customer_profiles "
                            f"where concat_ws(':', source_system, source_account, source_record_id) = '{record}'")
    return found


def restated(night: Night, mart: str, month: str) -> int:
    """How many numbers of the mart in that month this night restated because orders are another customer's now."""
    return night.read(f"""
        select count(*) from marts.restatements join marts.kpi_register using (kpi_id)
        where version = '{night.outcome.version.version}' and mart = '{mart}' and period = date '{month}'
            and regexp_matches(cause, 'orders: [^;]*of another customer')
    """)[0][0]
