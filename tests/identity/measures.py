"""How good identity is, against the truth: pairwise and B-cubed precision, recall and F1, and the over-merge rate.

record -> found cluster, record -> true person  ->  Measures

Pairwise (Hanna, Barlow 2021 survey of record-linkage measures): of the pairs put together, how many belong together, and of
those that belong together how many were put together. B-cubed (Bagga, Baldwin 1998): the same averaged over records, so
that one big cluster cannot drown the small ones. Over-merge rate: found customers that hold two or more people.
"""
from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Measures:
    """Shares between 0 and 1; `records`, `people`, `customers` are counts."""

    records: int
    people: int
    customers: int
    pairwise_precision: float
    pairwise_recall: float
    b_cubed_precision: float
    b_cubed_recall: float
    over_merge_rate: float

    @property
    def pairwise_f1(self) -> float:
        return _f1(self.pairwise_precision, self.pairwise_recall)

    @property
    def b_cubed_f1(self) -> float:
        return _f1(self.b_cubed_precision, self.b_cubed_recall)

    def table(self, title: str) -> str:
        """The figures as people read them."""
        lines = [
            f"{title}: {self.records} records of {self.people} people -> {self.customers} customers",
            f"  {'':10}{'precision':>12}{'recall':>12}{'F1':>12}",
            f"  {'pairwise':10}{self.pairwise_precision:12.5f}{self.pairwise_recall:12.5f}{self.pairwise_f1:12.5f}",
            f"  {'B-cubed':10}{self.b_cubed_precision:12.5f}{self.b_cubed_recall:12.5f}{self.b_cubed_f1:12.5f}",
            f"  over-merge rate {self.over_merge_rate:.5f}",
        ]
        return "\n".join(lines)


def measure(found: Mapping[Hashable, Hashable], truth: Mapping[Hashable, Hashable]) -> Measures:
    """Over the records that stand in both; a pair of records is together when its two values are equal."""
    records = [record for record in found if record in truth]
    return measure_aligned(_numbered(found[record] for record in records), _numbered(truth[record] for record in records))


def measure_aligned(found: NDArray[np.int64], truth: NDArray[np.int64]) -> Measures:
    """The same of whole numbers, the cluster and the person of each record."""
    clusters, found, sizes = np.unique(found, return_inverse=True, return_counts=True)
    people, truth, records_of = np.unique(truth, return_inverse=True, return_counts=True)
    both, together = np.unique(found * max(1, len(people)) + truth, return_counts=True)
    cluster, person = np.divmod(both, max(1, len(people)))
    right = _pairs(together)
    return Measures(
        records=len(found), people=len(people), customers=len(clusters),
        pairwise_precision=right / max(1, _pairs(sizes)), pairwise_recall=right / max(1, _pairs(records_of)),
        b_cubed_precision=float(np.sum(together * together / sizes[cluster])) / max(1, len(found)),
        b_cubed_recall=float(np.sum(together * together / records_of[person])) / max(1, len(found)),
        over_merge_rate=int(np.sum(np.bincount(cluster, minlength=1) > 1)) / max(1, len(clusters)),
    )


def _numbered(values: Iterable[Hashable]) -> NDArray[np.int64]:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], dtype=np.int64)


def _pairs(groups: NDArray[np.int64]) -> int:
    return int(np.sum(groups * (groups - 1) // 2))


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
