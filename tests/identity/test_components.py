"""Connected components with cuts, on graphs small enough to see and large enough to time."""
from __future__ import annotations

import time

import numpy as np
import pyarrow as pa

from dbt_project.plugins.components import parted_components, parted_components_arrow


def parts(links: list[tuple[int, int, int]], cuts: list[tuple[int, int, int]] = (), limit: int = 0) -> dict[int, int]:
    """links (profile, identifier, rank), cuts (profile, profile, level) -> profile: component."""
    left, right, rank = zip(*links, strict=True)
    a, b, level = zip(*cuts, strict=True) if cuts else ((), (), ())
    return dict(zip(left, parted_components(left, right, rank, a, b, level, limit).tolist(), strict=True))


def test_links_lead_through_chains_and_the_smallest_number_names_the_component() -> None:
    assert parts([(7, 1, 5), (3, 1, 5), (3, 2, 4), (9, 2, 4), (5, 8, 5), (6, 8, 5)]) == {7: 3, 3: 3, 9: 3, 5: 5, 6: 5}


def test_numbers_of_profiles_and_identifiers_are_two_countings() -> None:
    assert parts([(1, 2, 5), (2, 1, 5)]) == {1: 1, 2: 2}


def test_a_cut_parts_a_chain_at_its_weaker_link() -> None:
    chain = [(1, 10, 5), (2, 10, 5), (2, 20, 4), (3, 20, 4)]
    assert parts(chain, [(1, 3, 0)]) == {1: 1, 2: 2, 3: 2}
    assert parts([(p, i, 9 - r) for p, i, r in chain], [(1, 3, 0)]) == {1: 1, 2: 1, 3: 3}


def test_a_cut_stops_only_links_as_weak_as_its_level() -> None:
    assert parts([(1, 10, 1), (2, 10, 1)], [(1, 2, 3)]) == {1: 1, 2: 1}
    assert parts([(1, 10, 3), (2, 10, 3)], [(1, 2, 3)]) == {1: 1, 2: 2}


def test_a_cut_reaches_everybody_who_was_joined_before() -> None:
    links = [(1, 10, 1), (2, 10, 1), (3, 20, 1), (4, 20, 1), (2, 30, 5), (4, 30, 5)]
    assert parts(links, [(1, 3, 0)]) == {1: 1, 2: 1, 3: 3, 4: 3}


def test_the_order_of_the_rows_of_one_rank_is_the_order_of_the_walk_and_nothing_else_matters() -> None:
    links = [(1, 10, 2), (2, 10, 2), (3, 10, 2), (4, 11, 2), (3, 11, 2)]
    assert parts(links, [(1, 2, 0), (8, 9, 0)]) == {1: 1, 2: 2, 3: 1, 4: 1}


def alike(*pairs: tuple[int, int]) -> list[tuple[int, int, int]]:
    """Pairs of profiles that resemble each other, the heaviest first."""
    return [(profile, 1000 + at, 7) for at, pair in enumerate(pairs) for profile in pair]


def test_a_profile_that_resembles_two_people_joins_neither() -> None:
    assert parts(alike((1, 2), (1, 3)), [(2, 3, 3)]) == {1: 1, 2: 2, 3: 3}
    assert parts(alike((1, 2), (1, 3))) == {1: 1, 2: 1, 3: 1}
    assert parts(alike((1, 2), (1, 3)), [(1, 3, 3)]) == {1: 1, 2: 1, 3: 3}, "one of the two it cannot be"
    assert parts(alike((1, 2), (1, 3)), [(2, 3, 9)]) == {1: 1, 2: 1, 3: 1}, "a cut of a weaker kind"
    assert parts(alike((1, 2), (1, 3), (1, 4)), [(2, 3, 3)]) == {1: 1, 2: 2, 3: 3, 4: 1}, "the third it may join"


def test_whoever_shares_a_fact_resembles_together() -> None:
    facts = [(1, 50, 4), (5, 50, 4), (2, 60, 4), (6, 60, 4)]
    assert parts([*facts, *alike((1, 2), (5, 3))], [(6, 3, 3)]) == {1: 1, 5: 1, 2: 2, 6: 2, 3: 3}


def test_likeness_makes_no_component_above_the_limit_and_facts_do() -> None:
    facts = [(p, 50, 4) for p in (1, 2, 3)] + [(p, 60, 5) for p in (7, 8)]
    assert parts([*facts, *alike((3, 7))], limit=5) == {1: 1, 2: 1, 3: 1, 7: 1, 8: 1}
    assert parts([*facts, *alike((3, 7))], limit=4) == {1: 1, 2: 1, 3: 1, 7: 7, 8: 7}
    assert parts([*facts, *alike((3, 7), (8, 9))], limit=5) == {1: 1, 2: 1, 3: 1, 7: 7, 8: 7, 9: 9}, "no part of it is a choice"
    assert parts(facts, limit=2) == {1: 1, 2: 1, 3: 1, 7: 7, 8: 7}


def test_arrow_lists_go_in_and_out() -> None:
    whole = pa.list_(pa.int64())
    columns = [pa.array([row], type=whole) for row in ([1, 2], [5, 5], [0, 0], [], [], [])]
    assert parted_components_arrow(*columns, pa.array([0])).to_pylist() == [[1, 1]]
    assert parted_components_arrow(*(pa.array([[]], type=whole) for _ in range(6)), pa.array([9])).to_pylist() == [[]]


def test_a_million_links_in_chains_take_seconds() -> None:
    profiles = np.repeat(np.arange(500_000), 2)
    identifiers = profiles + np.tile([0, 1], 500_000)
    broken = identifiers % 500 == 0
    started = time.monotonic()
    left = profiles[~broken]
    labels = parted_components(left, identifiers[~broken], np.zeros(len(left)), [10, 1_000], [20, 1_100], [0, 0])
    assert time.monotonic() - started < 10
    assert len(np.unique(labels)) == 1_000 + 2
