"""The register, the metrics made of it and the marts say the same of every KPI."""

import pytest
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

from orchestration import metrics, register
from tests.metrics_agreement import alone, disagreements, same
from tests.published_by_hand import publish

# How the uplift of omnichannel shoppers is asked, by which columns of its mart, and which of their rows tell it.
UPLIFT = [
    ("metric_time__month", "month", "channels_count is null and frequency_band = 'all'"),
    ("metric_time__month,omnichannel__frequency_band", "month, frequency_band", "channels_count is null"),
    ("metric_time__month,omnichannel__channels_count", "month, channels_count", "frequency_band = 'all'"),
]


@pytest.fixture(scope="module")
def configuration(tmp_path_factory):
    data = tmp_path_factory.mktemp("metrics") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNIMART_DATA", str(data))
        publish(register.marts(), data)
        with metrics.engine() as set_up:
            yield set_up


def test_what_is_generated_from_the_register_is_what_is_committed():
    assert [str(path) for path in register.differing()] == [], "run `.venv/bin/python -m orchestration.register`"


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
