"""The comparison itself: what it must find, and what it must let pass."""

import pandas as pd
import pytest

from tests.recomputed.comparison import differences

MART = pd.DataFrame({
    "day": pd.to_datetime(["2026-05-01", "2026-05-02"]),
    "store_id": pd.array(["a", None], dtype="str"),
    "orders_count": pd.array([3, 0], dtype="Int64"),
    "revenue": pd.array([123456, 0], dtype="Int64"),
    "share": [0.5, None],
    "p_alive": [0.25, None],
})


def told(**changes):
    return differences(MART.assign(**changes), MART, ["day", "store_id"])


def test_what_is_the_same_passes_whatever_it_is_made_of():
    assert told() == []
    assert told(revenue=[123456.0, 0.0], share=pd.array([0.5, None], dtype="Float64"), day=["2026-05-01", "2026-05-02"]) == []
    assert told(share=[0.5 * (1 + 5e-10), None], p_alive=[0.25 * (1 + 5e-4), None]) == []


@pytest.mark.parametrize("changes", [
    {"revenue": [123457, 0]},
    {"orders_count": [3, None]},
    {"share": [0.5 * (1 + 2e-9), None]},
    {"share": [0.5, 0.0]},
    {"share": [None, None]},
    {"p_alive": [0.25 * (1 + 2e-3), None]},
    {"store_id": ["a", "b"]},
    {"day": ["2026-05-01", "2026-05-03"]},
    {"another": [1, 2]},
])
def test_a_difference_is_told(changes):
    assert told(**changes) != []


def test_a_row_too_few_too_many_or_twice_is_told():
    grain = ["day", "store_id"]
    assert differences(MART[:1], MART, grain) == ["only the mart has 2026-05-02, <NA> (one of 1)"]
    assert differences(MART, MART[:1], grain) == ["only the recomputation has 2026-05-02, <NA> (one of 1)"]
    assert differences(pd.concat([MART, MART[:1]]), MART, grain) == ["the recomputation has several rows of 2026-05-01, a"]
