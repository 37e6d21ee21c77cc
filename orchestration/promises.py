"""Did the vendor keep its promise? Great Expectations over the rows of its newest loads.

    dlt's finished loads + base_<vendor>__<resource> + ingestion/<vendor>/expectations.py  ──►  one Finding per table

The load ids come from dlt's own list and not from staging: a load that staging missed altogether would otherwise never be
asked about. Newest means: newer than what last stood the audits, so a bad load is looked at until it is mended or replaced,
not only in the night it came. Great Expectations is called directly; the Dagster package for it is stuck on 0.18.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from functools import cache
from typing import Any

import duckdb
import pandas as pd

from ingestion import lake
from ingestion.backfill import backfilled_loads
from ingestion.expectations import Suite
from ingestion.vendor import Vendor
from ingestion.vendors import vendors
from orchestration import audits, exports, volumes
from orchestration.audits import Finding
from orchestration.contacts import standings
from orchestration.volumes import Volume

KIND = "great_expectations"
# A pandas batch larger than this is cut: a first load of years would not fit in memory, and a share needs no more rows.
MOST_ROWS = 500_000
# Single broken records are quarantined and stop nobody; when most of a table breaks, the vendor changed its format.
MOST_REJECTED, FEWEST_ROWS = 0.5, 100
MOST_NAMED = 8
ABOUT_THE_RECORD = frozenset({"is_accepted", "problem", "operation", "document_key", "source_account", "load_id", "version_at"})


def audit_name(resource: str) -> str:
    """The check's name; it states what is true when it passes."""
    return f"{resource}_keep_their_promise"


def base_table(vendor: Vendor, resource: str) -> str:
    """The staging table that holds a landed list, one row per key and verdict."""
    return f"base_{vendor.name}__{resource}"


def expected_audits() -> list[tuple[str, str]]:
    """(audit, staging table) of every list of every vendor: what the gate wants to have seen."""
    return [
        (f"{vendor.name}.{resource.name}", base_table(vendor, resource.name))
        for vendor in vendors()
        for resource in vendor.resources
    ]


@contextmanager
def asking() -> Iterator[duckdb.DuckDBPyConnection]:
    """What the checks of several vendors share: the warehouse, open, and Great Expectations' context, which is dropped at the end, since
    it holds the last batch."""
    try:
        with exports.reading() as connection:
            yield connection
    finally:
        _newest_rows.cache_clear()


def check_vendor(vendor: Vendor, resources: list[str], warehouse: duckdb.DuckDBPyConnection | None = None) -> list[Finding]:
    """Validate the newest rows of the given lists of a vendor and record what was found; inside `asking()` for several vendors."""
    suites = _suites(vendor)
    loads, again = newest_loads(vendor), backfilled_loads(vendor)  # what was read again says nothing of a day's volume
    accounts = [standing for standing in standings() if standing.vendor.name == vendor.name]
    found = []
    with nullcontext(warehouse) if warehouse else asking() as connection:
        for resource in resources:
            suite = replace(suites.get(resource, Suite(resource)), resource=resource)
            try:
                rows = _rows(connection, vendor, suite, loads)
                fresh = [load_id for load_id in loads if _is_newer(load_id, vendor) and load_id not in again]
                counts = exports.documents_counted(connection, base_table(vendor, resource), fresh)
            except duckdb.CatalogException:
                missing = f"the table {base_table(vendor, resource)} is missing from the warehouse"
                found.append(_finding(vendor, resource, [missing], [], {}))
                continue
            twice = lake.told_twice(vendor, resource, loads, connection)
            drifted = exports.changed_fields(connection, vendor.name, resource, loads)
            sent = [volumes.measured(one, counts.get(one.account, 0), _before(vendor, one.account)) for one in accounts]
            found.append(_validate(vendor, suite, rows, sent, loads, _twice(twice) + _drift(drifted)))
    audits.record(found)
    return found


def newest_loads(vendor: Vendor) -> list[str]:
    """Finished loads that have not stood the audits yet; if there are none, the last finished one."""
    finished = sorted((row["load_id"] for row in _finished(vendor)), key=float)
    return [load_id for load_id in finished if _is_newer(load_id, vendor)] or finished[-1:]


def _is_newer(load_id: str, vendor: Vendor) -> bool:
    """Whether the load has not stood the audits yet."""
    through = audits.passed().get(vendor.name, {}).get("load_id")
    return through is None or float(load_id) > float(through)


def _before(vendor: Vendor, account: str) -> dict[str, str | None]:
    """How far the account had been read when the audits last passed."""
    return audits.passed().get(vendor.name, {}).get("accounts", {}).get(account, {})


def let_through() -> None:
    """Remember that everything in the lake has stood the audits. Called when the gate opens."""
    state = audits.passed()
    found = {finding.audit: finding.numbers for finding in audits.findings() if finding.kind == KIND}
    for vendor in vendors():
        finished = [row["load_id"] for row in _finished(vendor)]
        if finished:
            usual = state.get(vendor.name, {}).get("usual", {})
            state[vendor.name] = {
                "usual": {resource.name: _learned(usual.get(resource.name, {}), found.get(f"{vendor.name}.{resource.name}", {}))
                          for resource in vendor.resources},
                "load_id": max(finished, key=float),
                "accounts": {
                    standing.account: {"through": _text(standing.through), "from": _text(standing.history_from)}
                    for standing in standings()
                    if standing.vendor.name == vendor.name
                },
            }
    audits.remember_passed(state)


def _learned(usual: Mapping[str, dict[str, float]], told: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    return {account: volumes.learned(usual.get(account, {}), told, account) for account in usual.keys() | told.get("volumes", {}).keys()}


def _validate(vendor: Vendor, suite: Suite, rows: pd.DataFrame, sent: list[Volume], loads: list[str],
              news: list[str]) -> Finding:
    accepted = rows[rows["is_accepted"] & (rows["operation"] != "delete")]
    rejected = int((~rows["is_accepted"]).sum())
    wrong, odd = [], []
    numbers: dict[str, Any] = {
        "rows": len(rows),
        "accepted": len(accepted),
        "rejected": rejected,
        "loads": len(loads),
        "newest_load": loads[-1] if loads else None,
    }
    if len(rows) >= FEWEST_ROWS and rejected > MOST_REJECTED * len(rows):
        wrong.append(f"{rejected} of {len(rows)} documents break the contract, mostly: {rows['problem'].dropna().mode().iloc[0]}")
    elif rejected:
        odd.append(f"{rejected} of {len(rows)} documents break the contract and are in quarantine")
    odd += news
    outside, strange = _volume(vendor, suite, sent)
    wrong += outside.values()
    odd += strange.values()
    numbers["rows_per_day"] = {volume.account: round(volume.per_day, 2) for volume in sent}
    numbers["volumes"] = {volume.account: asdict(volume) | {"per_day": volume.per_day} for volume in sent}
    numbers["unusual"] = sorted(strange.keys() | outside.keys())
    if len(rows):
        for expectations, sentences in ((suite.error, wrong), (suite.warn, odd)):
            results = _results(suite.resource, rows, accepted, expectations)
            sentences += [sentence for sentence, passed in results if not passed]
            numbers["expectations"] = numbers.get("expectations", 0) + len(results)
            numbers.setdefault("results", []).extend(sentence for sentence, _ in results)
    return _finding(vendor, suite.resource, wrong, odd, numbers)


def _finding(vendor: Vendor, resource: str, wrong: list[str], odd: list[str], numbers: dict[str, Any]) -> Finding:
    said = "; ".join([*wrong, *odd])
    return Finding(
        audit=f"{vendor.name}.{resource}",
        kind=KIND,
        passed=not wrong and not odd,
        blocks=bool(wrong),
        numbers=numbers,
        sentence=f"{vendor.name} {resource}: {said}." if said else "",
    )


def _twice(keys: list[str]) -> list[str]:
    more = f" and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else ""
    return [f"{len(keys)} keys were told twice at one moment with different content, of which the greater text is believed: "
            f"{', '.join(keys[:MOST_NAMED])}{more}"] if keys else []


def _drift(fields: list[tuple[str, str, str]]) -> list[str]:
    """What changed in the documents' fields, a sentence for each kind of change."""
    said = []
    for change in dict.fromkeys(change for change, *_ in fields):
        named = [f"{path} ({kind})" for one, path, kind in fields if one == change]
        more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
        said.append(f"{change} at the vendor: {', '.join(named[:MOST_NAMED])}{more} (marts.vendor_fields)")
    return said


def _volume(vendor: Vendor, suite: Suite, sent: list[Volume]) -> tuple[dict[str, str], dict[str, str]]:
    """(account -> how it leaves the band, account -> what is unusual about it)."""
    resource = next(one for one in vendor.resources if one.name == suite.resource)
    usual = audits.passed().get(vendor.name, {}).get("usual", {}).get(suite.resource, {})
    outside = {one.account: volumes.outside_the_band(suite, f"{vendor.name}/{one.account}", one) for one in sent}
    strange = {one.account: volumes.unusual(resource, f"{vendor.name}/{one.account}", one, usual.get(one.account, {})) for one in sent}
    return tuple({account: said for account, said in found.items() if said} for found in (outside, strange))


def _results(resource: str, rows: pd.DataFrame, accepted: pd.DataFrame, expectations: tuple) -> list[tuple[str, bool]]:
    """(what was expected and what was met, whether it holds) per expectation."""
    about_record = tuple(e for e in expectations if getattr(e, "column", None) in ABOUT_THE_RECORD)
    about_content = tuple(e for e in expectations if e not in about_record)
    results = []
    for batch, chosen in ((rows, about_record), (accepted, about_content)):
        if chosen and len(batch):
            results += [(_sentence(result), bool(result.success)) for result in _great_expectations(resource, batch, chosen)]
    return results


def _great_expectations(resource: str, batch: pd.DataFrame, expectations: tuple) -> list:
    import great_expectations as gx
    from great_expectations.validator.v1_validator import Validator

    suite = gx.ExpectationSuite(name=resource, expectations=list(expectations))  # a batch that validates itself is made twice
    return Validator(_newest_rows(), batch_parameters={"dataframe": batch}).validate_expectation_suite(suite).results


@cache
def _newest_rows() -> Any:
    """What stands for every batch. A context writes itself out as YAML whenever something is added to it, a sixth of what the checks
    cost, so there is one for all."""
    return _context().data_sources.add_pandas("newest").add_dataframe_asset("lists").add_batch_definition_whole_dataframe("rows")


def _context() -> Any:
    """A context that keeps everything in memory: no telemetry, no documentation site in a temporary folder, no hash of each value."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the context is made
    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults
    from great_expectations.execution_engine import pandas_execution_engine
    pandas_execution_engine.HASH_THRESHOLD = 0

    in_memory = DataContextConfig(store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False), analytics_enabled=False)
    context = gx.get_context(mode="ephemeral", project_config=in_memory)
    context.variables.progress_bars = {"globally": False}
    return context


def _sentence(result: Any) -> str:
    config = result.expectation_config
    asked = {name: value for name, value in config.kwargs.items() if name not in ("batch_id", "column")}
    about = (
        f"{config.kwargs.get('column', 'table')} {config.type.removeprefix('expect_').replace('_', ' ')} {asked or ''}".strip()
    )
    met = result.result or {}
    if not met and result.exception_info:
        broken = result.exception_info
        first = broken if "exception_message" in broken else next(iter(broken.values()))
        return f"{about}: could not be asked ({str(first.get('exception_message')).splitlines()[0]})"
    if "unexpected_count" in met:
        some = ", ".join(str(value) for value in (met.get("partial_unexpected_list") or [])[:3] if not pd.isna(value))
        return f"{about}: {met['unexpected_count']} of {met['element_count']} do not" + (f", such as {some}" if some else "")
    return f"{about}: met {met.get('observed_value')}"


def _rows(connection: duckdb.DuckDBPyConnection, vendor: Vendor, suite: Suite, loads: list[str]) -> pd.DataFrame:
    """The batch, with the columns that are asked about and no others."""
    asked = {name for expectation in suite.error + suite.warn for name in _columns(expectation)}
    columns = ABOUT_THE_RECORD | asked
    frame = exports.documents_of(connection, base_table(vendor, suite.resource), loads, columns=columns, at_most=MOST_ROWS)
    frame["is_accepted"] = frame["is_accepted"].fillna(value=False).astype(bool)
    return frame


def _columns(expectation: Any) -> Iterator[str]:
    for member in ("column", "column_A", "column_B"):
        if name := getattr(expectation, member, None):
            yield name
    for member in ("column_list", "column_set"):
        yield from getattr(expectation, member, None) or ()


def _suites(vendor: Vendor) -> dict[str, Suite]:
    module = f"ingestion.{vendor.name}.expectations"
    return importlib.import_module(module).SUITES if importlib.util.find_spec(module) else {}


def _finished(vendor: Vendor) -> list[dict[str, Any]]:
    rows = [
        json.loads(line)
        for path in (lake.root() / vendor.dataset / "_dlt_loads").glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line
    ]
    return [row for row in rows if row["status"] == 0]


def _text(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
