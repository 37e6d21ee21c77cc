"""The register, the metrics made of it and the marts say the same of every KPI."""

import re
import shlex

import duckdb
import pytest
from dbt_metricflow.cli.main import cli
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

from orchestration import metrics, register, semantics
from orchestration.questions import Questions
from tests.metrics_agreement import alone, disagreements, same
from tests.published_by_hand import publish, put_records

# How the uplift of omnichannel shoppers is asked, by which columns of its mart, and which of their rows tell it.
UPLIFT = [
    ("metric_time__month", "month", "channels_count is null and frequency_band = 'all'"),
    ("metric_time__month,omnichannel__frequency_band", "month, frequency_band", "channels_count is null"),
    ("metric_time__month,omnichannel__channels_count", "month, channels_count", "frequency_band = 'all'"),
]


# A question that has no answer, and what its refusal says of it.
REFUSED = [
    ("query --metrics churn_rate --group-by customer_value__shopper_type", [
        "churn_rate cannot be sliced by customer_value__shopper_type. The register says: ", "by it churn is a tautology",
        "By customer_value__shopper_type there is churn_rate_of_opening_segment.",
    ]),
    ("query --metrics cost,attribution_revenue --group-by attribution__channel,metric_time__month", [
        "cost cannot be sliced by attribution__channel.", "It has metric_time, attribution_channel__channel,",
        '  make metrics ARGS="query --metrics cost --group-by attribution_channel__channel,metric_time__month"',
        '  make metrics ARGS="query --metrics attribution_revenue --group-by attribution__channel,metric_time__month"',
    ]),
    ("query --metrics open_rate,nps --group-by messaging__channel", ["nps cannot be sliced by messaging__channel.", "--metrics nps --"]),
    ("query --metrics nps --where \"{{ Dimension('messaging__channel') }} = 'email'\"", ["nps cannot be sliced by messaging__channel."]),
    ("query --metrics funnel", ["funnel is answered by several KPIs", "  funnel_customers: ", "  funnel_sessions: "]),
    ("query --metrics nps,clv", ["clv is answered by several KPIs", "  clv_historic_margin: ", "  clv_predicted_12m_margin: "]),
    ("query --metrics omnichannel_uplift", ["  omnichannel_uplift_ltv: Omnichannel uplift of LTV"]),
    ("query --metrics opn_rate", ["There is no KPI opn_rate. Do you mean open_rate, "]),
    ("list dimensions --metrics channel_owner", ["channel_owner is no number", "read it in the column owner of marts.channels."]),
]
UNKNOWN = "is not known yet of every month|известно ещё не за каждый период"
# A question whose answer is empty somewhere, and over what its KPI does not add up, or that a part of it is not known; '' where the
# question leaves nothing open.
EMPTY = [
    ("query --metrics marketing_roi --group-by attribution__channel", "model"),
    ("query --metrics marketing_roi --group-by attribution__channel,attribution__model", ""),
    ("query --metrics churn_rate,reactivated_customers --group-by metric_time__year", UNKNOWN),
    ("query --metrics churn_rate --group-by metric_time__month,customer_value_is_loyalty_member__is_loyalty_member", ""),
    ("query --metrics trigger_revenue_per_firing --group-by metric_time__quarter", "trigger_name"),
    ("query --metrics omnichannel_uplift_revenue --group-by metric_time__quarter", "month"),
]
ANSWERED = [
    "query --metrics store_performance --group-by metric_time__quarter,store__city",
    "query --metrics csi_weights_rows",
    "query --metrics open_rate --where \"{{ Dimension('messaging__channel') }} = 'email'\"",
    "query --metrics open_rate --group-by messaging__period__month,messaging__channel --order -messaging__period__month",
    "query --metrics clv_historic_margin --group-by customer,customer__city",
    "list dimensions --metrics nps",
    "list entities",
]


@pytest.fixture(scope="module")
def configuration(tmp_path_factory):
    data = tmp_path_factory.mktemp("metrics") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNIMART_DATA", str(data))
        publish(register.marts(), data)
        relate = metrics._relate

        def relate_by_hand(root):
            relate(root)
            put_records(register.marts(), root)

        patch.setattr(metrics, "_relate", relate_by_hand)
        with metrics.engine() as set_up:
            yield set_up


def test_what_is_generated_from_the_register_is_what_is_committed():
    assert [str(path) for path in register.differing()] == [], "run `.venv/bin/python -m orchestration.register`"


def test_what_an_older_release_published_is_told_as_such(tmp_path, monkeypatch):
    monkeypatch.setenv("OMNIMART_PUBLISHED", str(tmp_path))
    duckdb.connect(str(tmp_path / "omnimart.duckdb")).close()
    with pytest.raises(metrics.MetricsError, match=r"older release published it. Run `make refresh`.* does not exist"):
        metrics._relate(tmp_path)


def test_every_metric_is_its_column_and_sums_as_the_register_says(configuration):
    known = {metric.name for metric in configuration.mf.list_metrics()}
    found = [one for mart in register.marts().values() if mart.kpis for one in disagreements(alone(configuration, mart), mart)]
    assert [kpi.kpi_id for kpi in register.kpis() if kpi.is_number and kpi.kpi_id not in known] == []
    assert found == []


@pytest.mark.parametrize(("groups", "columns", "cells"), UPLIFT)
@pytest.mark.parametrize("form", ["average_order_value", "revenue", "ltv"])
def test_the_uplift_of_omnichannel_shoppers_is_told_by_month_band_and_channels(configuration, form, groups, columns, cells):
    part = alone(configuration, register.marts()["kpi_omnichannel_monthly"])
    asked = MetricFlowQueryRequest.create(metric_names=[f"omnichannel_uplift_{form}"], group_by_names=groups.split(","))
    told = {tuple(map(str, row[:-1])): row[-1] for row in part.mf.query(asked).result_df.rows}
    rows = configuration.sql_client.query(
        f"select {columns.replace('month', 'cast(month as timestamp)')}, uplift_{form} from marts.kpi_omnichannel_monthly "
        f"where shopper_type = 'omnichannel' and {cells} and uplift_{form} is not null"
    ).rows
    assert len(rows) > 1
    assert [row for row in rows if not same(told[tuple(map(str, row[:-1]))], row[-1])] == []


@pytest.mark.parametrize(("question", "words"), REFUSED, ids=[question for question, _ in REFUSED])
def test_a_question_without_an_answer_is_refused_in_the_words_of_the_register(configuration, question, words):
    command, *rest = shlex.split(question)
    told = metrics.refused(configuration, cli.commands[command], rest)
    assert [one for one in words if one not in told] == [], told
    helpers = {metric.name for metric in configuration.semantic_manifest.metrics} - {kpi.kpi_id for kpi in register.kpis()}
    assert not helpers & set(re.findall(r"\w+", told))


@pytest.mark.parametrize(("question", "open_over"), EMPTY)
def test_an_answer_without_a_number_says_over_what_the_kpi_does_not_add_up(configuration, question, open_over):
    command, *rest = shlex.split(question)
    asked = cli.commands[command].make_context("mf", list(rest), resilient_parsing=True).params
    request = MetricFlowQueryRequest.create(
        metric_names=asked["metrics"], group_by_names=asked["group_by"] or None, where_constraints=asked["where"] or None
    )
    answers = metrics._kept(configuration)
    configuration.mf.query(request)
    told = metrics.why_empty(cli.commands[command], rest, answers)
    words = open_over if open_over == UNKNOWN else f"(does not add up over|не складывается по) {open_over}[:,]"
    assert [one for one in told if not re.search(words, one)] == []
    assert len(told) == (2 * len(asked["metrics"]) if open_over else 0)


@pytest.mark.parametrize("question", ANSWERED)
def test_what_has_an_answer_is_left_to_metricflow(configuration, question):
    command, *rest = shlex.split(question)
    assert metrics.refused(configuration, cli.commands[command], rest) is None


def test_a_kpi_is_said_to_have_the_dimensions_that_it_has(configuration):
    questions = Questions(register.marts())
    homes = {(kpi.mart, questions.marts[kpi.mart].home(kpi)): kpi for kpi in questions.kpis.values()}
    for kpi in homes.values():
        known = {one.granularity_free_dunder_name for one in configuration.mf.simple_dimensions_for_metrics([kpi.kpi_id])}
        known |= {one.name for one in configuration.mf.entities_for_metrics([kpi.kpi_id])}
        mart = questions.marts[kpi.mart]
        own = {semantics.subject(mart), semantics.subject(mart, mart.home(kpi))}  # its own rows, and the period of their records
        own |= {f"{subject}_record__{semantics.PERIOD}" for subject in own}
        assert set(questions.dimensions(kpi)) == known - own, kpi.kpi_id


def test_the_list_is_of_kpis_with_their_names_and_tells_one_in_full(capsys):
    numbers = {kpi.kpi_id: kpi for kpi in register.kpis() if kpi.is_number}
    assert metrics.main(["list", "metrics"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert {line.split(": ")[0] for line in lines} == numbers.keys()
    assert f"churn_rate: {numbers['churn_rate'].name_en} · {numbers['churn_rate'].name_ru}" in lines
    assert last.startswith(f"{len(numbers)} KPIs.")
    assert metrics.main(["list", "metrics", "--search", "оттока"]) == 0
    assert "churn_rate_of_opening_segment: " in capsys.readouterr().out
    assert metrics.main(["list", "metrics", "open_rate"]) == 0
    told = capsys.readouterr().out
    assert all(word in told for word in (numbers["open_rate"].definition, numbers["open_rate"].definition_ru, "messaging__channel"))
    assert metrics.main(["list", "open_rate"]) == 0
    assert capsys.readouterr().out == told
    assert metrics.main(["list", "metrics", "funnel"]) == 1
    assert "funnel_sessions" in capsys.readouterr().out
