"""What a customer is worth: to date, by the segment, and foretold by BG/NBD and Gamma-Gamma, both fitted here a second time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from tests.recomputed.customers import People
from tests.recomputed.lifecycle import lifecycle_thresholds
from tests.recomputed.tables import Tables, ratio

SEGMENT = ["shopper_type", "is_loyalty_member"]
YEAR, WEEKS, DAY = 365, 52, pd.Timedelta(days=1)
FURTHEST = 20.0  # of a logarithm: where a parameter would run away, what it foretells stands still long before


def customer_360(tables: Tables) -> pd.DataFrame:
    """The KPI columns of every customer."""
    people = People(tables)
    found = tables.customer_360[["customer_id"]].set_index("customer_id")
    found = found.join(_historic(tables)).join(_simple(people)).join(_predicted(people))
    return found.reset_index()


def _historic(tables: Tables) -> pd.DataFrame:
    """What was kept of the counted orders, and its margin at each order's share."""
    orders = tables.orders[tables.orders.is_counted & tables.orders.customer_id.notna()]
    kept = orders.net_revenue - orders.returned_amount.fillna(0)
    margin = kept.astype(float) * orders.margin_amount.astype(float) / orders.net_revenue.astype(float).replace(0, np.nan)
    by_customer = pd.DataFrame({
        "customer_id": orders.customer_id, "clv_historic_revenue": kept, "clv_historic_margin": margin.fillna(0).round(6),
    }).groupby("customer_id").sum()
    return by_customer.assign(clv_historic_margin=by_customer.clv_historic_margin.round().astype("Int64"))


def clv_segments(tables: Tables) -> pd.DataFrame:
    """A segment's order value, frequency, margin and lifespan, all of the same 365 days."""
    return _segments(People(tables))


def _segments(people: People) -> pd.DataFrame:
    now, then = len(people.days) - 1, len(people.days) - 1 - YEAR
    each = pd.DataFrame({"shopper_type": people.shopper_type[:, now], "is_loyalty_member": people.is_member[:, now]})
    each["customers"] = people.first_order <= now
    window = slice(max(now - YEAR + 1, 0), now + 1)
    orders = people.ordered[:, window].sum(axis=1)
    each["buyers"], each["orders_count"] = orders > 0, orders
    for amount in ("net_revenue", "margin_amount", "assumed_cost_amount"):
        each[amount] = people.daily(people.orders, amount)[:, window].sum(axis=1)
    each = each.rename(columns={"net_revenue": "order_revenue"})
    rows = each[each.customers].groupby(SEGMENT).sum()
    rows = rows.join(_churned(people, then), how="outer").astype("Int64").fillna(0)
    rows["average_order_value"] = ratio(rows.order_revenue, rows.orders_count) / 100
    rows["purchase_frequency_per_year"] = ratio(rows.orders_count, rows.buyers)
    rows["margin_rate"] = ratio(rows.margin_amount, rows.order_revenue)
    rows["annual_churn_rate"] = ratio(rows.churned_customers, rows.customers_a_year_ago)
    lapsed_after = lifecycle_thresholds(people.tables).set_index("year").lapsed_days[people.tables.as_of_on.year]
    if people.first_day + pd.Timedelta(days=int(lapsed_after) + 1) > people.tables.as_of_on:  # nobody can have lapsed
        rows[["churned_customers", "annual_churn_rate"]] = pd.NA
    longest = people.tables.rules["customer_value.lifespan_years_at_most"]
    rows["lifespan_years"] = ratio(rows.customers_a_year_ago, rows.churned_customers).fillna(longest).clip(upper=longest)
    rows["lifespan_years"] = rows.lifespan_years.where((rows.customers_a_year_ago > 0) & rows.churned_customers.notna())
    value = rows.average_order_value * rows.purchase_frequency_per_year * rows.lifespan_years * rows.margin_rate
    rows["clv_simple_margin"] = (value * 100).round().astype("Int64")
    return rows.reset_index()


def _churned(people: People, then: int) -> pd.DataFrame:
    """Who was in the segment a year ago and not lapsed by today's threshold; whose silence passed it since, back again or not."""
    thresholds = lifecycle_thresholds(people.tables).set_index("year")
    lapsed = thresholds.lapsed_days[people.tables.as_of_on.year]
    if then < 0:
        return pd.DataFrame(columns=[*SEGMENT, "customers_a_year_ago", "churned_customers"]).set_index(SEGMENT)
    quiet = np.arange(len(people.days)) - people.last_order
    there = quiet[:, then] <= lapsed
    each = pd.DataFrame({
        "shopper_type": people.shopper_type[:, then], "is_loyalty_member": people.is_member[:, then],
        "customers_a_year_ago": there, "churned_customers": there & (quiet[:, then + 1:] > lapsed).any(axis=1),
    })
    return each[there].groupby(SEGMENT).sum()


def _simple(people: People) -> pd.DataFrame:
    now = len(people.days) - 1
    each = pd.DataFrame({"shopper_type": people.shopper_type[:, now], "is_loyalty_member": people.is_member[:, now]})
    each = each.assign(customer_id=people.ids)[people.first_order <= now]
    return each.merge(_segments(people), on=SEGMENT, how="left").set_index("customer_id")[["clv_simple_margin"]]


def histories(people: People, until: pd.Timestamp) -> pd.DataFrame:
    """Per customer: repeat purchases (a purchase is a day), weeks to the last and to the last known day, and what the valued were worth."""
    days = people.orders[people.orders.day < until].groupby(["customer_id", "day"]).net_revenue.sum().reset_index()
    days["first"] = days.groupby("customer_id").day.transform("min")
    again = days[days.day > days["first"]]
    valued = again[again.net_revenue > 0]
    by_customer = days.groupby("customer_id")
    found = pd.DataFrame({
        "x": by_customer.size() - 1,
        "t_x": (by_customer.day.max() - by_customer.day.min()).dt.days / 7,
        "T": (until - DAY - by_customer.day.min()).dt.days / 7,
        "valued": valued.groupby("customer_id").size(),
        "m": valued.groupby("customer_id").net_revenue.mean() / 100,
    })
    return found.fillna({"valued": 0, "m": 0})


def _fitted(minus_log_likelihood: Callable[[np.ndarray], float], start: list[float]) -> np.ndarray:
    """The most likely parameters, searched for as logarithms, so that they stay above 0."""
    def at(logs: np.ndarray) -> float:
        return minus_log_likelihood(np.exp(logs))

    bounds, best = [(-FURTHEST, FURTHEST)] * len(start), np.log(start)
    for _ in range(3):  # a simplex that has shrunk too early is spread out again
        options = {"maxiter": 4000, "maxfev": 8000, "xatol": 1e-9, "fatol": 1e-10}
        best = minimize(at, best, method="Nelder-Mead", bounds=bounds, options=options).x
    return np.exp(best)


def fit_bg_nbd(known: pd.DataFrame) -> np.ndarray:
    """r, alpha, a, b of Fader, Hardie and Lee's model."""
    x, t_x, T = (known[name].to_numpy(dtype=float) for name in ("x", "t_x", "T"))  # noqa: N806

    def minus_log_likelihood(parameters: np.ndarray) -> float:
        r, alpha, a, b = parameters
        bought = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        stayed = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + T)
        left = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
        return -float((bought + np.logaddexp(stayed, np.where(x > 0, left, -np.inf))).sum())

    return _fitted(minus_log_likelihood, [1.0, 1.0, 1.0, 1.0])


def fit_gamma_gamma(known: pd.DataFrame) -> np.ndarray:
    """p, q, v of who came back and paid something."""
    valued = known[known.valued > 0]
    x, m = valued.valued.to_numpy(dtype=float), valued.m.to_numpy(dtype=float)

    def minus_log_likelihood(parameters: np.ndarray) -> float:
        p, q, v = parameters
        each = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v) + (p * x - 1) * np.log(m) + p * x * np.log(x)
        return -float((each - (p * x + q) * np.log(x * m + v)).sum())

    return _fitted(minus_log_likelihood, [1.0, 2.0, float(m.mean())])


def p_alive(known: pd.DataFrame, parameters: np.ndarray) -> pd.Series:
    """1 for who bought on one day only."""
    r, alpha, a, b = parameters
    odds = a / (b + known.x.clip(lower=1) - 1) * ((alpha + known["T"]) / (alpha + known.t_x)) ** (r + known.x)
    return (1 / (1 + odds)).where(known.x > 0, 1.0)


def expected_purchases(known: pd.DataFrame, parameters: np.ndarray, weeks: int) -> pd.Series:
    """In so many weeks from the end of the history."""
    r, alpha, a, b = parameters
    x, T = known.x, known["T"]  # noqa: N806
    share = hyp2f1(r + x, b + x, a + b + x - 1, weeks / (alpha + T + weeks))
    whole = (a + b + x - 1) / (a - 1) * (1 - ((alpha + T) / (alpha + T + weeks)) ** (r + x) * share)
    return whole * p_alive(known, parameters)


def _predicted(people: People) -> pd.DataFrame:
    """By the models of the month and the history up to the refresh."""
    tables = people.tables
    as_of_on, rules = tables.as_of_on, tables.rules
    known_until = as_of_on.replace(day=1)
    learned, known = histories(people, known_until), histories(people, as_of_on + DAY)
    found = pd.DataFrame(index=known.index, columns=["p_alive", "clv_predicted_12m_margin"], dtype="Float64")
    enough = rules["customer_value.fit_repeat_customers_at_least"]
    if (learned.x > 0).sum() < enough:
        return found
    bg_nbd = fit_bg_nbd(learned)
    found["p_alive"] = p_alive(known, bg_nbd)
    if (learned.valued > 0).sum() < enough:
        return found
    gamma_gamma = fit_gamma_gamma(learned)
    if gamma_gamma[1] <= 1:
        return found
    found["clv_predicted_12m_margin"] = margin(tables, known, bg_nbd, gamma_gamma, _margin_share(people, known_until)).round()
    return found


def margin(tables: Tables, known: pd.DataFrame, bg_nbd: np.ndarray, gamma_gamma: np.ndarray, share: float) -> pd.Series:
    """Of the predicted months, in kopecks and parts of them: purchases, each discounted from its week, × their value × the share."""
    p, q, v = gamma_gamma
    value = p * (known.valued * known.m + v) / (p * known.valued + q - 1)
    weeks = round(tables.rules["customer_value.predicted_months"] * WEEKS / 12)
    up_to = [pd.Series(0.0, known.index), *(expected_purchases(known, bg_nbd, week) for week in range(1, weeks + 1))]
    yearly = 1 + tables.rules["customer_value.discount_rate_per_year"]
    purchases = sum((up_to[week] - up_to[week - 1]) / yearly ** (week / WEEKS) for week in range(1, weeks + 1))
    return purchases * value * share * 100


def foretold_by_the_published_models(tables: Tables) -> pd.DataFrame:
    """p_alive and clv_predicted_12m_margin of every customer by the parameters in clv_models, with nothing fitted or rounded here."""
    fit = tables.clv_models.set_index("fit").loc["in_force"]
    known = histories(People(tables), tables.as_of_on + DAY)
    bg_nbd = fit[["r", "alpha", "a", "b"]].to_numpy(dtype=float)
    gamma_gamma = fit[["p", "q", "v"]].to_numpy(dtype=float)
    return pd.DataFrame({
        "p_alive": p_alive(known, bg_nbd),
        "clv_predicted_12m_margin": margin(tables, known, bg_nbd, gamma_gamma, float(fit.margin_share)),
    })


def _margin_share(people: People, until: pd.Timestamp) -> float:
    """Margin after returns / revenue before returns of the newest orders that the fit knew, with the returns that it knew."""
    days = pd.Timedelta(days=people.tables.rules["customer_value.margin_window_days"])
    orders = people.orders[(people.orders.day < until) & (people.orders.day >= until - days)]
    returned = people.returns[people.returns.day < until].groupby("order_id").amount.sum()
    revenue, margin = orders.net_revenue.astype(float), orders.margin_amount.astype(float)
    brought_back = orders.order_id.map(returned).astype(float) / revenue.mask(revenue <= 0)
    return float((margin * (1 - brought_back.fillna(0).clip(upper=1))).sum() / revenue.sum())


MARTS = {"customer_360": customer_360, "clv_segments": clv_segments}
