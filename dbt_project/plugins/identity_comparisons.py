"""What a shop compares two people's records by: names as they sound, birth date, sex, city and contacts.

    int_identity_features (columns FEATURES)  ->  PEOPLE, a Likeness (plugins/likeness.py)

Which pairs are compared is SQL's business (int_identity_blocks); which weight links, a rule's (`identity.link_weight`).
"""
from __future__ import annotations

from dbt_project.plugins.likeness import Comparison, Level, Likeness

FEATURES: dict[str, str] = {  # column: its type in DuckDB, as int_identity_features hands it over
    "profile_id": "VARCHAR", "first_name_key": "VARCHAR", "first_names": "VARCHAR", "last_name_key": "VARCHAR",
    "last_name_parts": "VARCHAR", "middle_name_key": "VARCHAR", "birth_date": "DATE", "birth_digits": "VARCHAR",
    "birth_year": "VARCHAR", "sex": "VARCHAR", "city_key": "VARCHAR", "email": "VARCHAR", "phone": "VARCHAR",
}
BY_FREQUENCY = ("first_name_key", "last_name_key")  # agreement in a rare name says more

# Set by hand, since pairs that share no contact are not compared in it and u cannot be sampled. A telephone counts
# with an agreeing first name alone (a family shares it), and a second number or mailbox is no sign of a second person.
CONTACT_BY_HAND = ((0.35, 1e-4), (0.02, 1e-5), (0.63, 1e-2))
# One of fifty years; too few are born on 1 January to count them, and a form that puts it in says nothing by another year.
YEAR_BY_HAND = ((0.9, 0.02), (0.1, 0.1))
# How many of one person's pairs agree in the whole name and birth date, or in the mailbox: the prior is drawn from them.
ASSUMED_RECALL = 0.75


def _null(column: str) -> str:
    return f"{column}_l is null or {column}_r is null"


def _near(column: str) -> str:
    return f"damerau_levenshtein({column}_l, {column}_r) <= 1"


_FIRST, _LAST, _MIDDLE = "first_name_key", "last_name_key", "middle_name_key"
_PARTS = [f"string_split(coalesce(last_name_parts_{side}, {_LAST}_{side}), ' ')" for side in "lr"]  # one part, where there is no hyphen
# What each first name may be short for: one is in full unless it is Слава (Вячеслав, Станислав) or its like.
_FULL = [f"string_split(coalesce(first_names_{side}, {_FIRST}_{side}), ', ')" for side in "lr"]
_NO_DAY = "(birth_date_l is null or birth_date_r is null)"
_MAILBOX = "coalesce(email_l = email_r, false)"
_NUMBER = f"coalesce(phone_l = phone_r and {_FIRST}_l = {_FIRST}_r, false)"

PEOPLE = Likeness(
    features=FEATURES,
    comparisons={
        "first_name": Comparison(_null(_FIRST), (
            Level("same first name", equal=_FIRST),
            Level("a first name that may be short for the other", f"list_has_any({_FULL[0]}, {_FULL[1]})"),
            Level("first names a letter apart", _near(_FIRST)),
            Level("first names alike", f"jaro_winkler_similarity({_FIRST}_l, {_FIRST}_r) >= 0.9"), Level("different first names"))),
        "last_name": Comparison(_null(_LAST), (
            Level("same last name", equal=_LAST), Level("last names a letter apart", _near(_LAST)),
            Level("one part of a double last name agrees", f"list_has_any({_PARTS[0]}, {_PARTS[1]})"),
            Level("first and last name swapped", f"{_FIRST}_l = {_LAST}_r and {_FIRST}_r = {_LAST}_l"), Level("different last names"))),
        "birth_date": Comparison(_null("birth_date"), (
            Level("same birth date", equal="birth_date"), Level("birth dates a digit apart", _near("birth_digits")),
            Level("born in the same year", "year(birth_date_l) = year(birth_date_r)"), Level("different birth dates"))),
        # Only where one of the two tells no day (1 January is taken for the year alone); another year says nothing then.
        "birth_year": Comparison(f"{_null('birth_year')} or not {_NO_DAY}", (
            Level("same year of birth, the day unknown", equal="birth_year"), Level("different years of birth, the day unknown")),
            YEAR_BY_HAND),
        "middle_name": Comparison(_null(_MIDDLE), (
            Level("same middle name", equal=_MIDDLE), Level("middle names a letter apart", _near(_MIDDLE)),
            Level("different middle names"))),
        "city": Comparison(_null("city_key"), (Level("same city", equal="city_key"), Level("different cities"))),
        "sex": Comparison(_null("sex"), (Level("same sex", equal="sex"), Level("different sexes"))),
        "contact": Comparison(f"not {_MAILBOX} and not {_NUMBER}", (
            Level("same e-mail and phone", f"{_MAILBOX} and {_NUMBER}"), Level("same e-mail", _MAILBOX),
            Level("same phone and first name")), CONTACT_BY_HAND),
    },
    by_frequency=BY_FREQUENCY, sure=((_FIRST, _LAST, "birth_date"), ("email",)), recall=ASSUMED_RECALL)

LEVELS = PEOPLE.words
WEIGHED_PAIR = PEOPLE.weighed_pair
