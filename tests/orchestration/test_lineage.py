"""What the KPI marts are made of, read from the project's own manifest."""

import csv

import pytest

from orchestration import register
from orchestration.lineage import Kpi, Lineage


@pytest.fixture
def project(parsed):
    from orchestration.manifest import manifest

    return manifest()


# What the SQL of these marts reads: no calendar, and nothing that stands behind another fact.
MADE_OF = {
    "kpi_calls_daily": ("calls",),
    "kpi_campaigns": ("messages",),
    "kpi_conversion_paths": ("orders", "touchpoints"),
    "kpi_feedback_monthly": ("survey_answers",),
    "kpi_fulfilment_daily": ("orders", "returns"),
    "kpi_identity_daily": ("customer_record_attributes", "customer_records", "orders"),
    "kpi_loyalty_cohorts": ("loyalty_operations",),
    "kpi_messaging_daily": ("messages",),
    "kpi_sales_daily": ("gift_card_movements", "marketplace_settlements", "orders", "returns"),
    "kpi_stock_daily": ("orders", "stock_levels"),
    "kpi_channel_conversion_monthly": ("customer_records", "orders", "purchase_starts", "sessions"),
}


def test_a_mart_of_the_project_is_made_of_the_facts_that_it_reads(project):
    lineage = Lineage(project)
    assert {name: lineage.made_of(name) for name in MADE_OF} == MADE_OF
    behind = {name: {fact for fact in ("orders", "messages", "returns", "tickets", "calls", "sessions", "loyalty_operations")
                     if f"model.omnimart.int_{fact}" in lineage.between(name) and fact not in lineage.made_of(name)}
              for name in lineage.marts}
    assert behind == {name: set() for name in lineage.marts}


def test_the_calendar_makes_no_number_and_no_definition(project):
    lineage = Lineage(project)
    assert lineage.made_of("dates") == ()
    dates = project["nodes"]["model.omnimart.dates"]["checksum"]["checksum"]
    messages = project["nodes"]["model.omnimart.messages"]["checksum"]["checksum"]
    cohorts = {node["checksum"]["checksum"] for node in lineage.above("kpi_loyalty_cohorts")}
    assert dates in cohorts
    assert messages not in cohorts


def test_what_a_mart_says_its_numbers_are_made_of_is_there(project):
    lineage = Lineage(project)
    nodes = {node["name"]: node for node in project["nodes"].values() if node["resource_type"] == "model"}
    strangers = {}
    for name in lineage.marts:
        made = nodes[name]["config"]["meta"].get("made_of", {})
        facts = {fact for told in made.values()
                 for one in ([told] if isinstance(told, list) else [list(facts) for by in told.values() for facts in by.values()])
                 for fact in one}
        strangers[name] = (made.keys() - nodes[name]["columns"].keys() - {"others"}, facts - set(lineage.made_of(name)))
    assert strangers == {name: (set(), set()) for name in lineage.marts}
    shown = {fact for node in nodes.values() for fact in node["config"]["meta"].get("shown_by", [])}
    assert shown - lineage.facts.keys() == set()


def test_every_segment_of_ours_says_what_it_is_made_of(project):
    made = project["nodes"]["model.omnimart.kpi_segments_daily"]["config"]["meta"]["made_of"]["customers"]["segment"]
    test = "unit_test.omnimart.kpi_segments_daily.people_stand_in_a_segment_from_day_to_day"
    told = {row["segment"] for row in project["unit_tests"][test]["expect"]["rows"]}
    assert made.keys() == {segment for segment in told if not segment.startswith("vendor:")}


def test_every_kpi_of_a_dated_mart_is_made_of_some_fact(project):
    lineage = Lineage(project)
    with register.SEED.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["mart"] in lineage.marts]
    nodes = {node["name"]: node for node in project["nodes"].values() if node["resource_type"] == "model"}
    nowhere = []
    for row in rows:
        types = {name: column["data_type"].upper() for name, column in nodes[row["mart"]]["columns"].items()}
        kpi = Kpi(row["kpi_id"], row["mart_column"], tuple(filter(None, (row["numerator_column"], row["denominator_column"]))),
                  row["additive"])
        mart = lineage.mart(row["mart"], [kpi], types, [])
        nowhere += [] if mart and any(f"'{fact}'" in mart.facts_of(kpi) for fact in lineage.facts) else [row["kpi_id"]]
    assert nowhere == []


def test_every_fact_of_the_project_names_columns_that_it_has(project):
    columns = {node["name"]: set(node["columns"]) for node in project["nodes"].values() if node["resource_type"] == "model"}
    facts = Lineage(project).facts
    named = {name: {*told["key"], told["dated_by"], *told.get("columns", []), *filter(None, [told.get("told_by")])}
             for name, told in facts.items()}
    assert {name: named[name] - columns[name] for name in facts} == {name: set() for name in facts}
    assert {"orders", "returns", "messages", "loyalty_operations", "sessions", "tickets", "calls", "customer_records",
            "customer_record_attributes"} <= facts.keys()
