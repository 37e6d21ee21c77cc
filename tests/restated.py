"""What published restatements say, held against the lineage and against both versions.

night, the night after  ->  marts.restatements  ->  facts a cause should not name, counts that are not so, rows that are too old
"""

import re

from orchestration.lineage import Kpi, Lineage
from orchestration.manifest import manifest
from tests.nights import Night

NAMED = re.compile(r"(\w+)(?: of (\w+))?: (?=\d+ (?:new|gone|changed|of another customer))")


def misled(before: Night, after: Night, *, kept_days: int) -> list[tuple]:
    """Everything wrong with the restatements of two nights."""
    lineage = Lineage(manifest())
    return [*strangers(before, lineage), *strangers(after, lineage), *miscounted(before, after), *too_old(after, kept_days)]


def strangers(night: Night, lineage: Lineage) -> list[tuple[str, str, str]]:
    """(mart, KPI, fact) of every fact that a cause names and of which the number is not made."""
    numbers = night.read("""
        select distinct mart, kpi_id, mart_column, coalesce(numerator_column, ''), coalesce(denominator_column, ''), additive, cause,
            old_value is null or new_value is null
        from marts.restatements join marts.kpi_register using (kpi_id)
    """)
    types: dict[str, dict[str, str]] = {}
    for mart, column, kind in night.read("select table_name, column_name, data_type from information_schema.columns"):
        types.setdefault(mart, {})[column] = kind
    found = set()
    for mart, kpi_id, column, above, below, additive, cause, is_of_row in numbers:
        kpi = Kpi(kpi_id, column, tuple(part for part in (above, below) if part), additive)
        made_of = str(lineage.made_of(mart)) if is_of_row else lineage.mart(mart, [kpi], types[mart], []).facts_of(kpi)
        found |= {(mart, kpi_id, fact) for fact, _ in NAMED.findall(cause) if f"'{fact}'" not in made_of}
    return sorted(found)


def miscounted(before: Night, after: Night) -> list[tuple]:
    """Rows of kpi_identity_daily whose profiles moved and whose cause counts other new records than the two versions hold: by system, up to
    the day, of the system of the row."""
    known = {record for (record,) in before.read("select profile_id from marts.customer_records")}
    new = [(system, day) for record, system, day in after.read("select profile_id, source_system, known_on from marts.customer_records")
           if record not in known]
    told = after.read(f"""
        select period, dimensions ->> 'source_system', cause from marts.restatements
        where kpi_id = 'identity_profiles' and version = '{after.outcome.version.version}' and old_value is not null
    """)
    wrong = []
    for period, row, cause in told:
        counts = {system: sum(one == system and day <= period for one, day in new) for system in {one for one, _ in new}}
        wanted = {system: count for system, count in counts.items() if count and row in (system, "all")}
        said = {system: int(count) for system, count in re.findall(r"customer_records of (\w+): (\d+) new", cause)}
        if said != wanted:
            wrong.append((period, row, cause, wanted))
    assert told, "no profiles of an earlier day were restated"
    return wrong


def too_old(night: Night, kept_days: int) -> list[tuple]:
    """Restatements of periods that began so many days before the refresh or earlier."""
    return night.read(f"""
        select kpi_id, period from marts.restatements
        where period <= (select cast(timezone('Europe/Moscow', timezone('UTC', max(refreshed_at))) as date) from marts.load_reconciliation)
            - {kept_days}
    """)
