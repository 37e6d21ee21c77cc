"""The register is complete: every KPI that the retailers' documents and the field ask for stands in it, with its parts."""

import csv
import re
from pathlib import Path

from orchestration import business_rules, kpi_book, register
from orchestration.dbt import PROJECT
from tests.drills import drill_of

# Every kpi_id of kpis.md, sections 1a and 1b, with the columns in which it asks for it.
ASKED_FOR = Path(__file__).parents[1] / "asked_for.csv"
CYRILLIC = re.compile("[А-Яа-яЁё]")
LEANS_ON_ANOTHER = re.compile(
    "^(Of (these|those)[ ,]|The same\\b|Those\\b|Their\\b)|\\b(of|behind) those (orders|receipts|records|people)|one of these|likewise"
    r"|\b[Ss]uch\b|\bin time\b"
)
LEANS_ON_ANOTHER_RU = re.compile(
    r"^(Из них|То же|Те же|Тот же|Так же|Их) |(этих|этими) (заказ|чек|люд|запис)|\bтак(ой|ая|ое|ие|ого|ую|их|им|ими|ому)\b|\bв срок\b",
    re.IGNORECASE,
)
A_RULE = r"\b[a-z_]+\.[a-z_0-9]+\b"
A_COLUMN = r"\b[a-z_]+\.[a-z_0-9]+\b|\b[a-z]+_\w+\b"
A_NUMBER = r"(?<![\w.,])\d+(?:[.,]\d+)?"
ENGLISH_OF_FORMULAS = r"\b(count|sum|of|the|with|where|distinct|median|quantile|over|by|and|months?|in)\b"
# Both sum every message by the macro messaging_chain, and kpi_campaigns has a row for those of no campaign: campaigns add up to days.
ONE_CHAIN = {"kpi_messaging_daily", "kpi_campaigns"}
WHO_ASKED = {
    "ABM", "ABM Loyalty", "ADG", "Calltouch", "Fashion House", "HBR", "IDC", "Retail Magazine", "Retail Rocket", "Sendsay", "Tervolina",
    "TexTerra", "eSputnik", "Ароматный Мир", "МойСклад",
}
# As the documents write them, Russian ones too.
BY_THEIR_OWN_NAME = {
    "Bounced (hard)", "Bounced (soft)", "Open Rate", "Click-Through Rate", "Click-to-Open Rate", "Participation rate", "Tenure",
    "Redemption rate", "Breaking rate", "SLA (service desk)", "NPS", "CSI",
}


def asked_for() -> list[tuple[str, str]]:
    """(kpi_id, mart.column) of each column that is asked for."""
    with ASKED_FOR.open(encoding="utf-8", newline="") as file:
        return [(row["kpi_id"], f"{row['mart']}.{row['mart_column']}") for row in csv.DictReader(file)]


def test_every_kpi_that_is_asked_for_is_registered_where_it_is_asked_for():
    registered = {f"{kpi.mart}.{kpi.mart_column}": kpi.asked_as for kpi in register.kpis()}
    assert [one for one in asked_for() if registered.get(one[1]) != one[0]] == []
    assert sorted(place for place, asked in registered.items() if asked) == sorted(place for _, place in asked_for())


def test_what_is_asked_for_as_one_number_has_the_id_it_is_asked_by():
    asked, ids = [kpi_id for kpi_id, _ in asked_for()], {kpi.kpi_id for kpi in register.kpis()}
    assert [kpi_id for kpi_id in asked if asked.count(kpi_id) == 1 and kpi_id not in ids] == []


def test_what_is_no_number_is_named_by_its_unit_and_is_no_metric():
    named = [kpi for mart in register.marts().values() for kpi in mart.names]
    assert [(kpi.kpi_id, kpi.mart, kpi.mart_column, kpi.additive) for kpi in named] == [("channel_owner", "channels", "owner", "no")]
    assert register.marts()["channels"].kpis == ()


def test_no_two_kpis_have_one_name():
    ids = [kpi.kpi_id for kpi in register.kpis()]
    assert sorted({one for one in ids if ids.count(one) > 1}) == []
    named = [(kpi.mart, kpi.name_en) for kpi in register.kpis()]
    assert sorted({one for one in named if named.count(one) > 1}) == []
    russian = [kpi.name_ru for kpi in register.kpis()]
    assert sorted({one for one in russian if russian.count(one) > 1}) == []


def test_no_two_kpis_have_one_formula_unless_they_are_one_number_at_two_grains():
    """Who reads a formula alone knows what is counted; and what is one number is told as one."""
    kpis = register.kpis()
    for told in ("formula", "formula_ru"):
        sharing: dict[str, list[register.Kpi]] = {}
        for kpi in kpis:
            sharing.setdefault(getattr(kpi, told).casefold().replace("-", "−"), []).append(kpi)
        shared = [same for same in sharing.values() if len(same) > 1]
        assert [[kpi.kpi_id for kpi in same] for same in shared if {kpi.mart for kpi in same} != ONE_CHAIN or len(same) > 2] == []
        assert [
            same[0].kpi_id for same in shared
            if len({(kpi.mart_column, kpi.unit, kpi.numerator_column, kpi.denominator_column, kpi.additive) for kpi in same}) > 1
        ] == []
    columns = {kpi.mart_column: kpi for kpi in kpis if kpi.mart == "kpi_campaigns"}
    both = [(kpi, columns[kpi.mart_column]) for kpi in kpis if kpi.mart == "kpi_messaging_daily" and kpi.mart_column in columns]
    assert [daily.kpi_id for daily, whole in both if daily.formula != whole.formula] == []


def test_a_formula_names_what_there_is_and_the_same_in_both_languages():
    """A column of the KPI's mart or of the records behind it (its drill), table.column of what is published, or a rule."""
    marts = register.marts()
    rules = {one["name"] for one in business_rules.parameters(business_rules.read())}
    published = {f"{name}.{column}" for name, mart in marts.items() for column in mart.columns}
    others = {"channel_list.owner", "at_risk"}  # a seed, and a state of a customer
    for kpi in register.kpis():
        records = {*marts[kpi.mart].columns, *marts, *re.findall(r"\w+", kpi_book.drill(kpi.mart) or "")}
        named = set(re.findall(A_COLUMN, kpi.formula))
        assert sorted(named - records - published - rules - others) == [], kpi.kpi_id
        assert sorted(named ^ set(re.findall(A_COLUMN, kpi.formula_ru))) == [], kpi.kpi_id


def test_every_kpi_is_named_and_explained_in_russian():
    bare = [kpi.kpi_id for kpi in register.kpis() if not CYRILLIC.search(kpi.name_ru) and kpi.name_ru not in BY_THEIR_OWN_NAME]
    assert bare == []
    assert [kpi.kpi_id for kpi in register.kpis() if not CYRILLIC.search(kpi.definition_ru)] == []


def test_a_formula_in_words_has_them_in_russian():
    """One of columns, parameters and signs alone reads the same."""
    columns = {column for mart in register.marts().values() for column in mart.columns}
    words = {kpi: set(re.findall(r"[A-Za-z_]\w+", re.sub(r"\w+\.\w+", "", kpi.formula))) for kpi in register.kpis()}
    worded = [kpi for kpi in register.kpis() if not words[kpi] <= columns | {"t_x", "sqrt", "coalesce"}]
    assert [kpi.kpi_id for kpi in worded if not CYRILLIC.search(kpi.formula_ru)] == []
    assert [kpi.kpi_id for kpi in register.kpis() if kpi not in worded and kpi.formula_ru != kpi.formula] == []
    assert [kpi.kpi_id for kpi in worded if re.search(ENGLISH_OF_FORMULAS, kpi.formula_ru)] == []


def test_no_seed_has_an_apostrophe():
    """dbt writes a seed's rows for Spark as they stand, and there it ends the text."""
    assert [file.name for file in (PROJECT / "seeds").glob("*.csv") if "'" in file.read_text(encoding="utf-8")] == []


def test_a_definition_can_be_read_alone():
    """Whoever looks up one KPI does not see the row above it."""
    assert [kpi.kpi_id for kpi in register.kpis() if LEANS_ON_ANOTHER.search(kpi.definition)] == []
    assert [kpi.kpi_id for kpi in register.kpis() if LEANS_ON_ANOTHER_RU.search(kpi.definition_ru)] == []


def test_a_definition_names_the_same_rules_and_numbers_in_both_languages():
    def named(text: str) -> tuple[set[str], set[str]]:
        return set(re.findall(A_RULE, text)), {number.replace(",", ".") for number in re.findall(A_NUMBER, re.sub(A_RULE, "", text))}

    assert [kpi.kpi_id for kpi in register.kpis() if named(kpi.definition) != named(kpi.definition_ru)] == []


def test_russian_has_one_word_for_one_thing():
    texts = {kpi.kpi_id: f"{kpi.name_ru} {kpi.definition_ru} {kpi.formula_ru}" for kpi in register.kpis()}
    texts |= {mart.name: mart.description_ru for mart in register.marts().values()}
    assert [name for name, text in texts.items() if re.search(r"NULL|вендор", text)] == []  # пусто, внешняя система


def test_every_unit_owner_source_mart_and_drill_speaks_russian_too():
    marts = [mart for mart in register.marts().values() if mart.kpis or mart.names]
    assert sorted({kpi.unit for kpi in register.kpis()} - kpi_book.UNITS.keys()) == []
    assert sorted({kpi.owner for kpi in register.kpis()} ^ kpi_book.OWNERS.keys()) == []
    sources = {kpi.source_document for kpi in register.kpis()} - kpi_book.SOURCES.keys()
    assert sorted(source for source in sources if not set(re.split("[,;] ", source)) <= WHO_ASKED) == []
    assert [mart.name for mart in marts if not CYRILLIC.search(mart.description_ru)] == []
    assert [mart.name for mart in marts if mart.kpis and not CYRILLIC.search(kpi_book.drill(mart.name))] == []


def test_only_what_is_estimated_from_everybody_stays_apart_from_its_records():
    apart = {}
    for mart in register.marts().values():
        if drill := drill_of(mart):
            parts = {kpi: {kpi.mart_column, kpi.numerator_column, kpi.denominator_column} & drill.apart for kpi in mart.kpis}
            apart[mart.name] = [kpi.kpi_id for kpi, found in parts.items() if found]
            assert set(drill.apart) <= mart.columns.keys(), mart.name
            assert {number for _, number in drill.where if number} <= mart.columns.keys(), mart.name
            assert {column for column, _ in drill.where} <= set(mart.grain), mart.name
    assert {mart: ids for mart, ids in apart.items() if ids} == {
        "customer_360": ["clv_predicted_12m_margin"],
        "kpi_attribution_monthly": ["removal_effect"],
        "kpi_loyalty_monthly": [
            "liability_ifrs15", "unseen_redemption_share", "ultimate_redemption_rate", "loyalty_allocated_revenue",
            "loyalty_released_revenue",
        ],
    }


def test_a_ratio_names_both_parts_and_its_formula_is_made_of_them():
    for kpi in register.kpis():
        assert bool(kpi.numerator_column) == bool(kpi.denominator_column), kpi.kpi_id
        if kpi.is_ratio:
            assert kpi.scale, kpi.kpi_id
            assert kpi.additive.startswith(("no", register.FACT_OF, register.ONLY_BY)), f"{kpi.kpi_id}: no ratio adds up"


def test_what_does_not_add_up_names_columns_of_its_grain():
    for mart in register.marts().values():
        for kpi in mart.kpis:
            assert mart.sums(kpi.mart_column).named <= set(mart.grain), kpi.kpi_id
        assert set(mart.parts_additive) <= {*mart.parts, "others"}, f"{mart.name} says how a column sums that is no part, or is registered"
