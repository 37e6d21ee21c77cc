"""The purchase models' own asset: what a person at Dagster's page sees of a fit."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from dbt_project.plugins.customer_value import expected_purchases
from orchestration import fits
from orchestration.exports import warehouse

MODEL = {"r": 0.7, "alpha": 5.0, "a": 0.8, "b": 12.0}


def build(calibration: dict, histories: pd.DataFrame) -> None:
    """A warehouse of the two tables that are read."""
    models = pd.DataFrame([
        {"fit": "in_force", "known_until": pd.Timestamp("2026-11-01"), **MODEL, "holdout_purchases": None, "holdout_bias": None},
        {"fit": "calibration", "known_until": pd.Timestamp("2026-05-03"), **MODEL, **calibration},
    ])
    warehouse().parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(warehouse())) as connection:
        connection.register("told_models", models)
        connection.register("told_histories", histories)
        for statement in ("create schema if not exists marts", "create schema if not exists intermediate",
                          "create or replace table marts.clv_models as select * from told_models",
                          "create or replace table intermediate.int_purchase_histories as select * from told_histories"):
            connection.execute(statement)


@pytest.fixture
def histories() -> pd.DataFrame:
    made = np.random.default_rng(3)
    x = made.integers(0, 12, 30)
    customers = {"customer_id": [f"c{n}" for n in range(30)], "x": x, "t_x": np.minimum(x * 3.0, 40), "age": 50.0}
    known = pd.DataFrame({"moment": "calibration", **customers})
    later = known.assign(moment="fit", x=x + made.integers(0, 4, 30), age=76.0)
    newcomer = pd.DataFrame([{"moment": "fit", "customer_id": "new", "x": 0, "t_x": 0.0, "age": 1.0}])
    return pd.concat([known, later, newcomer], ignore_index=True)


def test_what_is_seen_of_a_fit(own_data, histories):
    build({"holdout_purchases": 45.0, "holdout_bias": 0.1}, histories)
    seen = fits.metadata()
    assert (seen["in_force/r"], seen["calibration/b"], seen["calibration/known_until"]) == (0.7, 12.0, "2026-05-03")
    assert seen["calibration_and_holdout"].value.startswith("![calibration and hold-out](data:image/png;base64,iVBOR")
    picture = own_data / "quality" / "clv_models.png"
    assert seen["picture"].value == str(picture)
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_picture_is_drawn_once_a_fit(own_data, histories, monkeypatch):
    build({"holdout_purchases": 45.0, "holdout_bias": 0.1}, histories)
    fits.metadata()
    drawn = []
    monkeypatch.setattr(fits, "draw", lambda customers, title, draw=fits.draw: drawn.append(title) or draw(customers, title))
    fits.metadata()
    assert drawn == []
    build({"holdout_purchases": 45.0, "holdout_bias": -0.04}, histories)
    fits.metadata()
    assert drawn == ["Purchases from 2026-05-03 on as foreseen by what was known before; in all -4%"]


def test_the_hold_out_is_of_those_whom_the_calibration_knows(own_data, histories):
    models = pd.DataFrame({"known_until": pd.to_datetime(["2026-11-01", "2026-05-03"]), **MODEL}, index=["in_force", "calibration"])
    customers = fits.foreseen(histories, models)
    known = histories[histories["moment"] == "calibration"]
    assert list(customers.index) == list(known["customer_id"])
    assert customers[fits.LATER].sum() == histories.query("moment == 'fit'")["x"].sum() - known["x"].sum()
    assert customers[fits.EXPECTED].to_numpy() == pytest.approx(
        expected_purchases(26, known["x"], known["t_x"], known["age"], tuple(MODEL.values())), rel=1e-12)


def test_without_a_calibration_there_is_no_picture(own_data, histories):
    build({"r": None, "holdout_purchases": None, "holdout_bias": None}, histories)
    seen = fits.metadata()
    assert "calibration/r" not in seen
    assert "calibration_and_holdout" not in seen
    assert not (own_data / "quality" / "clv_models.png").exists()


def test_a_picture_that_cannot_be_drawn_is_told_and_costs_no_night(own_data, histories, monkeypatch):
    def broken(*_):
        raise ValueError("no ink")

    build({"holdout_purchases": 45.0, "holdout_bias": 0.1}, histories)
    monkeypatch.setattr(fits, "draw", broken)
    seen = fits.metadata()
    assert seen["picture"] == "could not be drawn: ValueError: no ink"
    assert seen["calibration/r"] == 0.7
    assert not (own_data / "quality" / "clv_models.png").exists()
