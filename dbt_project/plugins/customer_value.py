"""What a customer is still worth: BG/NBD for how often people buy, Gamma-Gamma for how much, fitted by maximum likelihood.

    purchases of each customer  ->  fit_bg_nbd, fit_gamma_gamma  ->  parameters  ->  p_alive, expected purchases, expected value

BG/NBD: Fader, Hardie, Lee, "Counting your customers the easy way", Marketing Science 24(2), 2005. Gamma-Gamma: Fader, Hardie, "The
Gamma-Gamma model of monetary value", note 025, 2013. x counts repeat purchases, t_x is the age at the last one, T the age now, all in one
unit of time; m is the mean value of the x purchases. The likelihoods come with their gradients, so that the maximum is found to more
digits than anybody publishes and the same facts give the same parameters.

Run alone: `python -m pytest -n 0 tests/value/test_customer_value.py`
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import OptimizeResult, minimize
from scipy.special import expit, gammaln, hyp2f1, psi

Numbers = NDArray[np.float64]
Bounds = Sequence[tuple[float, float]]

# Parameters are looked for within these bounds, in units of the data's own mean age or value. One runs there when people do not differ
# in it: nobody ever leaves (a), everybody's purchases are worth the same (q and v). Forecasts do not hang on how far it ran.
SMALLEST, LARGEST = 1e-4, 1e4
NEAR_ONE = 1e-6

FITTED, AT_LIMIT = "fitted", "fitted_at_a_limit"
TOO_FEW, NOT_FOUND, NO_MEAN = "too_few_repeat_customers", "no_maximum_found", "no_finite_mean"
USABLE = frozenset({FITTED, AT_LIMIT})


@dataclass(frozen=True)
class Fit:
    """Parameters in the order of their names in the literature: r, alpha, a, b, or p, q, v. They may be used when the status is USABLE."""

    parameters: tuple[float, ...]
    log_likelihood: float
    iterations: int
    status: str


@dataclass(frozen=True)
class Purchases:
    """Distinct x, t_x and age with the share of customers who have them; `counts` and `count_weights` are the same of x alone."""

    x: Numbers
    t_x: Numbers
    age: Numbers
    weights: Numbers
    counts: Numbers
    count_weights: Numbers

    @classmethod
    def of(cls, x: Numbers, t_x: Numbers, age: Numbers) -> Purchases:
        """The customers' facts, in an order of their own whatever order they came in, so that sums do not hang on it."""
        rows, customers = np.unique(np.column_stack([x, t_x, age]), axis=0, return_counts=True)
        counts, at = np.unique(rows[:, 0], return_inverse=True)
        weights = customers / len(x)
        return cls(*rows.T, weights, counts, np.bincount(at, weights))


def fit_bg_nbd(x: ArrayLike, t_x: ArrayLike, age: ArrayLike, *, at_least: int = 2) -> Fit:
    """r, alpha, a, b of the customers' purchases; `at_least` as many must have bought again."""
    x, t_x, age = _floats(x), _floats(t_x), _floats(age)
    if np.count_nonzero(x) < max(at_least, 2):
        return Fit((), np.nan, 0, TOO_FEW)
    unit = math.fsum(age) / len(age)  # exact, so that it does not hang on the order of the rows either
    facts = Purchases.of(x, t_x / unit, age / unit)
    fit = _fitted(lambda logs: _bg_nbd(logs, facts), 4)
    r, alpha, a, b = fit.parameters
    return Fit((r, alpha * unit, a, b), fit.log_likelihood * len(x) - float(x.sum()) * np.log(unit), fit.iterations, fit.status)


def fit_gamma_gamma(x: ArrayLike, m: ArrayLike, *, at_least: int = 2) -> Fit:
    """p, q, v of those who bought again and paid something (x > 0, m > 0)."""
    x, m = _floats(x), _floats(m)
    known = (x > 0) & (m > 0)
    x, m = x[known], m[known]
    if len(x) < max(at_least, 2):
        return Fit((), np.nan, 0, TOO_FEW)
    unit = math.fsum(m) / len(m)
    order = np.lexsort((m, x))
    x, m = x[order], m[order] / unit
    fit = _fitted(lambda logs: _gamma_gamma(logs, x, m), 3)
    p, q, v = fit.parameters
    status = NO_MEAN if fit.status in USABLE and q <= 1 else fit.status
    return Fit((p, q, v * unit), (fit.log_likelihood - np.log(unit)) * len(x), fit.iterations, status)


def probability_alive(x: ArrayLike, t_x: ArrayLike, age: ArrayLike, bg_nbd: Sequence[float]) -> Numbers:
    """P(still a customer); exactly 1 for x = 0, since the model lets nobody leave before a repeat purchase."""
    r, alpha, a, b = bg_nbd
    x, t_x, age = _floats(x), _floats(t_x), _floats(age)
    repeats = np.maximum(x, 1)
    odds_gone = np.log(a / (b + repeats - 1)) + (r + repeats) * np.log((alpha + age) / (alpha + t_x))
    return np.where(x > 0, expit(-odds_gone), 1.0)


def expected_purchases(within: ArrayLike, x: ArrayLike, t_x: ArrayLike, age: ArrayLike, bg_nbd: Sequence[float]) -> Numbers:
    """E[purchases in the next `within`].

    The formula's 2F1(r+x, b+x; a+b+x-1; z) overflows for those who buy often. By Euler's transformation it is
    (1-z)^(a-1-r-x) * 2F1(a+b-1-r, a-1; a+b+x-1; z), whose power cancels against the factor before it.
    """
    r, alpha, a, b = bg_nbd
    if abs(a - 1) < NEAR_ONE or abs(a + b - 1) < NEAR_ONE:  # 0 / 0 on paper; the value is the mean of its neighbours
        around = [expected_purchases(within, x, t_x, age, (r, alpha, a + step, b)) for step in (-3 * NEAR_ONE, 3 * NEAR_ONE)]
        return sum(around) / 2
    x, within, age = _floats(x), _floats(within), _floats(age)
    z = within / (alpha + age + within)
    series = hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, z)
    if_alive = (a + b + x - 1) / (a - 1) * (1 - (1 - z) ** (a - 1) * series)
    return if_alive * probability_alive(x, t_x, age, bg_nbd)


def discounted_purchases(x: ArrayLike, t_x: ArrayLike, age: ArrayLike, bg_nbd: Sequence[float], *, periods: int,
                         discount: float) -> Numbers:
    """Sum over the next `periods` units of time of E[purchases in the period] / (1 + discount)^k, k the period's number from 1."""
    x, t_x, age = _floats(x), _floats(t_x), _floats(age)
    total, before = np.zeros(len(x)), np.zeros(len(x))
    for period in range(1, periods + 1):
        until = expected_purchases(float(period), x, t_x, age, bg_nbd)
        total += (until - before) / (1 + discount) ** period
        before = until
    return total


def expected_value(x: ArrayLike, m: ArrayLike, gamma_gamma: Sequence[float]) -> Numbers:
    """E[value of a purchase]: the customer's own mean, drawn to everybody's the more, the fewer purchases it is the mean of."""
    p, q, v = gamma_gamma
    x = _floats(x)
    m = np.where(x > 0, _floats(m), 0.0)
    return (p * v + p * x * m) / (p * x + q - 1)


def _fitted(likelihood: Callable[[Numbers], tuple[float, Numbers]], size: int) -> Fit:
    """Maximum of a log-likelihood over logs of parameters; from several beginnings, since one may stand on a slope without end."""
    bounds = [(np.log(SMALLEST), np.log(LARGEST))] * size
    tries = []
    for begin in (0.0, 1.5, -1.5):
        tries.append(minimize(lambda logs: tuple(-part for part in likelihood(logs)), np.full(size, begin), jac=True, method="L-BFGS-B",
                              bounds=bounds, options={"maxiter": 2000, "maxfun": 5000, "ftol": 1e-15, "gtol": 1e-9}))
        if _stands_still(tries[-1], bounds):
            break
    best = min(tries, key=lambda found: found.fun if np.isfinite(found.fun) else np.inf)
    inside = all(low + 1e-6 < value < high - 1e-6 for value, (low, high) in zip(best.x, bounds, strict=True))
    status = NOT_FOUND if not _stands_still(best, bounds) else FITTED if inside else AT_LIMIT
    return Fit(tuple(float(number) for number in np.exp(best.x)), -float(best.fun), sum(int(found.nit) for found in tries), status)


def _stands_still(found: OptimizeResult, bounds: Bounds) -> bool:
    """The slope is 0, or leads out of bounds."""
    downhill = np.clip(found.x - found.jac, *np.transpose(bounds)) - found.x
    return bool(np.isfinite(found.fun)) and bool(np.abs(downhill).max() < 1e-5)


def _bg_nbd(logs: Numbers, facts: Purchases) -> tuple[float, Numbers]:
    """Mean log-likelihood (equation 6 of the paper) and its gradient by the logs of r, alpha, a, b."""
    r, alpha, a, b = np.exp(logs)
    # What hangs on x alone is computed once per value of x: customers are many, numbers of purchases few.
    k = facts.counts
    by_x = (gammaln(r + k) - gammaln(r) + r * np.log(alpha) + gammaln(a + b) + gammaln(b + k) - gammaln(b) - gammaln(a + b + k))
    x, bought = facts.x, facts.x > 0
    log_age, log_last = np.log(alpha + facts.age), np.log(alpha + facts.t_x)
    alive = -(r + x) * log_age
    gone = np.where(bought, np.log(a) - np.log(np.where(bought, b + x - 1, 1)) - (r + x) * log_last, -np.inf)
    either = np.logaddexp(alive, gone)
    is_alive, is_gone = np.exp(alive - either), np.exp(gone - either)
    weights, by_weight = facts.weights, facts.count_weights
    gradient = np.array([
        by_weight @ (psi(r + k) - psi(r) + np.log(alpha)) - weights @ (is_alive * log_age + is_gone * log_last),
        r / alpha - weights @ ((r + x) * (is_alive / (alpha + facts.age) + is_gone / (alpha + facts.t_x))),
        by_weight @ (psi(a + b) - psi(a + b + k)) + weights @ is_gone / a,
        by_weight @ (psi(a + b) + psi(b + k) - psi(b) - psi(a + b + k)) - weights @ (is_gone / np.where(bought, b + x - 1, 1)),
    ])
    return float(by_weight @ by_x + weights @ either), gradient * np.exp(logs)


def _gamma_gamma(logs: Numbers, x: Numbers, m: Numbers) -> tuple[float, Numbers]:
    """Mean log-likelihood (equation 1a of note 025) and its gradient by the logs of p, q, v."""
    p, q, v = np.exp(logs)
    log_both = np.log(x * m + v)
    each = (gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v) + (p * x - 1) * np.log(m) + p * x * np.log(x)
            - (p * x + q) * log_both)
    gradient = np.array([
        np.mean(x * (psi(p * x + q) - psi(p * x) + np.log(m) + np.log(x) - log_both)),
        np.mean(psi(p * x + q) - log_both) - psi(q) + np.log(v),
        q / v - np.mean((p * x + q) / (x * m + v)),
    ])
    return float(np.mean(each)), gradient * np.exp(logs)


def _floats(values: ArrayLike) -> Numbers:
    return np.atleast_1d(np.asarray(values, dtype=np.float64))
