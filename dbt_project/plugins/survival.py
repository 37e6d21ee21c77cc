"""How long a gap between two orders lasts, with the gaps that are still running counted as what they are.

    lifecycle_thresholds (gap, ended, running)  ->  survival_quantile  ->  at_risk_days, lapsed_days

Gaps are known only of people who came back; those who have not are still in theirs. Leaving them out makes every quantile too
short, so the share of gaps that outlast t is the Kaplan-Meier estimate (scipy's) over ended and running gaps.

Run alone: `python -m pytest -n 0 tests/dbt/test_survival.py`
"""
from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike


def survival_quantile(length: ArrayLike, ended: ArrayLike, running: ArrayLike, share: float, at_least: int) -> float | None:
    """The shortest gap that at least `share` of all gaps do not outlast; None when it cannot be measured.

    length: days, aligned with ended and running: how many gaps ended after so many days, how many had lasted so long.
    at_least: so many gaps must still be running at the answer; the tail of the curve hangs on few people and is not believed.
    """
    length, ended, running = (np.asarray(values, dtype=np.int64) for values in (length, ended, running))
    if not ended.sum():
        return None
    from scipy.stats import CensoredData, ecdf  # takes seconds to import and is needed by one model of a night

    cumulated = ecdf(CensoredData(uncensored=np.repeat(length, ended), right=np.repeat(length, running))).cdf
    reached = np.flatnonzero(cumulated.probabilities >= share - 1e-12)  # 1 - (1 - 0.8) is a little less than 0.8
    if not len(reached):
        return None
    quantile = cumulated.quantiles[reached[0]]
    at_risk = (ended + running)[length >= quantile].sum()
    return float(quantile) if at_risk >= at_least else None


def survival_quantile_arrow(length: pa.Array, ended: pa.Array, running: pa.Array, share: pa.Array, at_least: pa.Array) -> pa.Array:
    """`survival_quantile` for an engine that hands over Arrow lists, one estimate per row."""
    rows = zip(*(column.to_pylist() for column in (length, ended, running, share, at_least)), strict=True)
    return pa.array([survival_quantile(row[0] or [], row[1] or [], row[2] or [], row[3], row[4]) for row in rows], type=pa.float64())
