"""Connected components of people's records, with cuts that no chain of links may cross.

    int_identity_links (profile, identifier)  ->  parted_components  ->  int_identity_clusters

Links are pairs of a profile and an identifier, not pairs of profiles: a shared identifier of n profiles is n links
instead of n * (n - 1) / 2. Without cuts the answer is scipy's (10 M links in seconds). A cut says that two profiles
are two people; then the links are followed from the strongest to the weakest, and one that would bring the two ends of
a cut together is left out. Only components that hold a cut are walked that slower way.

Run alone: `python -m pytest tests/identity/test_components.py`
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Whole = NDArray[np.int64]


def parted_components(left: ArrayLike, right: ArrayLike, rank: ArrayLike, cut_left: ArrayLike, cut_right: ArrayLike,
                     cut_level: ArrayLike) -> Whole:
    """The component of each link, named by the smallest `left` in it; the answer is aligned with `left`.

    left, right: profile number and identifier number of each link (two separate countings).
    rank: 0 is the strongest link; links of one rank are followed in the order given.
    cut_left, cut_right: profile numbers that must not meet; a cut of level n stops links of rank n and weaker.
    """
    left, right, rank = _whole(left), _whole(right), _whole(rank)
    if not len(left):
        return left
    profiles, left_at = np.unique(left, return_inverse=True)
    identifiers, right_at = np.unique(right, return_inverse=True)
    right_at = right_at + len(profiles)
    size = len(profiles) + len(identifiers)
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left_at, right_at)), shape=(size, size))
    component = connected_components(graph, directed=False)[1]
    cuts = _cuts_inside(profiles, component, _whole(cut_left), _whole(cut_right), _whole(cut_level))
    if cuts:
        touched = np.isin(component, np.unique(component[[a for a, _, _ in cuts]]))
        component = _walked(component, touched, left_at, right_at, rank, cuts)
    smallest = np.full(component.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(smallest, component[: len(profiles)], profiles)
    return smallest[component[left_at]]


def parted_components_arrow(left: pa.Array, right: pa.Array, rank: pa.Array, cut_left: pa.Array, cut_right: pa.Array,
                           cut_level: pa.Array) -> pa.Array:
    """`parted_components` for an engine that hands over Arrow lists, one graph per row."""
    arguments = [_lists(column) for column in (left, right, rank, cut_left, cut_right, cut_level)]
    return pa.array([parted_components(*row) for row in zip(*arguments, strict=True)], type=pa.list_(pa.int64()))


def _lists(column: pa.Array | pa.ChunkedArray) -> list[NDArray]:
    return [np.array([], dtype=np.int64) if not row.is_valid else row.values.to_numpy(zero_copy_only=False) for row in column]


def _whole(values: ArrayLike) -> Whole:
    return np.asarray(values, dtype=np.int64)


def _cuts_inside(profiles: Whole, component: NDArray, cut_left: Whole, cut_right: Whole,
                 cut_level: Whole) -> list[tuple[int, int, int]]:
    known = np.isin(cut_left, profiles) & np.isin(cut_right, profiles)
    a, b = np.searchsorted(profiles, cut_left[known]), np.searchsorted(profiles, cut_right[known])
    level = cut_level[known]
    inside = (component[a] == component[b]) & (a != b)
    return list(zip(a[inside].tolist(), b[inside].tolist(), level[inside].tolist(), strict=True))


def _walked(component: NDArray, touched: NDArray, left_at: NDArray, right_at: NDArray, rank: Whole,
            cuts: Sequence[tuple[int, int, int]]) -> NDArray:
    """Kruskal's walk over the links of the touched components: strongest first, never across a cut."""
    parent = {int(node): int(node) for node in np.flatnonzero(touched)}
    foes: dict[int, dict[int, int]] = {}
    for a, b, level in cuts:
        for one, other in ((a, b), (b, a)):
            foes.setdefault(one, {})[other] = min(level, foes.get(one, {}).get(other, level))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    links = np.flatnonzero(touched[left_at])
    links = links[np.argsort(rank[links], kind="stable")]
    for a, b, strength in zip(left_at[links].tolist(), right_at[links].tolist(), rank[links].tolist(), strict=True):
        one, other = root(a), root(b)
        if one == other:
            continue
        if any(root(foe) == other and level <= strength for foe, level in foes.get(one, {}).items()):
            continue
        if len(foes.get(one, ())) < len(foes.get(other, ())):
            one, other = other, one
        parent[other] = one
        for foe, level in foes.pop(other, {}).items():
            mine = foes.setdefault(one, {})
            mine[foe] = min(level, mine.get(foe, level))
    fresh = component.copy()
    names: dict[int, int] = {}
    following = int(component.max()) + 1
    for node in parent:
        fresh[node] = names.setdefault(root(node), following + len(names))
    return fresh
