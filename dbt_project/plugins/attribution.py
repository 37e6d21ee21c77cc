"""Markov's removal effects: how much of all orders would be lost if a channel were not there.

    int_removal_effects (moves of a fit window)  ->  removal_effects  ->  order_attribution, kpi_attribution_monthly

A path starts, moves from channel to channel and ends with an order or without one. Counted over all paths, the moves out of a
state are its chances of the next one: an absorbing chain. The chance of an order is one linear system; without a channel, those
who would have come to it are lost. After E. Anderl, I. Becker, F. v. Wangenheim, J. H. Schumann, Mapping the customer journey:
Lessons learned from graph-based online attribution modeling, IJRM 33 (2016), first order.

Run alone: `python -m pytest tests/dbt/test_attribution.py`
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

START, ORDER, LOST = "(start)", "(order)", "(lost)"
DIGITS = 14  # what a linear solver may do differently on another machine lies behind them


def removal_effects(origins: Sequence[str], destinations: Sequence[str], counts: Sequence[float]) -> list[float | None]:
    """1 - P(order without the origin) / P(order), aligned with the moves; None for the start and where nobody ordered.

    origins, destinations: a channel, START, ORDER or LOST; counts: how many paths made that move. Staying where one is does not
    change where one ends, so moves of a channel to itself may be there or not.
    """
    channels = sorted(set(origins) - {START})
    at = {channel: number for number, channel in enumerate(channels)}
    size = len(channels)
    moves = np.zeros((size + 1, size + 1))  # rows: channels, then the start; columns: channels, then the order
    totals = np.zeros(size + 1)
    for origin, destination, count in zip(origins, destinations, counts, strict=True):
        if origin == destination:
            continue
        row = at.get(origin, size)
        totals[row] += count
        if destination != LOST:
            moves[row, size if destination == ORDER else at[destination]] += count
    chances = np.divide(moves, totals[:, None], out=np.zeros_like(moves), where=totals[:, None] > 0)
    whole = _chance_of_an_order(chances)
    if whole <= 0:
        return [None] * len(origins)
    effects = {channel: _without(chances, number, whole) for channel, number in at.items()}
    return [effects.get(origin) for origin in origins]


def removal_effects_arrow(origins: pa.Array, destinations: pa.Array, counts: pa.Array) -> pa.Array:
    """`removal_effects` for an engine that hands over Arrow lists, one chain per row."""
    rows = zip(origins.to_pylist(), destinations.to_pylist(), counts.to_pylist(), strict=True)
    return pa.array([removal_effects(*(part or [] for part in row)) for row in rows], type=pa.list_(pa.float64()))


def _chance_of_an_order(chances: np.ndarray) -> float:
    """P(order) from the start: with Q the moves between channels and r those to the order, a = Q a + r."""
    size = len(chances) - 1
    absorbed = np.linalg.solve(np.eye(size) - chances[:size, :size], chances[:size, size])
    return float(chances[size, :size] @ absorbed + chances[size, size])


def _without(chances: np.ndarray, channel: int, whole: float) -> float:
    lost = chances.copy()
    lost[channel] = 0  # who comes there goes nowhere
    return round(1 - _chance_of_an_order(lost) / whole, DIGITS)
