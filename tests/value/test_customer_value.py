"""CLV against published numbers (CDNOW), against the models' posteriors integrated numerically, and at the edges where formulas break."""

from datetime import date, timedelta
from importlib.metadata import distribution

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import beta

from dbt_project.plugins import customer_value
from dbt_project.plugins.customer_value import AT_LIMIT, FITTED, NO_MEAN, TOO_FEW
from dbt_project.plugins.lend_to_duckdb import register
from dbt_project.plugins.value_columns import FITTED_RECORD, FORECASTS, fitted_customer_value, forecast_of_row

PUBLISHED = (0.243, 4.414, 0.793, 2.426)  # Fader, Hardie, Lee 2005, table 2
CALIBRATION_END = date(1997, 9, 30)       # 39 weeks from 1 January 1997


def cdnow(name: str) -> pd.DataFrame:
    """Purchases of CDNOW: customer, on, dollars. Read from the data that the archived package lifetimes carries, which is not imported."""
    path = distribution("lifetimes").locate_file(f"lifetimes/datasets/{name}")
    columns = ["customer", "on", "cds", "dollars"] if "master" in name else ["master", "customer", "on", "cds", "dollars"]
    rows = pd.read_csv(path, sep=r"\s+", header=None, skiprows=1 if "master" in name else 0, names=columns, dtype={"on": str})
    return rows.assign(on=pd.to_datetime(rows["on"]).dt.date)


@pytest.fixture(scope="module")
def sample() -> pd.DataFrame:
    """x, t_x, age, m of the 1/10 sample's customers in the calibration: a purchase is a day, time is in weeks."""
    bought = cdnow("CDNOW_sample.txt")
    days = bought[bought["on"] <= CALIBRATION_END].groupby(["customer", "on"], as_index=False)["dollars"].sum()
    days["place"] = days.groupby("customer").cumcount()
    each = days.groupby("customer")["on"]
    first, last = each.min(), each.max()
    return pd.DataFrame({
        "x": each.size() - 1,
        "t_x": (last - first) / timedelta(weeks=1),
        "age": (CALIBRATION_END - first) / timedelta(weeks=1),
        "m": days[days["place"] > 0].groupby("customer")["dollars"].mean(),
    })


def test_average_order_value_of_cdnow():
    bought = cdnow("CDNOW_master.txt")
    assert (len(bought), round(bought["dollars"].sum() / len(bought), 2)) == (69_659, 35.89)


def test_bg_nbd_of_cdnow_as_published(sample):
    fit = customer_value.fit_bg_nbd(sample["x"], sample["t_x"], sample["age"])
    assert len(sample) == 2357
    assert fit.status == FITTED
    assert tuple(round(number, 3) for number in fit.parameters) == PUBLISHED
    assert round(fit.log_likelihood, 1) == -9582.4


def test_gamma_gamma_of_cdnow_as_published(sample):
    repeated = sample[sample["x"] > 0].assign(m=lambda rows: np.floor(rows["m"] * 100 + 0.5 + 1e-9) / 100)  # the authors' are whole cents
    fit = customer_value.fit_gamma_gamma(repeated["x"], repeated["m"])
    assert (len(repeated), fit.status) == (946, FITTED)
    assert tuple(round(number, 2) for number in fit.parameters) == (6.25, 3.74, 15.45)
    assert customer_value.expected_value([2, 0], [22.35, 0], fit.parameters) == pytest.approx([24.6586, 35.1710], abs=5e-5)


def test_rounded_parameters_give_the_values_that_rounded_parameters_give():
    assert customer_value.expected_value([2, 0], [22.35, 0], (6.25, 3.74, 15.45)) == pytest.approx([24.668, 35.242], abs=5e-4)


def test_forecast_of_the_first_customer_of_cdnow():
    """1.226 purchases in the next 39 weeks: Fader, Hardie, Lee, "Implementing the BG/NBD model in Excel", 2005."""
    assert customer_value.expected_purchases(39, [2], [30.43], [38.86], PUBLISHED) == pytest.approx([1.226], abs=5e-4)


def test_the_hold_out_of_cdnow_is_foreseen(sample):
    """The paper's figure 3: after 78 weeks the model is a few per cent below the cumulative number of repeat purchases."""
    bought = cdnow("CDNOW_sample.txt")
    later = bought[bought["on"] > CALIBRATION_END].drop_duplicates(["customer", "on"])
    fit = customer_value.fit_bg_nbd(sample["x"], sample["t_x"], sample["age"])
    expected = customer_value.expected_purchases(39, sample["x"], sample["t_x"], sample["age"], fit.parameters)
    assert (len(later), sample["x"].sum()) == (1882, 2457)
    assert 0.94 < (2457 + expected.sum()) / (2457 + 1882) < 0.96
    assert np.corrcoef(expected, later.groupby("customer").size().reindex(sample.index, fill_value=0))[0, 1] > 0.6


def integrated(within: float, x: int, t_x: float, age: float, r: float, alpha: float, a: float, b: float) -> float:
    """E[purchases], from the posterior: alive, rate gamma(r + x, alpha + age), chance to leave beta(a, b + x)."""
    alive = 1.0 if x == 0 else 1 / (1 + a / (b + x - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x))

    def density(p: float) -> float:
        return p ** (a - 1) * (1 - p) ** (b + x - 1) / beta(a, b + x) * (1 - ((alpha + age) / (alpha + age + p * within)) ** (r + x)) / p

    middle = quad(density, 1e-6, 1, epsabs=1e-13, epsrel=1e-12, limit=500, points=[1e-4, 1e-2])[0]
    near_zero = 1e-6 ** a / a / beta(a, b + x) * (r + x) * within / (alpha + age)  # p is so small there that leaving changes nothing
    return alive * (middle + near_zero)


@pytest.mark.parametrize("model", [PUBLISHED, (0.7, 5, 0.8, 14), (1, 4, 2, 8), (0.7, 5, 1, 3), (0.6, 3, 0.3, 0.5), (0.5, 2, 0.4, 0.6)])
@pytest.mark.parametrize(("x", "t_x", "age"), [(0, 0, 0), (0, 0, 90), (1, 2, 40), (12, 50, 60), (60, 100, 101)])
def test_expected_purchases_are_the_posterior_integrated(model, x, t_x, age):
    found = customer_value.expected_purchases(52, [x], [t_x], [age], model)[0]
    assert found == pytest.approx(integrated(52, x, t_x, age, *model), rel=1e-5)


def test_often_is_no_overflow():
    """2F1 itself is infinite there; who buys 2 000 times in 100 weeks will buy about 20 times a week while they stay."""
    model = (0.7, 5.0, 0.5, 500.0)
    found = customer_value.expected_purchases(52, [2000], [100], [100], model)
    assert np.isfinite(found).all()
    assert 900 < found[0] < 52 * 20
    assert customer_value.probability_alive([2000, 2000], [100, 1], [100, 100], model) == pytest.approx([1, 0], abs=1e-3)


def test_one_purchase_is_alive_for_sure():
    assert customer_value.probability_alive([0, 0], [0, 0], [0, 500], PUBLISHED).tolist() == [1, 1]


def test_purchases_are_discounted_week_by_week():
    flat = customer_value.discounted_purchases([2], [30.43], [38.86], PUBLISHED, periods=39, discount=0.0)
    assert flat == pytest.approx(customer_value.expected_purchases(39, [2], [30.43], [38.86], PUBLISHED), rel=1e-12)
    weeks = [customer_value.expected_purchases(week, [2], [30.43], [38.86], PUBLISHED)[0] for week in range(4)]
    by_hand = (weeks[1] - 0) / 1.01 + (weeks[2] - weeks[1]) / 1.01**2 + (weeks[3] - weeks[2]) / 1.01**3
    found = customer_value.discounted_purchases([2], [30.43], [38.86], PUBLISHED, periods=3, discount=0.01)
    assert found[0] == pytest.approx(by_hand, rel=1e-12)


def test_the_same_facts_in_any_order_give_the_same_parameters(sample):
    shuffled = sample.sample(frac=1, random_state=1)
    facts = [(rows["x"], rows["t_x"], rows["age"], rows["x"], rows["m"], 100) for rows in (sample, shuffled)]
    assert fitted_customer_value(*facts[0]) == fitted_customer_value(*facts[1])


def test_means_that_do_not_come_out_even_do_not_hang_on_the_order_either():
    drawn = np.random.default_rng(4)
    x, t_x, age = drawn.poisson(3, 300).astype(float), drawn.integers(0, 40, 300) / 7, drawn.integers(40, 70, 300) / 7
    m = drawn.gamma(3, 1000, 300) / np.maximum(x, 1)
    orders = [np.arange(300), *(np.random.default_rng(seed).permutation(300) for seed in range(6))]
    fits = [fitted_customer_value(x[order], t_x[order], age[order], x[order], m[order], 10) for order in orders]
    assert fits[1:] == fits[:1] * 6
    assert len({float(age[order].mean()) for order in orders} | {float(m[order].mean()) for order in orders}) > 2


def test_parameters_of_made_customers_are_found_again():
    made = np.random.default_rng(5)
    r, alpha, a, b, customers = 0.7, 5.0, 0.8, 12.0, 20_000
    x, t_x, age = np.zeros(customers), np.zeros(customers), made.integers(1, 730, customers) / 7
    rate, leaves = made.gamma(r, 1 / alpha, customers), made.beta(a, b, customers)
    there, now = np.ones(customers, bool), np.zeros(customers)
    while there.any():
        now = now + made.exponential(1 / rate)
        there &= now <= age
        x[there] += 1
        t_x[there] = now[there]
        there &= made.random(customers) >= leaves
    assert customer_value.fit_bg_nbd(x, t_x, age).parameters == pytest.approx((r, alpha, a, b), rel=0.15)
    scale = made.gamma(3, 1 / 2000, customers)
    m = made.gamma(1.4 * np.maximum(x, 1), 1 / scale) / np.maximum(x, 1)
    assert customer_value.fit_gamma_gamma(x, m).parameters == pytest.approx((1.4, 3, 2000), rel=0.1)


def test_guards():
    few = customer_value.fit_bg_nbd([0, 0, 3], [0, 0, 2], [5, 5, 5], at_least=2)
    assert (few.status, few.parameters) == (TOO_FEW, ())
    assert customer_value.fit_gamma_gamma([0, 2], [5, 0]).status == TOO_FEW  # neither has a repeat purchase of a value
    made = np.random.default_rng(2)
    x = made.integers(1, 9, 500)
    alike = customer_value.fit_gamma_gamma(x, made.gamma(2 * x, 1000) / x)
    assert alike.status == AT_LIMIT  # everybody's purchases are worth the same, so q runs away and the forecast is the common mean
    assert customer_value.expected_value([1], [100], alike.parameters) == pytest.approx([2000], rel=0.1)
    wild = customer_value.fit_gamma_gamma(x, np.exp(made.normal(0, 12, 500)))
    assert wild.status == NO_MEAN
    record = fitted_customer_value(x * 0, x * 0, x, x, np.exp(made.normal(0, 12, 500)), 2)
    assert (record["r"], record["bg_nbd_status"], record["q"], record["gamma_gamma_status"]) == (None, TOO_FEW, None, NO_MEAN)


def test_both_engines_are_lent_the_same(sample):
    connection = duckdb.connect()
    register(connection)
    facts = sample.assign(valued=sample["x"])
    connection.register("facts", facts)
    lists = "list(x::double), list(t_x), list(age), list(valued::double), list(m)"
    ((fit,),) = connection.sql(f"select fitted_customer_value({lists}, 100) from facts").fetchall()
    assert fit == fitted_customer_value(facts["x"], facts["t_x"], facts["age"], facts["valued"], facts["m"], 100)
    assert list(fit) == FITTED_RECORD.names
    asked = {"probability_alive": (2, 30.43, 38.86, *PUBLISHED), "expected_purchases": (39, 2, 30.43, 38.86, *PUBLISHED),
             "discounted_purchases": (39, 0.01, 2, 30.43, 38.86, *PUBLISHED)}
    assert asked.keys() == FORECASTS.keys()
    for name, arguments in asked.items():
        told, unknown = connection.sql(f"select {name}{arguments}, {name}({', '.join(map(str, arguments[:-1]))}, null)").fetchone()
        assert told == pytest.approx(forecast_of_row(name)(*arguments), rel=1e-15)
        assert unknown is None
        assert forecast_of_row(name)(*arguments[:-1], None) is None
