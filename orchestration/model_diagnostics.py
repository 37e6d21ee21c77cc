"""What a trained likeness model says, as tables and as a picture.

    Model, weights of the compared pairs, labels  ──►  diagnostics.json, weights.png, Dagster metadata

A level's weight is log2(m / u): m how often records of one person show it, u how often those of two people do. By threshold: the pairs
that weigh at least so much, how many of them shared values make one person anyway, and how many of the others are wrong if the model's
own odds are right (a pair of w bits is wrong with 1 / (1 + 2^w)). That is what the model believes; what is true is measured on
generated people (docs/identity.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from dbt_project.plugins.identity_model import PEOPLE, Model
from orchestration import business_rules
from orchestration.explain import table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURE = "weights.png"
THRESHOLDS = (-4, 0, 2, 4, 6, 8, 10, 12, 16, 20)
FOR, AGAINST = "#1b6e3c", "#b3261e"


def diagnostics(model: Model, weighed: pa.Table, labels: pa.Table) -> dict[str, Any]:
    """{prior, levels: [{comparison, level, m, u, weight}], thresholds: [{weight, pairs, known, new, wrong_expected}], pairs_compared,
    histogram: {from: bits, known: [..], new: [..]}}. weighed: profile_a, profile_b, weight; labels: profile_id, cluster_no."""
    cluster = dict(zip(labels["profile_id"].to_pylist(), labels["cluster_no"].to_pylist(), strict=True))
    ends = zip(weighed["profile_a"].to_pylist(), weighed["profile_b"].to_pylist(), strict=True)
    known = np.array([cluster[a] == cluster[b] for a, b in ends], dtype=bool)
    weights = weighed["weight"].to_numpy()
    wrong = 1 / (1 + np.exp2(np.clip(weights, -60, 60)))
    asked = sorted({*THRESHOLDS, *(float(weight) for weight in _limits())})
    thresholds = [{"weight": limit, "pairs": int((weights >= limit).sum()), "known": int((known & (weights >= limit)).sum()),
                   "new": int((~known & (weights >= limit)).sum()),
                   "wrong_expected": round(float(wrong[~known & (weights >= limit)].sum()), 2)} for limit in asked]
    edges = np.arange(-30, 41)
    counts = {name: np.histogram(np.clip(weights[chosen], -30, 39.9), edges)[0].tolist()
              for name, chosen in (("known", known), ("new", ~known))}
    return {"prior": model.settings["probability_two_random_records_match"], "levels": list(_levels(model)), "thresholds": thresholds,
            "pairs_compared": len(weights), "histogram": {"from": int(edges[0]), **counts}}


def doubts(told: Mapping[str, Any]) -> list[str]:
    """Why nobody should link by this model, as sentences: a comparison in which agreeing speaks against, or differing for, one person."""
    found = []
    for comparison in dict.fromkeys(level["comparison"] for level in told["levels"]):
        weights = [level["weight"] for level in told["levels"] if level["comparison"] == comparison]
        by_hand = comparison in PEOPLE.comparisons and PEOPLE.comparisons[comparison].by_hand  # never trained
        if not by_hand and not weights[0] > 0 > weights[-1]:
            found.append(f"in {comparison.replace('_', ' ')} agreeing weighs {weights[0]:+.1f} and differing {weights[-1]:+.1f} bits")
    return found


def lines(told: Mapping[str, Any]) -> list[str]:
    """The diagnostics for a terminal."""
    levels, thresholds = tables(told)
    return [f"{_title(told)}, prior {told['prior']:.3g}.", *table(*levels), "",
            f"{told['pairs_compared']} compared pairs by weight:", *table(*thresholds)]


def markdown(told: Mapping[str, Any]) -> str:
    """Both tables for a page."""
    drawn = []
    for header, rows in tables(told):
        drawn += [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}", *(f"| {' | '.join(map(str, row))} |" for row in rows), ""]
    return "\n".join(drawn)


def tables(told: Mapping[str, Any]) -> tuple[tuple[Sequence[str], list[Sequence[Any]]], ...]:
    """(header, rows) of the levels and of the thresholds."""
    levels = [(level["comparison"].replace("_", " "), level["level"], f"{level['m']:.4f}", f"{level['u']:.6f}", f"{level['weight']:+.1f}")
              for level in told["levels"]]
    link, ask = _limits()
    names = {float(link): "identity.link_weight", float(ask): "identity.ask_weight"}
    thresholds = [(f"{one['weight']:g}", one["pairs"], one["known"], one["new"], one["wrong_expected"], names.get(float(one["weight"]), ""))
                  for one in told["thresholds"]]
    return ((("comparison", "level", "m", "u", "bits"), levels),
            (("at least, bits", "pairs", "one person by shared values", "others", "of them wrong, by its odds", ""), thresholds))


def draw(told: Mapping[str, Any]) -> Figure:
    """The weight of each level, and the compared pairs by weight."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 6.2), dpi=90, layout="constrained")
    bars, pairs = figure.subplots(1, 2, width_ratios=(1.1, 1))
    levels = list(reversed(told["levels"]))
    weights = [level["weight"] for level in levels]
    bars.barh(range(len(levels)), weights, color=[FOR if weight > 0 else AGAINST for weight in weights])
    bars.set_yticks(range(len(levels)), [level["level"] for level in levels], fontsize=8)
    bars.axvline(0, color="#444444", lw=0.8)
    bars.set(xlabel="bits for (right) or against (left) one person", title="What each level weighs")
    histogram = told["histogram"]
    edges = np.arange(len(histogram["new"]) + 1) + histogram["from"]
    pairs.stairs(histogram["known"], edges, fill=True, color="#9db8d9", label="one person by shared values")
    pairs.stairs(histogram["new"], edges, color="#b3541e", lw=2, label="share no value that links them")
    for limit, name in zip(_limits(), ("link", "ask"), strict=True):
        pairs.axvline(float(limit), color="#444444", ls="--", lw=1)
        pairs.text(float(limit), 1.0, f" {name}", transform=pairs.get_xaxis_transform(), va="top", fontsize=8)
    pairs.set(xlabel="weight of a pair, bits", ylabel="compared pairs (log)", yscale="symlog", title="Compared pairs by weight")
    pairs.legend(fontsize=8)
    figure.suptitle(_title(told))
    return figure


def _title(told: Mapping[str, Any]) -> str:
    return f"Likeness model {told['version']}, trained on {told['profiles']} records, {told['labelled_pairs']} pairs of one person"


def _levels(model: Model) -> Any:
    for comparison in model.settings["comparisons"]:
        for level in comparison["comparison_levels"]:
            if not level.get("is_null_level"):
                m, u = level["m_probability"], level["u_probability"]
                yield {"comparison": comparison["output_column_name"], "level": level["label_for_charts"], "m": m, "u": u,
                       "weight": round(math.log2(m / u), 4)}


def _limits() -> tuple[float, float]:
    rules = business_rules.read().identity
    return rules.link_weight, rules.ask_weight
