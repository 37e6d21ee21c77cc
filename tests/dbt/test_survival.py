"""The survival estimate of gaps: values of the literature, and what cannot be measured."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dbt_project.plugins.survival import survival_quantile, survival_quantile_arrow

# Weeks of remission under 6-MP (Freireich and others 1963), the worked example of Kaplan and Meier's estimate in Kleinbaum and
# Klein, Survival Analysis, table 2.1: S(6) .8571, S(7) .8067, S(10) .7529, S(13) .6902, S(16) .6275, S(22) .5378, S(23) .4482.
RELAPSED = {6: 3, 7: 1, 10: 1, 13: 1, 16: 1, 22: 1, 23: 1}
IN_REMISSION = {6: 1, 9: 1, 10: 1, 11: 1, 17: 1, 19: 1, 20: 1, 25: 1, 32: 2, 34: 1, 35: 1}


def remission(share: float, at_least: int = 1) -> float | None:
    weeks = sorted({*RELAPSED, *IN_REMISSION})
    ended, running = ([told.get(week, 0) for week in weeks] for told in (RELAPSED, IN_REMISSION))
    return survival_quantile(weeks, ended, running, share, at_least)


@pytest.mark.parametrize(("share", "weeks"), [
    (0.14, 6), (0.15, 7), (0.19, 7), (0.20, 10), (0.24, 10), (0.25, 13), (0.37, 16), (0.38, 22), (0.46, 22), (0.5, 23),
    (0.55, 23), (0.56, None),
])
def test_the_quantiles_of_the_textbook(share, weeks):
    assert remission(share) == weeks


def test_a_tail_of_few_is_not_believed():
    assert remission(0.5, at_least=6) == 23  # 23, 25, 32, 32, 34 and 35 weeks had not ended before
    assert remission(0.5, at_least=7) is None


def test_leaving_out_who_did_not_come_back_would_be_too_short():
    gaps, ended, running = [10, 20, 30, 90], [8, 1, 1, 0], [0, 0, 0, 10]
    assert survival_quantile(gaps, ended, [0] * 4, 0.8, 1) == 10
    assert survival_quantile(gaps, ended, running, 0.8, 1) is None
    assert survival_quantile(gaps, ended, running, 0.4, 1) == 10


def test_a_share_is_reached_when_it_is_met_exactly():
    assert survival_quantile([10, 20, 30, 40, 50], [1, 1, 1, 1, 1], [0] * 5, 0.8, 1) == 40


def test_the_order_of_the_rows_says_nothing():
    assert survival_quantile([30, 10, 20], [1, 1, 1], [1, 0, 2], 0.5, 1) == survival_quantile([10, 20, 30], [1, 1, 1], [0, 2, 1], 0.5, 1)


def test_where_nobody_came_back_there_is_nothing_to_measure():
    assert survival_quantile([], [], [], 0.8, 1) is None
    assert survival_quantile([5], [0], [7], 0.8, 1) is None


def test_an_engine_hands_over_lists():
    numbers = pa.list_(pa.int64())
    answers = survival_quantile_arrow(
        pa.array([[10, 20], None], numbers), pa.array([[1, 1], None], numbers), pa.array([[0, 0], None], numbers), pa.array([0.5, 0.5]),
        pa.array([1, 1]))
    assert answers.to_pylist() == [10.0, None]
