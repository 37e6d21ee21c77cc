"""The register, the metrics made of it and the marts say the same of every KPI."""

from orchestration import metrics, register
from tests.metrics_agreement import alone, disagreements
from tests.published_by_hand import publish


def test_what_is_generated_from_the_register_is_what_is_committed():
    assert [str(path) for path in register.differing()] == [], "run `.venv/bin/python -m orchestration.register`"


def test_every_metric_is_its_column_and_sums_as_the_register_says(own_data):
    marts = register.marts()
    publish(marts, own_data)
    with metrics.engine() as configuration:
        known = {metric.name for metric in configuration.mf.list_metrics()}
        found = [one for mart in marts.values() if mart.kpis for one in disagreements(alone(configuration, mart), mart)]
    assert [kpi.kpi_id for kpi in register.kpis() if kpi.is_number and kpi.kpi_id not in known] == []
    assert found == []
