"""Formulas of the register that are worked out in every slice from what adds up (`by its formula`): their columns, their rules, as SQL.

    100 × sqrt(promoters + detractors − (promoters − detractors)^2 / nps_answers) / nps_answers

A word of one part is a column of the KPI's mart, a word with a dot a rule (surveys.margin_standard_errors), one before a bracket a function
(sqrt, coalesce). Nothing divides by 0: such a quotient is NULL.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from orchestration.register import Kpi

WORD = re.compile(r"\b[a-z_]\w*(?:\.\w+)?\b(?!\()")
SIGNS = str.maketrans({"×": "*", "−": "-"})


def columns(kpi: Kpi) -> list[str]:
    """The columns of its mart that a formula is made of."""
    return list(dict.fromkeys(word for word in WORD.findall(kpi.formula) if "." not in word))


def rules(kpi: Kpi) -> list[str]:
    """The rules that a formula names, by their dotted names."""
    return list(dict.fromkeys(word for word in WORD.findall(kpi.formula) if "." in word))


def expression(kpi: Kpi, named: Callable[[str], str]) -> str:
    """A formula as SQL, with the names that `named` gives to its columns and rules."""
    sql = WORD.sub(lambda word: f"cast({named(word[0])} as double)", kpi.formula.translate(SIGNS))
    sql = re.sub(r"/ (cast\(\w+ as double\))", r"/ nullif(\1, 0)", sql)
    return _no_root_of_less_than_nothing(sql)


def _no_root_of_less_than_nothing(sql: str) -> str:
    """What is 0 but for the rounding of doubles has a root too."""
    begins = sql.find("sqrt(")
    if begins < 0:
        return sql
    depth, ends = 1, begins + len("sqrt(")
    while depth:
        depth += {"(": 1, ")": -1}.get(sql[ends], 0)
        ends += 1
    inside = sql[begins + len("sqrt("):ends - 1]
    return f"{sql[:begins]}sqrt(case when {inside} < 0 then 0 else {inside} end){sql[ends:]}"
