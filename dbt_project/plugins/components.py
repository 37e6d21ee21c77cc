"""Connected components of people's records, with cuts that no chain of links may cross.

    int_identity_links (profile, identifier)  ->  parted_components  ->  int_identity_clusters

Links are pairs of a profile and an identifier, not pairs of profiles: a shared identifier of n profiles is n links
instead of n * (n - 1) / 2. Without cuts the answer is scipy's (10 M links in seconds). A cut says that two profiles
are two people; then the links are followed from the strongest to the weakest, and one that would bring the two ends of
a cut together is left out. Likeness (rank 7 and weaker) is no fact: a part that resembles two others which are two people
joins neither, and likeness alone never makes a component of more profiles than a limit; its parts stay as the facts left
them. Only components that hold a cut or exceed the limit are walked that slower way.

Run alone: `python -m pytest tests/identity/test_components.py`
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Whole = NDArray[np.int64]
LIKENESS = 7  # the first rank that only says that records are alike (int_identity_links)


def parted_components(left: ArrayLike, right: ArrayLike, rank: ArrayLike, cut_left: ArrayLike, cut_right: ArrayLike,
                     cut_level: ArrayLike, limit: int = 0) -> Whole:
    """The component of each link, named by the smallest `left` in it; the answer is aligned with `left`.

    left, right: profile number and identifier number of each link (two separate countings).
    rank: 0 is the strongest link; links of one rank are followed in the order given.
    cut_left, cut_right: profile numbers that must not meet; a cut of level n stops links of rank n and weaker.
    limit: likeness joins at most this many profiles; 0: however many.
    """
    left, right, rank = _whole(left), _whole(right), _whole(rank)
    if not len(left):
        return left
    profiles, left_at = _places(left)
    identifiers, right_at = _places(right)
    right_at = right_at + len(profiles)
    size = len(profiles) + len(identifiers)
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left_at, right_at)), shape=(size, size))
    component = connected_components(graph, directed=False)[1]
    cuts = _cuts_inside(profiles, component, _whole(cut_left), _whole(cut_right), _whole(cut_level))
    counts = np.bincount(component[: len(profiles)])
    doubted = np.union1d(component[[a for a, _, _ in cuts]], np.flatnonzero(counts > limit) if limit else [])
    if len(doubted):
        touched = np.isin(component, doubted)
        links = np.flatnonzero(touched[left_at])
        links = links[np.argsort(rank[links], kind="stable")]
        walk = Walk(np.flatnonzero(touched).tolist(), cuts)
        facts, likenesses = (list(zip(*(values[part].tolist() for values in (left_at, right_at, rank)), strict=True))
                             for part in (links[rank[links] < LIKENESS], links[rank[links] >= LIKENESS]))
        for a, b, strength in facts:
            walk.join(a, b, strength)
        component = _named_anew(component, walk, _after_likenesses(walk, likenesses, len(profiles), limit))
    smallest = np.full(component.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(smallest, component[: len(profiles)], profiles)
    return smallest[component[left_at]]


def parted_components_arrow(left: pa.Array, right: pa.Array, rank: pa.Array, cut_left: pa.Array, cut_right: pa.Array,
                           cut_level: pa.Array, limit: pa.Array) -> pa.Array:
    """`parted_components` for an engine that hands over Arrow lists, one graph per row."""
    arguments = [_lists(column) for column in (left, right, rank, cut_left, cut_right, cut_level)]
    return pa.array([parted_components(*row) for row in zip(*arguments, limit.to_pylist(), strict=True)], type=pa.list_(pa.int64()))


@dataclass
class Walk:
    """Kruskal's walk over `nodes` (positions of profiles and identifiers): links are followed as they are given, never across a cut."""

    nodes: list[int]
    cuts: Sequence[tuple[int, int, int]]
    parent: dict[int, int] = field(init=False)
    foes: dict[int, dict[int, int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.parent = {node: node for node in self.nodes}
        for a, b, level in self.cuts:
            for one, other in ((a, b), (b, a)):
                self.foes.setdefault(one, {})[other] = min(level, self.foes.get(one, {}).get(other, level))

    def root(self, node: int) -> int:
        parent = self.parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    def are_foes(self, one: int, other: int, strength: int) -> bool:
        """Whether a cut stops links of this strength between two roots."""
        if len(self.foes.get(one, ())) > len(self.foes.get(other, ())):
            one, other = other, one
        return any(self.root(foe) == other and level <= strength for foe, level in self.foes.get(one, {}).items())

    def join(self, a: int, b: int, strength: int) -> None:
        """Follow a link of this rank, unless it leads across a cut."""
        one, other = self.root(a), self.root(b)
        if one == other or self.are_foes(one, other, strength):
            return
        if len(self.foes.get(one, ())) < len(self.foes.get(other, ())):
            one, other = other, one
        self.parent[other] = one
        for foe, level in self.foes.pop(other, {}).items():
            mine = self.foes.setdefault(one, {})
            mine[foe] = min(level, mine.get(foe, level))


def _after_likenesses(walk: Walk, likenesses: Iterable[tuple[int, int, int]], profiles_count: int, limit: int) -> dict[int, int]:
    """Node -> the root it belongs to once likeness has joined what it may; the walk has gone over all facts before."""
    part = {node: walk.root(node) for node in walk.nodes}
    first: dict[int, int] = {}
    pairs = [(first[node], profile, strength) for profile, node, strength in likenesses if first.setdefault(node, profile) != profile]
    resembled: dict[int, dict[int, None]] = {}
    for a, b, strength in pairs:
        one, other = part[a], part[b]
        if one != other and not walk.are_foes(one, other, strength):
            resembled.setdefault(one, {})[other] = None
            resembled.setdefault(other, {})[one] = None
    torn = {(one, other) for one, others in resembled.items() for other in others
            if any(walk.are_foes(other, third, LIKENESS) for third in others if third != other)}
    for a, b, strength in pairs:
        if (part[a], part[b]) not in torn and (part[b], part[a]) not in torn:
            walk.join(a, b, strength)
    sizes: dict[int, int] = {}
    for node in walk.nodes:
        if node < profiles_count:
            sizes[walk.root(node)] = sizes.get(walk.root(node), 0) + 1
    return {node: part[node] if limit and sizes.get(walk.root(node), 0) > limit else walk.root(node) for node in walk.nodes}


def _named_anew(component: NDArray, walk: Walk, root_of: dict[int, int]) -> NDArray:
    fresh = component.copy()
    names: dict[int, int] = {}
    following = int(component.max()) + 1
    for node in walk.nodes:
        fresh[node] = names.setdefault(root_of[node], following + len(names))
    return fresh


def _lists(column: pa.Array | pa.ChunkedArray) -> list[NDArray]:
    return [np.array([], dtype=np.int64) if not row.is_valid else row.values.to_numpy(zero_copy_only=False) for row in column]


def _places(values: Whole) -> tuple[Whole, Whole]:
    """The distinct numbers, ascending, and the place of each value among them: by a table where they are dense, as row numbers
    are, and by sorting where they are not."""
    if values.min() < 0 or values.max() > 8 * len(values):
        return np.unique(values, return_inverse=True)
    met = np.zeros(int(values.max()) + 1, dtype=bool)
    met[values] = True
    return np.flatnonzero(met), (np.cumsum(met, dtype=np.int32 if len(met) < 2**30 else np.int64) - 1)[values]


def _whole(values: ArrayLike) -> Whole:
    return np.asarray(values, dtype=np.int64)


def _cuts_inside(profiles: Whole, component: NDArray, cut_left: Whole, cut_right: Whole,
                 cut_level: Whole) -> list[tuple[int, int, int]]:
    known = np.isin(cut_left, profiles) & np.isin(cut_right, profiles)
    a, b = np.searchsorted(profiles, cut_left[known]), np.searchsorted(profiles, cut_right[known])
    level = cut_level[known]
    inside = (component[a] == component[b]) & (a != b)
    return list(zip(a[inside].tolist(), b[inside].tolist(), level[inside].tolist(), strict=True))
