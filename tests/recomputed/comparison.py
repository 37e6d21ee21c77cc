"""Where a mart recomputed in pandas and the published one differ, in sentences.

Counts and kopecks must be equal, ratios to nine digits, predicted value and the chance of being alive to three; NULL is only NULL.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

TOLD_AT_MOST = 10
RATIOS, PREDICTIONS = 1e-9, 1e-3
PREDICTED = {"p_alive", "clv_simple_margin", "clv_predicted_12m_margin"}
NOTHING = 1e-12  # what is left of a sum that cancels out


def differences(mine: pd.DataFrame, mart: pd.DataFrame, grain: Sequence[str]) -> list[str]:
    """The first differences: rows that only one has, then values. Columns of the mart that `mine` lacks are not looked at."""
    grain = list(grain)
    mine, mart = _keyed(mine, mart, grain), _keyed(mart, mart, grain)
    told = [
        f"{name} has several rows of {_row(frame.loc[twice].iloc[0], grain)}"
        for name, frame in (("the recomputation", mine), ("the mart", mart))
        if (twice := frame.duplicated(grain)).any()
    ]
    if told:
        return told
    both = mart.merge(mine, on=grain, how="outer", suffixes=("", " recomputed"), indicator="found in")
    for side, sentence in (("left_only", "only the mart has"), ("right_only", "only the recomputation has")):
        alone = both[both["found in"] == side]
        told += [f"{sentence} {_row(row, grain)} (one of {len(alone)})" for _, row in alone.head(3).iterrows()]
    both = both[both["found in"] == "both"]
    for column in (column for column in mine.columns if column not in grain):
        if column not in mart.columns:
            told.append(f"the mart has no column {column}")
            continue
        there, here = both[column], both[f"{column} recomputed"]
        differ = both[~_same(column, there, here)]
        told += [
            f"{column} of {_row(row, grain)}: {row[column]} in the mart, {row[f'{column} recomputed']} recomputed (one of {len(differ)})"
            for _, row in differ.head(2).iterrows()
        ]
    return told[:TOLD_AT_MOST]


def _keyed(frame: pd.DataFrame, mart: pd.DataFrame, grain: list[str]) -> pd.DataFrame:
    """The same rows with keys of the mart's kind, whatever they were made of: days as timestamps, words as words, numbers as numbers."""
    frame = frame.reset_index(drop=True).copy()
    for column in grain:
        kind = mart[column].dtype
        if pd.api.types.is_datetime64_any_dtype(kind):
            frame[column] = pd.to_datetime(frame[column]).astype("datetime64[us]")
        elif pd.api.types.is_bool_dtype(kind):
            frame[column] = frame[column].astype("boolean")
        elif pd.api.types.is_numeric_dtype(kind):
            frame[column] = frame[column].astype("Float64")
        else:
            frame[column] = frame[column].astype("string")
    return frame


def _same(column: str, there: pd.Series, here: pd.Series) -> pd.Series:
    empty = there.isna() & here.isna()
    if pd.api.types.is_numeric_dtype(there.dtype):
        one, other = (series.astype("Float64").to_numpy(dtype=float, na_value=np.nan) for series in (there, here))
        if column in PREDICTED:
            close = np.isclose(other, one, rtol=PREDICTIONS, atol=NOTHING)
        elif pd.api.types.is_float_dtype(there.dtype):
            close = np.isclose(other, one, rtol=RATIOS, atol=NOTHING)
        else:
            close = one == other
        return empty | close
    if pd.api.types.is_datetime64_any_dtype(there.dtype):
        return empty | (there == pd.to_datetime(here)).fillna(False)
    return empty | (there.astype("string") == here.astype("string")).fillna(False)


def _row(row: pd.Series, grain: list[str]) -> str:
    return ", ".join(str(row[name].date() if isinstance(row[name], pd.Timestamp) else row[name]) for name in grain)
