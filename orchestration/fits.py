"""What the purchase models of the night are and how well they foresee, as metadata and a picture on their own asset.

    marts.clv_models, int_purchase_histories  ──►  [marts, clv_models]: parameters, diagnostics, quality/clv_models.png

The picture holds the calibration against the hold-out: for customers by how often they had come back, and for customers by what was
expected of them. It is drawn again when the fit is another, which is once a month.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import numpy as np
import pandas as pd

from dbt_project.plugins.customer_value import expected_purchases
from ingestion.lake import data_root
from orchestration import exports

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger("omnimart.fits")
KEY = dg.AssetKey(["marts", "clv_models"])
OFTEN = 7   # who came back more often stands in one bar
TENTHS = 10
LATER, EXPECTED = "bought in the hold-out", "expected by the calibration"


def metadata() -> dict[str, Any]:
    """Metadata for the materialization of KEY, from the warehouse as it stands; the picture where there is a calibration.

    A picture that cannot be drawn is told in its place: the marts are published all the same.
    """
    models = _table("marts", "clv_models").set_index("fit")
    told = {f"{fit}/{name}": value for fit, row in models.iterrows() for name, value in row.items() if pd.notna(value)}
    found = {name: value.date().isoformat() if isinstance(value, pd.Timestamp) else value for name, value in told.items()}
    found = {name: value.item() if isinstance(value, np.generic) else value for name, value in found.items()}
    calibration = models.loc["calibration"]
    if pd.isna(calibration["r"]) or pd.isna(calibration["holdout_purchases"]):
        return found
    try:
        picture = _picture(calibration, lambda: foreseen(_table("intermediate", "int_purchase_histories"), models))
        image = base64.b64encode(picture.read_bytes()).decode()
    except Exception as error:  # whatever a drawing library, a full disk or odd numbers raise, no night is lost for a picture
        log.warning("The picture of the purchase models could not be drawn: %s: %s", type(error).__name__, error)
        return {**found, "picture": f"could not be drawn: {type(error).__name__}: {error}"}
    return {
        **found,
        "calibration_and_holdout": dg.MetadataValue.md(f"![calibration and hold-out](data:image/png;base64,{image})"),
        "picture": dg.MetadataValue.path(str(picture)),
    }


def foreseen(histories: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Each customer of the calibration: x, how often they had come back; what they then bought, what was expected of them."""
    calibration = models.loc["calibration"]
    known = histories[histories["moment"] == "calibration"].set_index("customer_id")
    later = histories[histories["moment"] == "fit"].set_index("customer_id")["x"]
    weeks = (models.loc["in_force", "known_until"] - calibration["known_until"]).days / 7
    parameters = tuple(calibration[["r", "alpha", "a", "b"]].astype(float))
    expected = expected_purchases(weeks, known["x"], known["t_x"], known["age"], parameters)
    return pd.DataFrame({"x": known["x"], LATER: later.reindex(known.index) - known["x"], EXPECTED: expected})


def draw(customers: pd.DataFrame, title: str) -> Figure:
    """The calibration against the hold-out, of customers as foreseen() gives them."""
    from matplotlib.figure import Figure  # half a second of imports that a night without a new fit need not pay

    figure = Figure(figsize=(10, 4.2), dpi=80, layout="constrained")
    by_number, by_tenth = figure.subplots(1, 2)
    often = customers.assign(x=customers["x"].clip(upper=OFTEN)).groupby("x")[[LATER, EXPECTED]].mean()
    by_number.plot(often.index, often[LATER], "o-", often.index, often[EXPECTED], "s--")
    by_number.set(xlabel=f"repeat purchases before the hold-out ({OFTEN} = {OFTEN} and more)", ylabel="purchases a customer")
    by_number.legend([LATER, EXPECTED])
    order = customers[EXPECTED].rank(method="first")
    tenths = customers.groupby(np.ceil(order / len(customers) * TENTHS))[[LATER, EXPECTED]].mean()
    by_tenth.plot(tenths[EXPECTED], tenths[LATER], "o", [0, tenths.max().max()], [0, tenths.max().max()], ":")
    by_tenth.set(xlabel=f"{EXPECTED} (tenths of the customers)", ylabel=LATER)
    figure.suptitle(title)
    return figure


def _picture(calibration: pd.Series, customers: Callable[[], pd.DataFrame]) -> Path:
    """The file of the picture, drawn now unless it shows this very fit."""
    path, fit = data_root() / "quality" / "clv_models.png", calibration.to_json(date_format="iso", double_precision=15)
    beside = path.with_suffix(".json")
    if not (path.exists() and beside.exists() and json.loads(beside.read_text(encoding="utf-8")) == json.loads(fit)):
        path.parent.mkdir(parents=True, exist_ok=True)
        until = calibration["known_until"].date().isoformat()
        bias = f"{calibration['holdout_bias']:+.0%}" if pd.notna(calibration["holdout_bias"]) else "unknown"
        draw(customers(), f"Purchases from {until} on as foreseen by what was known before; in all {bias}").savefig(path)
        beside.write_text(fit, encoding="utf-8")
    return path


def _table(schema: str, name: str) -> pd.DataFrame:
    """A table of the warehouse, whole."""
    table = f"warehouse.{schema}.{name}"
    with exports.reading() as connection:
        return connection.table(table).df()
