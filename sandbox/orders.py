"""The orders as the retailer's systems hold them: under which record, with which contacts, account, address and clerk.

met visits, records, accounts -> orders without amounts;  amounts, points -> delivery
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import baskets, trade
from sandbox.dice import Dice
from sandbox.encounters import record_of
from sandbox.profiles import written_phone

FIRST_ORDER = 10_001
DELIVERY_KOP = {"courier": 39_000, "pickup_point": 19_000}
FREE_DELIVERY_FROM_KOP = 300_000


def orders(
    dice: Dice,
    met: pd.DataFrame,
    records: pd.DataFrame,
    accounts: pd.DataFrame,
    folk: pd.DataFrame,
    changes: pd.DataFrame,
    firms: pd.DataFrame,
    shops: pd.DataFrame,
) -> pd.DataFrame:
    """One row per visit, in order of time, with who and nth (its keys for the dice) and person (row of `folk`, -1 unknown)."""
    who, nth, person = (met[name].to_numpy() for name in ("who", "nth", "person"))
    online, known = met["online"].to_numpy(), person >= 0
    order_id = np.arange(FIRST_ORDER, FIRST_ORDER + len(met))
    made = met[["who", "nth", "person", "created_at", "sales_channel"]].join(trade.milestones(dice, met, shops))
    store, made["store_id"] = made["store_id"].to_numpy(), pd.array(made["store_id"].to_numpy(), dtype="Int64")
    made.loc[store == 0, "store_id"] = pd.NA
    clerk = np.where(
        online, len(shops) * 4 + 1 + dice.index(6, "operator", who, nth), (store - 1) * 4 + 2 + dice.index(3, "cashier", who, nth)
    )
    served = ~online | (met["sales_channel"] == "phone").to_numpy()
    account = pd.Series(np.where(met["is_member"], person, -1)).map(dict(zip(accounts["account_key"], accounts["account_id"], strict=True)))
    contact = _contacts(dice, met, folk, changes, firms, shops, made, store)
    return made.assign(
        order_id=order_id,
        number=[f"{i}A" if o else f"{i:06d}" for i, o in zip(order_id, online, strict=True)],
        external_id=pd.Series([f"web-{i}" if o else None for i, o in zip(order_id, online, strict=True)], dtype=object),
        uuid=dice.uuids("order", who, nth),
        kind=np.where(online, "online", "receipt"),
        person_id=pd.Series(np.where(known, folk["person_id"].to_numpy(dtype=object)[person], None), dtype=object),
        crm_record_id=pd.array(record_of(records, met, "retailcrm").to_numpy(), dtype="Int64"),
        ms_record_id=record_of(records, met, "moysklad"),
        site=np.where(online, "omnimart-ru", None),
        employee_id=pd.array([c if s else None for c, s in zip(clerk, served, strict=True)], dtype="Int64"),
        is_test=(who <= trade.TESTS) & (who > trade.FIRMS),
        is_employee_purchase=known & folk["is_employee"].to_numpy()[person],
        is_b2b=who <= trade.FIRMS,
        currency="RUB",
        promo_code=baskets.promo_codes(dice, met),
        is_guest_checkout=met["is_guest"].to_numpy(),
        account_id=pd.array(account.to_numpy(), dtype="Int64"),
        **contact,
    )


def _contacts(
    dice: Dice,
    met: pd.DataFrame,
    folk: pd.DataFrame,
    changes: pd.DataFrame,
    firms: pd.DataFrame,
    shops: pd.DataFrame,
    made: pd.DataFrame,
    store: np.ndarray,
) -> dict[str, pd.Series]:
    """Where to and whom to call: what the person's own values were at the moment of the order, typed into the form by hand."""
    person, moment, online = met["person"].to_numpy(), met["created_at"].to_numpy(), met["online"].to_numpy()
    known, firm = online & (person >= 0), np.maximum(trade.FIRMS - met["who"].to_numpy(), 0)
    is_firm = met["who"].to_numpy() <= trade.FIRMS
    values = {}
    for name in ("email", "phone", "city", "region", "address"):
        part = changes[changes["field"] == name].drop_duplicates("person").set_index("person")
        when = part["changed_at"].reindex(range(len(folk))).to_numpy().astype("datetime64[us]")
        new = part["new_value"].reindex(range(len(folk))).to_numpy(dtype=object)
        now = np.where(when[person] <= moment, new[person], folk[name].to_numpy(dtype=object)[person])
        values[name] = np.where(known, now, np.where(is_firm, firms[name].to_numpy(dtype=object)[np.minimum(firm, len(firms) - 1)], None))
    collected = (made["fulfilment"] == "store_pickup").to_numpy()
    for name in ("city", "region", "address"):
        values[name] = np.where(collected, shops[name].to_numpy(dtype=object)[np.maximum(store - 1, 0)], values[name])
    style = dice.index(5, "typed phone", met["who"].to_numpy(), met["nth"].to_numpy())
    gives = met["guest_contact"].to_numpy()
    phoned = (met["sales_channel"] == "phone").to_numpy() & ~is_firm
    phone = [written_phone(p, s) if p is not None and g != "email" else None for p, s, g in zip(values["phone"], style, gives, strict=True)]
    email = np.where((gives == "phone") | phoned, None, values["email"])
    named = {
        "contact_phone": phone,
        "contact_email": email,
        "delivery_city": values["city"],
        "delivery_region": values["region"],
        "delivery_address": values["address"],
    }
    return {name: pd.Series(column, dtype=object) for name, column in named.items()}


def with_amounts(made: pd.DataFrame, sums: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """The orders with the sums of their lines, their points, and delivery free from a threshold on."""
    full = made.set_index("order_id").join(sums).join(points.set_index("order_id")).reset_index()
    full[["points_redeemed", "points_earned"]] = full[["points_redeemed", "points_earned"]].fillna(0).astype("int64")
    charged = np.where(full["net_kop"] < FREE_DELIVERY_FROM_KOP, full["fulfilment"].map(DELIVERY_KOP).fillna(0), 0)
    return full.assign(delivery_kop=charged.astype("int64"))
