"""The rules file: what is written is what holds, and what cannot hold is refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from orchestration import business_rules
from orchestration.business_rules import BusinessRules, RuleError, parameters, read


def written(folder: Path, text: str) -> Path:
    file = folder / "business_rules.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_file_in_the_repository_writes_out_every_default():
    file = business_rules.REPOSITORY / "business_rules.yml"
    written_out = yaml.safe_load(file.read_text(encoding="utf-8"))
    of_vendors = written_out["vendors"].pop("publish_without_for_hours_by_vendor")
    defaults = BusinessRules().as_vars()
    assert (defaults["vendors"].pop("publish_without_for_hours_by_vendor"), written_out) == ({}, defaults)
    # Who shares orders with another; Python code names no vendor, so this is no default there.
    assert of_vendors == {"retailcrm": 0, "moysklad": 0, "one_c": 0}


def test_no_file_and_an_empty_file_mean_the_defaults(tmp_path: Path):
    assert read(tmp_path / "none.yml") == BusinessRules()
    assert read(written(tmp_path, "")) == BusinessRules()
    assert read(written(tmp_path, "sales:\n")) == BusinessRules()


def test_what_is_written_holds_and_the_rest_keeps_its_default(tmp_path: Path):
    rules = read(written(tmp_path, "contact_pressure: {cap_7_days: 3}\nbusiness: {timezone: Asia/Yekaterinburg}\n"))
    assert (rules.contact_pressure.cap_7_days, rules.contact_pressure.cap_30_days, rules.zone.key) == (3, 12, "Asia/Yekaterinburg")
    in_force = {one["name"]: (one["value"], one["default_value"]) for one in parameters(rules)}
    assert in_force["contact_pressure.cap_7_days"] == ("3", "4")
    assert in_force["business.timezone"] == ("Asia/Yekaterinburg", "Europe/Moscow")
    assert in_force["contact_pressure.band_edges"] == ("[1, 3, 5, 8]", "[1, 3, 5, 8]")


def test_a_vendor_may_have_its_own_patience(tmp_path: Path):
    rules = read(written(tmp_path, "vendors: {publish_without_for_hours_by_vendor: {acme: 0}}\n"))
    assert (rules.publish_without_for_hours("acme"), rules.publish_without_for_hours("other")) == (0, 36)


@pytest.mark.parametrize(("text", "sentence"), [
    ("contact_pressure: {cap_7_day: 3}",
     "business_rules.yml has a rule 'contact_pressure.cap_7_day' that Omnimart does not know; the ones it knows there are "
     "cap_7_days, cap_30_days, duplicate_window_hours, band_edges."),
    ("business: {timezone: Moscow}",
     "business_rules.yml sets business.timezone to 'Moscow', which cannot be: 'Moscow' is no time zone of the IANA list "
     "(such as Europe/Moscow or Asia/Yekaterinburg)."),
    ("triggers: {conversion_days: 0}",
     "business_rules.yml sets triggers.conversion_days to 0, which cannot be: Input should be greater than or equal to 1."),
    ("schedule: {refresh_at: '25:00'}", "business_rules.yml sets schedule.refresh_at to '25:00', which cannot be"),
    ("lifecycle: {at_risk_quantile: 0.99}", "at_risk_quantile must be below lapsed_quantile"),
    ("contact_pressure: {band_edges: [3, 1]}", "band_edges must rise from 1 or more"),
    ("sales: {frequency_band_edges: []}", "frequency_band_edges must rise from 1 or more, such as [1, 2, 3, 5, 10]"),
    ("customer_value: {rfm_middle_share: 0.7}", "rfm_middle_share must not be above rfm_high_share"),
    ("customer_value: {rfm_high_share: 1}", "that must be below 1: the best score is high"),
    ("loyalty: {programme_matching_orders: 0}", "business_rules.yml sets loyalty.programme_matching_orders to 0, which cannot be"),
    ("nonsense: {a: 1}",
     "business_rules.yml has a rule 'nonsense' that Omnimart does not know; the ones it knows there are business, schedule, vendors"),
    ("- a\n- b", "business_rules.yml must be sections of rules"),
    ("a: [1", "business_rules.yml is no valid YAML"),
])
def test_what_cannot_hold_is_refused_with_a_sentence(tmp_path: Path, text: str, sentence: str):
    with pytest.raises(RuleError) as refusal:
        read(written(tmp_path, text))
    assert sentence in str(refusal.value)
