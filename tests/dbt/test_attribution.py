"""Attribution from touches to credits: the goldens of the field, a brute-force check of the two models that look at all paths at once,
and a touch that arrives late.

The models are the real ones, over orders and touches made by hand. Alone: `python -m pytest -n 0 tests/dbt/test_attribution.py`
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from small_project import SmallProject

from dbt_project.plugins.attribution import LOST, ORDER, START, removal_effects, removal_effects_arrow
from orchestration.dbt import PROJECT

Path = tuple[str, ...]
# Fixture 1: paths A, A > B won, B, A lost, one each. P = 1/2; without A 1/8, without B 1/4.
FIXTURE = [(("A",), ORDER), (("A", "B"), ORDER), (("B",), LOST), (("A",), LOST)]
MODELS = ("intermediate/attribution/int_order_touches", "intermediate/attribution/int_touch_paths",
          "intermediate/attribution/int_removal_effects", "marts/core/order_attribution", "marts/kpi/kpi_attribution_monthly",
          "marts/kpi/kpi_conversion_paths")
ORDERS = """
    select order_id, customer_id, cast(ordered_at as timestamp) as ordered_at, cast(ordered_at as date) as ordered_on, true as is_counted,
        'web' as sales_channel, 'order' as order_kind, cast(1 as bigint) as receipts_count,
        cast(net_revenue as decimal(18, 2)) as net_revenue, cast(net_revenue * 0.4 as decimal(18, 2)) as margin_amount,
        cast(0 as decimal(18, 2)) as assumed_cost_amount
    from (values
        ('o1', 'c1', '2026-08-20 10:00:00', 100.00), ('o2', 'c2', '2026-08-20 10:00:00', 100.01), ('o3', 'c5', '2026-08-20 10:00:00', 7)
    ) as t (order_id, customer_id, ordered_at, net_revenue)
"""
# c3 and c4 order nothing; their paths are lost in August, 90 days after.
TOUCHES = [("a1", "c1", "A", "2026-08-19 10:00:00"), ("a2", "c2", "A", "2026-08-18 10:00:00"), ("b2", "c2", "B", "2026-08-19 10:00:00"),
           ("b3", "c3", "B", "2026-05-10 10:00:00"), ("a4", "c4", "A", "2026-05-10 10:00:00")]
LATE = ("k1", "c1", "C", "2026-08-01 10:00:00")


def moves_of(paths: list[tuple[Path, str]]) -> tuple[list[str], list[str], list[int]]:
    walked = [move for path, end in paths for move in zip((START, *path), (*path, end), strict=True)]
    kinds = sorted(set(walked))
    return [a for a, _ in kinds], [b for _, b in kinds], [walked.count(kind) for kind in kinds]


def effects_of(paths: list[tuple[Path, str]]) -> dict[str, float | None]:
    origins, destinations, counts = moves_of(paths)
    effects = dict(zip(origins, removal_effects(origins, destinations, counts), strict=True))
    assert effects.pop(START) is None
    return effects


def test_the_golden_fixture() -> None:
    effects = effects_of(FIXTURE)
    assert effects == {"A": 0.75, "B": 0.5}
    assert {channel: 2 * effect / sum(effects.values()) for channel, effect in effects.items()} == {"A": 1.2, "B": 0.8}


def test_staying_in_a_channel_and_the_order_of_moves_change_nothing() -> None:
    twice = [(tuple(channel for channel in path for _ in "12"), end) for path, end in FIXTURE]
    assert effects_of(twice) == effects_of(FIXTURE)
    origins, destinations, counts = moves_of(FIXTURE)
    assert removal_effects(origins[::-1], destinations[::-1], counts[::-1]) == removal_effects(origins, destinations, counts)[::-1]


def test_without_orders_nothing_can_be_lost() -> None:
    assert effects_of([(("A", "B"), LOST)]) == {"A": None, "B": None}
    assert removal_effects([], [], []) == []


def test_effects_agree_with_walking_the_chain() -> None:
    draw = np.random.default_rng(5)
    paths = [(tuple(draw.choice(list("ABCDE"), size=draw.integers(1, 7))), ORDER if draw.random() < 0.4 else LOST) for _ in range(300)]
    origins, destinations, counts = moves_of(paths)
    states = [START, *"ABCDE"]

    def ordered(without: str | None) -> float:
        here, won = {START: 1.0}, 0.0
        for _ in range(150):
            there = dict.fromkeys(states, 0.0)
            for origin, destination, count in zip(origins, destinations, counts, strict=True):
                share = here.get(origin, 0.0) * count / sum(n for o, n in zip(origins, counts, strict=True) if o == origin)
                if destination == ORDER:
                    won += share
                elif destination not in (LOST, without):
                    there[destination] += share
            here = there
        return won

    expected = {channel: 1 - ordered(channel) / ordered(None) for channel in "ABCDE"}
    assert effects_of(paths) == pytest.approx(expected, rel=1e-9)


def test_arrow_lists_go_in_and_out() -> None:
    origins, destinations, counts = moves_of(FIXTURE)
    texts, numbers = pa.list_(pa.string()), pa.list_(pa.float64())
    columns = [pa.array([origins, []], texts), pa.array([destinations, []], texts), pa.array([counts, []], numbers)]
    assert removal_effects_arrow(*columns).to_pylist() == [removal_effects(origins, destinations, counts), []]


def shapley(sets: list[frozenset[str]]) -> dict[str, float]:
    """By its definition: the mean gain of a channel over all orders of arrival, v(S) the orders whose channels lie inside S."""
    channels = sorted(set().union(*sets))
    arrivals = list(permutations(channels))
    gains = dict.fromkeys(channels, 0.0)
    for arrival in arrivals:
        for place, channel in enumerate(arrival):
            before, after = set(arrival[:place]), set(arrival[: place + 1])
            gains[channel] += (sum(one <= after for one in sets) - sum(one <= before for one in sets)) / len(arrivals)
    return gains


def attributed(project: SmallProject, touches: list[tuple[str, ...]]) -> dict[str, dict[str, dict[str, Any]]]:
    """order -> model -> touch -> (credit, credited_revenue), the project built over these touches."""
    told = ", ".join(f"('{touch}', '{customer}', '{channel}', timestamp '{at}')" for touch, customer, channel, at in touches)
    project.write("models/touchpoints.sql", "select *, cast(null as varchar) as campaign_id, 'visit' as touch_type "
                  f"from (values {told}) as t (touchpoint_id, customer_id, channel, occurred_at)")
    project.build(as_of="2026-09-01 10:00:00", as_of_on="2026-09-01")
    credits: dict[str, dict[str, dict[str, Any]]] = {}
    for order, model, touch, credit, revenue in project.rows(
            "select order_id, model, touchpoint_id, credit, credited_revenue from intermediate.order_attribution"):
        credits.setdefault(order, {}).setdefault(model, {})[touch] = (credit, float(revenue))
    return credits


def test_touches_become_credits_and_a_late_one_changes_its_order(project: SmallProject) -> None:
    for model in MODELS:
        project.write(f"models/intermediate/{model.rpartition('/')[2]}.sql", (PROJECT / f"models/{model}.sql").read_text(encoding="utf-8"))
    project.write("models/orders.sql", ORDERS)
    project.write("models/identity_registry.sql", "select 'p1' as profile_id, timestamp '2026-08-01 23:00:00' as linked_at")
    project.write("models/dates.sql", "select unnest([date '2026-07-01', date '2026-08-01', date '2026-09-01']) as month")
    project.write("models/channel_costs.sql",
                  "select date '2026-08-01' as cost_on, 'A' as channel, 1 as impressions, 1 as clicks, 9.5 as cost")
    for seed in (project.root / "seeds").iterdir():
        seed.unlink()

    first = attributed(project, TOUCHES)
    assert first["o1"]["markov"] == {"a1": (1, 100)}
    assert first["o2"]["markov"] == {"a2": (0.6, 60.01), "b2": (0.4, 40)}  # 6000.6 and 4000.4 kopecks
    assert first["o3"]["markov"] == {None: (1, 7)}
    totals = "select channel, credited_orders, model_credit from intermediate.kpi_attribution_monthly where month = date '2026-08-01'"
    assert sorted(project.rows(f"{totals} and model = 'markov'")) == [("A", 1.6, 1.2), ("B", 0.4, 0.8), ("unattributed", 1, 1)]
    assert sorted(project.rows(f"{totals} and model = 'shapley'")) == [("A", 1.5, 1.5), ("B", 0.5, 0.5), ("unattributed", 1, 1)]
    assert sorted(project.rows("select path, orders, lost_paths from intermediate.kpi_conversion_paths")) == [
        ("A", 1, 1), ("A > B", 1, 0), ("B", 0, 1), ("unattributed", 1, 0)]

    second = attributed(project, [*TOUCHES, LATE])
    assert second["o1"]["linear"] == {"k1": (0.5, 50), "a1": (0.5, 50)}
    assert second["o1"]["first_touch"] == {"k1": (1, 100)}
    assert second["o1"]["last_touch"] == first["o1"]["last_touch"]
    heuristics = [model for model in first["o2"] if model != "markov"]  # Markov's chain has all paths in it
    assert [second["o2"][model] for model in heuristics] == [first["o2"][model] for model in heuristics]
    assert {round(sum(revenue for _, revenue in touches.values()), 2) for touches in second["o1"].values()} == {100.0}
    sets = [frozenset({"A", "C"}), frozenset({"A", "B"})]
    credited = {channel: orders for channel, orders, _ in project.rows(f"{totals} and model = 'shapley'") if channel != "unattributed"}
    assert credited == pytest.approx(shapley(sets), abs=1e-9)
