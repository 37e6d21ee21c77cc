"""Dice without a memory: every draw is a function of the seed, its purpose and the keys of the thing drawn for.

    seed, purpose, keys  ->  uniform numbers, choices, times, uuids

A generator that is read in sequence changes everything that follows when one more row is drawn. Here a person's third
order is the same whatever else the world holds, so that a longer future leaves the past as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_STEP = np.uint64(0x9E3779B97F4A7C15)


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    # The finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
    x = (x ^ (x >> np.uint64(30))) * _MIX[0]
    x = (x ^ (x >> np.uint64(27))) * _MIX[1]
    return x ^ (x >> np.uint64(31))


@dataclass(frozen=True)
class Dice:
    seed: int

    def bits(self, purpose: str, *keys: ArrayLike) -> NDArray[np.uint64]:
        """64 random bits for each tuple of keys; keys are whole numbers and broadcast."""
        start = int.from_bytes(hashlib.blake2b(f"{self.seed}/{purpose}".encode(), digest_size=8).digest(), "big")
        state: NDArray[np.uint64] = np.asarray([start], dtype=np.uint64)
        with np.errstate(over="ignore"):
            for key in keys:
                state = _mixed((state ^ np.asarray(key).astype(np.int64).astype(np.uint64)) + _STEP)
            return _mixed(state + _STEP)

    def uniform(self, purpose: str, *keys: ArrayLike) -> Floats:
        """In the open interval (0, 1)."""
        return ((self.bits(purpose, *keys) >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53

    def happens(self, share: ArrayLike, purpose: str, *keys: ArrayLike) -> NDArray[np.bool_]:
        return self.uniform(purpose, *keys) < share

    def choice(self, options: Sequence[Any], purpose: str, *keys: ArrayLike, weights: Sequence[float] | None = None) -> NDArray:
        at = np.asarray(options) if not isinstance(options, np.ndarray) else options
        return at[self.index(len(options), purpose, *keys, weights=weights)]

    def index(self, count: int, purpose: str, *keys: ArrayLike, weights: Sequence[float] | None = None) -> NDArray[np.int64]:
        drawn = self.uniform(purpose, *keys)
        if weights is None:
            return np.minimum((drawn * count).astype(np.int64), count - 1)
        edges = np.cumsum(np.asarray(weights, dtype=float))
        return np.minimum(np.searchsorted(edges / edges[-1], drawn, side="right"), count - 1)

    def between(self, low: ArrayLike, high: ArrayLike, purpose: str, *keys: ArrayLike) -> Floats:
        return np.asarray(low) + self.uniform(purpose, *keys) * (np.asarray(high) - np.asarray(low))

    def exponential(self, mean: ArrayLike, purpose: str, *keys: ArrayLike) -> Floats:
        return -np.log(self.uniform(purpose, *keys)) * mean

    def normal(self, purpose: str, *keys: ArrayLike) -> Floats:
        """Of mean 0 and deviation 1 (Box and Muller 1958)."""
        radius = np.sqrt(-2 * np.log(self.uniform(purpose + "/radius", *keys)))
        return radius * np.cos(2 * np.pi * self.uniform(purpose + "/angle", *keys))

    def uuids(self, purpose: str, *keys: ArrayLike) -> list[str]:
        """Version 4 in form, so that a vendor's client takes them."""
        high, low = self.bits(purpose + "/high", *keys), self.bits(purpose + "/low", *keys)
        texts = (f"{h:016x}{v:016x}" for h, v in zip(high.tolist(), low.tolist(), strict=True))
        return [f"{t[:8]}-{t[8:12]}-4{t[13:16]}-a{t[17:20]}-{t[20:]}" for t in texts]
