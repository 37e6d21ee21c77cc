"""The business rules in force (rules.py holds them with their defaults and limits).

    business_rules.yml ──► read() ──► dbt vars (`rule('sales.omnichannel_window_days')`), the schedule, the gate of publish
                                 └──► the published table `parameters` (name, value, default)

A rule that is not written keeps its default. An unknown or impossible one is refused with a sentence. The definitions that
the rules belong to stand in the published table kpi_register. Print what is in force: `python -m orchestration.business_rules`.
"""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ingestion.accounts import REPOSITORY
from orchestration.rules import BusinessRules


class RuleError(Exception):
    """business_rules.yml cannot be used; the text is a sentence for the person who wrote it."""


def path() -> Path:
    """$OMNIMART_BUSINESS_RULES, else business_rules.yml in the repository."""
    return Path(os.environ.get("OMNIMART_BUSINESS_RULES") or REPOSITORY / "business_rules.yml")


def read(file: Path | None = None) -> BusinessRules:
    """The rules in force. A file that is not there means all defaults, unless $OMNIMART_BUSINESS_RULES names it. Raises RuleError with a
    sentence."""
    is_named = file is None and bool(os.environ.get("OMNIMART_BUSINESS_RULES"))
    file = file or path()
    if not file.exists():
        if is_named:
            raise RuleError(f"OMNIMART_BUSINESS_RULES: there is no file {file}, so no rule could be read. Name the file that has the "
                            "rules, or unset it.")
        return BusinessRules()
    try:
        written = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{file.name} cannot be read, so no rule is known: {error}") from None
    except yaml.YAMLError as error:
        raise RuleError(f"{file.name} is no valid YAML, so no rule could be read: {error}") from None
    if not isinstance(written, dict):
        raise RuleError(f"{file.name} must be sections of rules (section, colon, indented rules), not a single value or a list.")
    try:
        return BusinessRules.model_validate({section: rules for section, rules in written.items() if rules is not None})
    except ValidationError as error:
        raise RuleError(" ".join(_sentence(file.name, problem) for problem in error.errors())) from None


def parameters(rules: BusinessRules) -> list[dict[str, str]]:
    """Every rule as {name, value, default_value}, as text, in the order of business_rules.yml."""
    in_force, default = rules.as_vars(), BusinessRules().as_vars()
    return [
        {"name": f"{section}.{name}", "value": _text(value), "default_value": _text(default[section][name])}
        for section, section_rules in in_force.items()
        for name, value in section_rules.items()
    ]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _sentence(file: str, problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = _known_names(problem["loc"][:-1])
        return f"{file} has a rule '{name}' that Omnimart does not know; the ones it knows there are {', '.join(known)}."
    message = problem["msg"].removeprefix("Value error, ")
    return f"{file} sets {name} to {problem['input']!r}, which cannot be: {message}."


def _known_names(section: tuple[Any, ...]) -> list[str]:
    if not section:
        return list(BusinessRules.model_fields)
    return list(type(getattr(BusinessRules(), section[0])).model_fields)


def business_day(rules: BusinessRules, moment: Any) -> date:
    """The business day of an aware moment."""
    return moment.astimezone(rules.zone).date()


if __name__ == "__main__":
    for parameter in parameters(read()):
        print(f"{parameter['name']:55} {parameter['value']:20} (default {parameter['default_value']})")
