"""A Russian mobile is read by its digits (macro russian_mobile); the parser, which is slow, would read the same.

Run alone: `python -m pytest -n 0 tests/identity/test_phones.py`
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from dbt_project.plugins.functions import e164

MACRO = Path(__file__).resolve().parents[2] / "dbt_project/macros/identity/phones_read_once.sql"


@pytest.fixture(scope="module")
def russian_mobile() -> re.Pattern:
    return re.compile(re.search(r"return\('(\^.*\$)'\)", MACRO.read_text(encoding="utf-8")).group(1))


def test_the_parser_reads_what_the_pattern_takes_as_its_last_ten_digits(russian_mobile) -> None:
    draw = random.Random(1)
    for code in range(100):
        for prefix in ("+7", "8", "7", ""):
            digits = f"9{code:02}{draw.randrange(10**7):07}"
            spelling = "".join((prefix, draw.choice(("", " ", "-")), draw.choice(("", "(")), digits[:3], draw.choice(("", ")")),
                                draw.choice(("", " ", "-")), digits[3:6], draw.choice(("", " ", "-")), digits[6:8],
                                draw.choice(("", " ", "-")), digits[8:]))
            assert russian_mobile.match(spelling), spelling
            assert e164(spelling) == "+7" + digits, spelling


@pytest.mark.parametrize("spelling", ["+7 495 123-45-67", "8 916 123-45-6", "+8 916 123-45-67", "916 123-45-678", "+375 29 123-45-67",
                                      "8 916 123-45-67 доб. 5", "", "89161234567, 89161234568", "тел. 89161234567"])
def test_anything_else_is_left_to_the_parser(russian_mobile, spelling) -> None:
    assert not russian_mobile.match(spelling)
