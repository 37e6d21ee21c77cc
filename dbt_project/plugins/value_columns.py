"""customer_value over an engine's columns: a fit of whole lists, forecasts of a customer per row.

    int_purchase_histories  ->  fitted_customer_value  ->  clv_models  ->  FORECASTS  ->  int_customer_clv

Run alone: `python -m pytest -n 0 tests/value/test_customer_value.py`
"""
from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from dbt_project.plugins.customer_value import (
    USABLE,
    Fit,
    Numbers,
    discounted_purchases,
    expected_purchases,
    fit_bg_nbd,
    fit_gamma_gamma,
    probability_alive,
)

Column = pa.ChunkedArray
FITTED_RECORD = pa.struct([
    *((name, pa.float64()) for name in ("r", "alpha", "a", "b", "bg_nbd_log_likelihood")), ("bg_nbd_iterations", pa.int64()),
    ("bg_nbd_status", pa.string()), *((name, pa.float64()) for name in ("p", "q", "v", "gamma_gamma_log_likelihood")),
    ("gamma_gamma_iterations", pa.int64()), ("gamma_gamma_status", pa.string()), ("value_correlation", pa.float64()),
])


def fitted_customer_value(x: ArrayLike, t_x: ArrayLike, age: ArrayLike, valued: ArrayLike, m: ArrayLike,
                          at_least: float) -> dict[str, float | int | str | None]:
    """Both fits of some customers as one record (FITTED_RECORD); a parameter that must not be used is None."""
    bg_nbd = fit_bg_nbd(x, t_x, age, at_least=int(at_least))
    gamma_gamma = fit_gamma_gamma(valued, m, at_least=int(at_least))
    return {
        **_parts(("r", "alpha", "a", "b"), bg_nbd, "bg_nbd"),
        **_parts(("p", "q", "v"), gamma_gamma, "gamma_gamma"),
        "value_correlation": _correlation(np.asarray(valued, dtype=np.float64), np.asarray(m, dtype=np.float64)),
    }


def _parts(names: Sequence[str], fit: Fit, model: str) -> dict[str, float | int | str | None]:
    usable = fit.parameters if fit.status in USABLE else [None] * len(names)
    likelihood = None if np.isnan(fit.log_likelihood) else float(fit.log_likelihood)
    return {**dict(zip(names, usable, strict=True)), f"{model}_log_likelihood": likelihood, f"{model}_iterations": fit.iterations,
            f"{model}_status": fit.status}


def _correlation(x: Numbers, m: Numbers) -> float | None:
    """Pearson's, of how many purchases and their mean value among those with any; the Gamma-Gamma model takes it for 0."""
    known = (x > 0) & (m > 0)
    if np.count_nonzero(known) < 2 or np.ptp(x[known]) == 0 or np.ptp(m[known]) == 0:
        return None
    order = np.lexsort((m[known], x[known]))  # so that the last digit does not hang on the order of the rows
    return float(np.corrcoef(x[known][order], m[known][order])[0, 1])


def fitted_customer_value_arrow(x: Column, t_x: Column, age: Column, valued: Column, m: Column, at_least: Column) -> pa.Array:
    """`fitted_customer_value` for an engine that hands over Arrow lists, one fit per row."""
    rows = zip(*(column.to_pylist() for column in (x, t_x, age, valued, m, at_least)), strict=True)
    return pa.array([fitted_customer_value(*row) for row in rows], type=FITTED_RECORD)


def forecast_arrow(forecast: Callable[..., Numbers], columns: Sequence[Column]) -> pa.Array:
    """A forecast over Arrow columns; the last four are r, alpha, a, b. NULL where any of them is NULL."""
    facts = np.column_stack([column.to_numpy(zero_copy_only=False).astype(np.float64) for column in columns])
    answers = np.full(len(facts), np.nan)
    known = ~np.isnan(facts).any(axis=1)
    for model in np.unique(facts[known, -4:], axis=0):
        rows = known & (facts[:, -4:] == model).all(axis=1)
        answers[rows] = forecast(*facts[rows, :-4].T, tuple(model))
    return pa.array(answers, mask=np.isnan(answers), type=pa.float64())


def probability_alive_arrow(x: Column, t_x: Column, age: Column, r: Column, alpha: Column, a: Column, b: Column) -> pa.Array:
    """P(still a customer)."""
    return forecast_arrow(probability_alive, (x, t_x, age, r, alpha, a, b))


def expected_purchases_arrow(within: Column, x: Column, t_x: Column, age: Column, r: Column, alpha: Column, a: Column,
                             b: Column) -> pa.Array:
    """E[purchases in the next `within`]."""
    return forecast_arrow(expected_purchases, (within, x, t_x, age, r, alpha, a, b))


def discounted_purchases_arrow(periods: Column, discount: Column, x: Column, t_x: Column, age: Column, r: Column, alpha: Column,
                               a: Column, b: Column) -> pa.Array:
    """The same of each of the next `periods` units of time, discounted; periods and discount are those of the first row."""
    return forecast_arrow(_discounted, (periods, discount, x, t_x, age, r, alpha, a, b))


def _discounted(periods: Numbers, discount: Numbers, x: Numbers, t_x: Numbers, age: Numbers, bg_nbd: Sequence[float]) -> Numbers:
    return discounted_purchases(x, t_x, age, bg_nbd, periods=int(periods[0]), discount=float(discount[0]))


FORECASTS: dict[str, tuple[Callable[..., pa.Array], int]] = {  # name in SQL: the function over Arrow columns and how many it takes
    "probability_alive": (probability_alive_arrow, 7),
    "expected_purchases": (expected_purchases_arrow, 8),
    "discounted_purchases": (discounted_purchases_arrow, 9),
}


def forecast_of_row(name: str) -> Callable[..., float | None]:
    """A forecast by its name in SQL for an engine that comes row by row."""
    forecast, _ = FORECASTS[name]
    return lambda *row: None if None in row else forecast(*(pa.chunked_array([[float(value)]]) for value in row))[0].as_py()
