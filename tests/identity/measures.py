"""How good identity is, against the truth: pairwise and B-cubed precision, recall and F1, and the over-merge rate.

record -> found cluster, record -> true person  ->  Measures

Pairwise (Hanna, Barlow 2021 survey of record-linkage measures): of the pairs put together, how many belong together, and of
those that belong together how many were put together. B-cubed (Bagga, Baldwin 1998): the same averaged over records, so
that one big cluster cannot drown the small ones. Over-merge rate: found customers that hold two or more people.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass


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
    together = Counter((found[record], truth[record]) for record in records)
    clusters, people = Counter(found[record] for record in records), Counter(truth[record] for record in records)
    right = _pairs(together)
    mixed = Counter(cluster for cluster, _ in together)
    return Measures(
        records=len(records), people=len(people), customers=len(clusters),
        pairwise_precision=right / max(1, _pairs(clusters)), pairwise_recall=right / max(1, _pairs(people)),
        b_cubed_precision=sum(n * n / clusters[cluster] for (cluster, _), n in together.items()) / max(1, len(records)),
        b_cubed_recall=sum(n * n / people[person] for (_, person), n in together.items()) / max(1, len(records)),
        over_merge_rate=sum(1 for n in mixed.values() if n > 1) / max(1, len(clusters)),
    )


def _pairs(groups: Counter) -> int:
    return sum(n * (n - 1) // 2 for n in groups.values())


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
