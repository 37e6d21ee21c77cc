"""A real purchase log replayed as the retailer's orders.

    customer, date YYYYMMDD, units, value (columns parted by blanks; a heading is skipped)  ->  World

One order per line of the log, with one line of goods, all of them web orders of customers that only retailcrm knows; the
customer's number in the log is the record id. `CDNOW_master.txt` of the PyPI package lifetimes has this shape:
`replay_purchases(cdnow())` needs that package installed, and nothing of it is imported.
"""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from sandbox.shapes import SHAPES
from sandbox.world import World, table

NOON_IN_MOSCOW = np.timedelta64(9, "h")
PRODUCT_ID = 1


def cdnow() -> Path:
    """The file of the CDNOW purchases in the installed package lifetimes."""
    found = importlib.util.find_spec("lifetimes")
    if found is None or found.origin is None:
        raise FileNotFoundError("The package lifetimes, which carries CDNOW_master.txt, is not installed; run: pip install lifetimes")
    return Path(found.origin).parent / "datasets" / "CDNOW_master.txt"


def read_log(path: Path | str) -> pd.DataFrame:
    """customer, day, units, value_kop; a line that is not a purchase is an error that names it."""
    rows: list[tuple[int, str, int, int]] = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), start=1):
        words = line.split()
        if not words or (number == 1 and not words[0].isdigit()):
            continue
        try:
            customer, day, units, value = words
            rows.append((int(customer), date.fromisoformat(day).isoformat(), int(units), round(float(value) * 100)))
        except ValueError as problem:
            raise ValueError(
                f"Line {number} of {path} is no purchase (customer, date YYYYMMDD, units, value): {line!r}; {problem}."
            ) from problem
    return pd.DataFrame(rows, columns=["customer", "day", "units", "value_kop"]).astype({"day": "datetime64[us]"})


def replay_purchases(path: Path | str) -> World:
    """The log as a world: every order is received on its day, nothing is discounted, returned or mailed."""
    log = read_log(path).sort_values(["day", "customer"], kind="stable").reset_index(drop=True)
    day = log["day"].to_numpy().astype("datetime64[us]")
    key = np.arange(1, len(log) + 1)
    # Seconds apart, so that the log's order within a day is the order of creation.
    since = log.groupby("day").cumcount().to_numpy().astype("timedelta64[s]")
    moment = day + NOON_IN_MOSCOW + since
    first = pd.Series(moment).groupby(log["customer"]).min()
    customers = first.index.to_numpy()
    person = [f"P{c:06d}" for c in customers]
    amount = {"gross_kop": log["value_kop"], "net_kop": log["value_kop"]}
    empty = {name: table(name) for name in SHAPES}
    tables = empty | {
        "people": table(
            "people",
            {"person_id": person, "first_name": "Customer", "last_name": [str(c) for c in customers], "joined_at": first.to_numpy()},
        ),
        "profiles": table(
            "profiles",
            {
                "system": "retailcrm",
                "record_id": pd.Series(customers.tolist(), dtype=object),
                "person_id": person,
                "kind": "person",
                "created_at": first.to_numpy() - np.timedelta64(1, "m"),
                "first_name": "Customer",
                "last_name": [str(c) for c in customers],
                "external_id": [f"log-{c}" for c in customers],
                "site": "omnimart-ru",
            },
        ),
        "products": table(
            "products",
            {
                "product_id": [PRODUCT_ID],
                "uuid": ["00000000-0000-4000-a000-000000000001"],
                "external_code": ["LOG"],
                "article": ["LOG"],
                "barcode": ["2000000000008"],
                "name": ["Goods of the purchase log"],
                "created_at": [day.min()],
            },
        ),
        "orders": table(
            "orders",
            {
                "order_id": key,
                "number": [f"{k}A" for k in key],
                "external_id": [f"log-order-{k}" for k in key],
                "uuid": [f"00000000-0000-4000-a001-{k:012d}" for k in key],
                "kind": "online",
                "sales_channel": "web",
                "person_id": [f"P{c:06d}" for c in log["customer"]],
                "crm_record_id": log["customer"],
                "site": "omnimart-ru",
                "created_at": moment,
                "confirmed_at": moment,
                "shipped_at": moment,
                "received_at": moment,
                "promised_on": day,
                "fulfilment": "courier",
                "payment_type": "online",
                "paid_at": moment,
                "currency": "RUB",
                **amount,
            },
        ),
        "order_lines": table(
            "order_lines",
            {
                "order_id": key,
                "line_number": 1,
                "product_id": PRODUCT_ID,
                "quantity": log["units"],
                # The log gives values only: a unit price would not divide into whole kopecks, so the line's value is its price
                # times the units up to rounding, and vendors' stand-ins show net_kop as the line's sum.
                "unit_price_kop": log["value_kop"] // log["units"].clip(lower=1),
                "net_kop": log["value_kop"],
            },
        ),
    }
    end = day.max() + np.timedelta64(1, "D")
    return World(begins_at=day.min().item(), until=end.item(), ends_at=end.item(), **tables)
