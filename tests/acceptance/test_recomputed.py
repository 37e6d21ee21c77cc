"""Every KPI twice: the published marts of one night against tests/recomputed, which works them out in pandas from the core tables.

Counts and kopecks are equal, ratios to nine digits, predicted value to three; given the published parameters it is to the kopeck. No KPI
is left out and none is excused.
The headlines of the same night are a retailer's, and would not be so by a wrong formula (sandbox/plausible.toml).
"""

import numpy as np
import pytest

from orchestration import measures, register
from sandbox import plausible
from sandbox.retailer import simulate
from sandbox.server import Sandbox, serve_in_thread
from tests.conftest import UNTIL
from tests.nights import house, night
from tests.recomputed.clv import foretold_by_the_published_models
from tests.recomputed.comparison import differences
from tests.recomputed.families import recomputations
from tests.recomputed.tables import Tables

# Claims that this retailer cannot answer, and why.
UNANSWERED = {
    "customer_lifetime_value": "in dollars, and the seed exchange_rates ships without a rate",
    "abandoned_cart_push_opens": "the sandbox's push vendor tells clicks and no opens",
}


@pytest.fixture(scope="module")
def published_file(parsed_project, tmp_path_factory):
    data = tmp_path_factory.mktemp("recomputed") / "data"
    world = simulate(seed=5, customers=400, days=500, stores=4, until=UNTIL)
    late = {"moysklad.late_tills": "1"}
    sandbox = Sandbox(world=world, clock_file=data / "sandbox" / "clock", rate=100.0, options=late)
    sandbox.set_clock(UNTIL)
    with serve_in_thread(sandbox) as running, house(data, parsed_project, running.environment()):
        published = night("the night")
    assert (published.broken, published.refusal) == ([], "")
    return published.version / "omnimart.duckdb"


@pytest.fixture(scope="module")
def tables(published_file):
    return Tables(published_file)


def test_every_mart_with_a_kpi_is_recomputed():
    assert {mart.name for mart in register.marts().values() if mart.kpis} <= recomputations().keys()


@pytest.mark.parametrize("name", recomputations())
def test_the_mart_is_what_its_definitions_give(name, tables):
    mart, mine = register.marts()[name], recomputations()[name](tables)
    assert differences(mine, tables[name], mart.grain) == []
    assert [column for column in (*mart.registered, *mart.parts) if column not in mine.columns] == []
    assert len(mine) > 0


def test_a_forecast_is_exact_given_its_parameters(tables):
    """Whoever fits again stops at another digit; the formulas themselves leave nothing to that."""
    mine = foretold_by_the_published_models(tables)
    published = tables.customer_360.set_index("customer_id")[mine.columns].dropna(how="all")
    assert set(published.index) == set(mine.index)
    assert len(mine) > 100
    mine = mine.loc[published.index]
    assert np.allclose(published.p_alive.astype(float), mine.p_alive, rtol=1e-9, atol=0)
    to_the_kopeck = (published.clv_predicted_12m_margin.astype(float) - mine.clv_predicted_12m_margin).abs()
    assert to_the_kopeck.max() <= 0.5 + 1e-6


def test_every_claim_of_the_documents_has_an_own_value(tables):
    claims = tables["seed_claims"].set_index("claim_id")
    without = claims[claims.own_value.isna() | (claims.own_n == 0)]
    assert set(without.index) == UNANSWERED.keys()


def test_no_ratio_divides_by_what_its_numerator_does_not_know(tables):
    assert [f"{mart}.{column}" for mart, column in _partly_known(tables)] == []


def _partly_known(tables):
    """Numerators that are NULL in rows whose denominator is not: summed parts would be no ratio, and whoever divides the sums gets another
    number than the metric. What is counted once beneath (starters beside all channels) and totals beside their parts are not summed."""
    for mart in register.marts().values():
        for kpi in mart.kpis:
            above, below = kpi.numerator_column, kpi.denominator_column
            if not kpi.is_ratio or mart.totals or measures.fills(mart, below):
                continue
            table = tables[mart.name]
            if (table[above].isna() & table[below].fillna(0).ne(0)).any():
                yield mart.name, above


def test_what_is_planted_shows(tables):
    """Clicks of machines, members who left on a told day, balances astray, points that pay more and less, goods without a cost, receipts of
    which shifts alone tell: with one value only a wrong formula would not show."""
    messaging = (tables.kpi_messaging_daily, tables.kpi_campaigns, tables.kpi_trigger_monthly)
    assert [(mart.clicked_with_machines - mart.clicked).nunique() > 1 for mart in messaging] == [True, True, True]
    loyalty = tables.kpi_loyalty_monthly
    assert loyalty.average_leaver_tenure_days.nunique() > 3
    assert loyalty.leavers.sum() > loyalty.dated_leavers.sum() > 5
    assert tables.loyalty_accounts.balance_difference.replace(0, np.nan).nunique() > 2
    assert loyalty.cost_per_point.nunique() > 2
    assert loyalty.points_adjusted.nunique() > 2
    lines = tables.order_lines.merge(tables.orders[["order_id", "sales_channel"]], on="order_id")
    assert lines.product_id[(lines.cost_method == "assumed_share") & (lines.sales_channel == "store")].nunique() > 1
    by_store, by_day = tables.kpi_store_monthly, tables.kpi_sales_daily
    assert (by_store.orders_count - by_store.itemised_orders).nunique() > 3
    assert (by_day.gross_amount - by_day.itemised_gross_amount).nunique() > 3
    marts = ("kpi_sales_daily", "kpi_store_monthly", "kpi_loyalty_monthly", "kpi_customer_value_monthly", "kpi_attribution_monthly")
    assert [name for name in marts if tables[name].assumed_cost_amount.nunique() < 3] == []


def test_the_headlines_are_a_retailers(published_file):
    values = plausible.measured(published_file)
    assert {one.name: (value, one.range) for one, value in values.items() if not one.holds(value)} == {}


def test_a_wrong_formula_falls_outside(published_file):
    found = plausible.mistaken(published_file)
    assert {(one.name, mistake): value for (one, mistake), value in found.items() if value is None or one.holds(value)} == {}
    assert len(found) >= 20
