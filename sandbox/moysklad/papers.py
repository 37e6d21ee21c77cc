"""The papers of sales as MoySklad shows them: receipts, customer orders, shipments, two kinds of returns.

    orders and returns of the world  ->  records of documents (documented members: md/documents/*)

Documented and kept: `sum` is the whole document in kopecks after every discount. Chosen here, for the vendor documents neither: how a
receipt's discount splits into points, personal and promo code stands in custom fields in roubles (the rest is a mass discount); a
receipt paid by gift card offsets an advance.
"""

from datetime import datetime
from typing import Any

from sandbox import fiscal
from sandbox.moysklad.entities import CHANNELS, CURRENCY, GROUP, ORDER_STATES, ORGANIZATION, OWNER
from sandbox.moysklad.wire import (
    ACCOUNT_ID,
    ORIGIN,
    array,
    at,
    attribute,
    filled,
    made_id,
    meta,
    minute,
    moscow,
    reference,
    state_reference,
)

POSITION_KINDS = {
    "retaildemand": "demandposition",
    "demand": "demandposition",
    "customerorder": "customerorderposition",
    "retailsalesreturn": "salesreturnposition",
    "salesreturn": "salesreturnposition",
}
VAT = 20
MISTAKE_EVERY = 311
UNPOSTED_CHANNELS = {"app"}  # the app's connector posts no order
DRAFTS_OF = 61  # returns: two more were begun and never posted


def has_draft(return_id: int) -> bool:
    """Whether somebody began a draft of the return and left it."""
    return return_id % DRAFTS_OF in (7, 8)


def _document(
    kind: str,
    key: str,
    name: str,
    *,
    moment: datetime,
    created: datetime,
    updated: datetime,
    deleted: datetime | None,
    external_code: str,
    owner: str | None,
    agent: str,
    store: str,
    total_kop: int,
    positions: int,
    is_posted: bool = True,
) -> dict[str, Any]:
    return {
        "meta": meta(kind, key),
        "id": key,
        "accountId": ACCOUNT_ID,
        "owner": reference("employee", owner) if owner else OWNER,
        "shared": False,
        "group": GROUP,
        "updated": at(updated),
        "deleted": at(deleted) if deleted else None,
        "name": name,
        "externalCode": external_code,
        "moment": minute(moment),
        "applicable": is_posted,
        "rate": {"currency": CURRENCY},
        "sum": float(total_kop),
        "organization": ORGANIZATION,
        "store": reference("store", store),
        "agent": reference("counterparty", agent),
        "created": at(created),
        "printed": False,
        "published": False,
        "files": array(f"{ORIGIN}/entity/{kind}/{key}/files", "files", 0),
        "positions": array(f"{ORIGIN}/entity/{kind}/{key}/positions", POSITION_KINDS[kind], positions),
        "vatEnabled": True,
        "vatIncluded": True,
        "vatSum": float(round(total_kop * VAT / (100 + VAT))),
    }


def _cheque(paper: fiscal.FiscalDocument, moment: datetime) -> dict[str, str]:
    return {
        "fnNumber": paper.drive,
        "fiscalDocSign": paper.sign,
        "fiscalDocNumber": paper.number,
        "kktRegNumber": fiscal.TILL_REGISTRATION,
        "time": at(moment),
    }


def receipt(
    order: dict[str, Any],
    *,
    key: str,
    name: str,
    created: datetime,
    updated: datetime,
    deleted: datetime | None,
    lines: int,
    agent: str,
    store: str,
    retail_store: str,
    cashier: str | None,
) -> dict[str, Any]:
    """A retail sale (retaildemand)."""
    total, paid = order["net_kop"], order["payment_type"]
    day = moscow(order["created_at"]).date()
    facts = [
        ("Скидка баллами", "double", order["points_discount_kop"] / 100),
        ("Персональная скидка", "double", order["personal_discount_kop"] / 100),
        ("Скидка по промокоду", "double", order["promo_discount_kop"] / 100),
        ("Промокод", "string", order["promo_code"]),
    ]
    return filled(
        {
            **_document(
                "retaildemand",
                key,
                name,
                moment=order["created_at"],
                created=created,
                updated=updated,
                deleted=deleted,
                external_code=key.replace("-", "")[:22],
                owner=cashier,
                agent=agent,
                store=store,
                total_kop=total,
                positions=lines,
            ),
            "attributes": [attribute("retaildemand", name, form, value) for name, form, value in facts if value],
            "retailStore": reference("retailstore", retail_store),
            "retailShift": reference("retailshift", made_id("retailshift", retail_store, day)),
            "cashSum": float(total if paid == "cash" else 0),
            "noCashSum": float(total if paid == "card" else 0),
            "qrSum": float(total if paid == "online" else 0),
            "prepaymentCashSum": 0.0,
            "prepaymentNoCashSum": 0.0,
            "prepaymentQrSum": 0.0,
            "advancePaymentSum": float(total if paid == "gift_card" else 0),
            "payedSum": float(total),
            "taxSystem": "GENERAL_TAX_SYSTEM",
            "giftCards": [{"name": f"{order['order_id']:010d}", "paymentSum": float(total)}] if paid == "gift_card" else None,
            "checkNumber": order["order_id"] % 10_000,
            "checkSum": float(total),
            "cheque": _cheque(fiscal.of_sale(order["order_id"]), order["created_at"]),
        }
    )


def customer_order(
    order: dict[str, Any], *, created: datetime, updated: datetime, now: datetime, lines: int, agent: str, store: str, operator: str | None
) -> dict[str, Any]:
    """The mirror of an online order: its name is the number the shop gave it."""
    total = order["net_kop"]
    milestones = (("Отменен", "cancelled_at"), ("Доставлен", "received_at"), ("Отгружен", "shipped_at"), ("Подтвержден", "confirmed_at"))
    reached = next((name for name, column in milestones if order[column] and order[column] <= now), "Новый")
    paid = bool(order["paid_at"] and order["paid_at"] <= now)
    shipped = reached in ("Отгружен", "Доставлен")
    address = ", ".join(filter(None, [order["delivery_region"], order["delivery_city"], order["delivery_address"]])) or None
    promised = datetime.combine(order["promised_on"], datetime.min.time()) if order["promised_on"] else None
    facts = [
        ("Скидка баллами", "double", order["points_discount_kop"] / 100),
        ("Персональная скидка", "double", order["personal_discount_kop"] / 100),
        ("Скидка по промокоду", "double", order["promo_discount_kop"] / 100),
        ("Промокод", "string", order["promo_code"]),
    ]
    channel = CHANNELS.get(order["sales_channel"])
    return filled(
        {
            **_document(
                "customerorder",
                order["uuid"],
                order["number"],
                moment=order["created_at"],
                created=created,
                updated=updated,
                deleted=None,
                external_code=order["external_id"] or order["number"],
                owner=operator,
                agent=agent,
                store=store,
                total_kop=total,
                positions=lines,
                is_posted=order["sales_channel"] not in UNPOSTED_CHANNELS,
            ),
            "attributes": [attribute("customerorder", name, form, value) for name, form, value in facts if value],
            "state": state_reference("customerorder", ORDER_STATES[reached][0]),
            "salesChannel": reference("saleschannel", channel[0]) if channel else None,
            "deliveryPlannedMoment": promised.isoformat(sep=" ", timespec="milliseconds") if promised else None,
            "shipmentAddress": address,
            "shipmentAddressFull": filled(
                {"city": order["delivery_city"], "street": order["delivery_address"], "comment": order["delivery_region"]}
            )
            if address
            else None,
            "invoicedSum": 0.0,
            "payedSum": float(total if paid else 0),
            "shippedSum": float(total if shipped else 0),
            "reservedSum": float(total if reached == "Подтвержден" else 0),
        }
    )


def shipment(order: dict[str, Any], *, agent: str, store: str, lines: int) -> dict[str, Any]:
    """The shipment (demand) of an online order."""
    moment = order["shipped_at"] or order["created_at"]
    return filled(
        {
            **_document(
                "demand",
                made_id("demand", order["uuid"]),
                order["number"],
                moment=moment,
                created=moment,
                updated=moment,
                deleted=None,
                external_code=made_id("demand", order["uuid"])[:22],
                owner=None,
                agent=agent,
                store=store,
                total_kop=order["net_kop"],
                positions=lines,
            ),
            "customerOrder": reference("customerorder", order["uuid"]),
            "payedSum": float(order["net_kop"]),
        }
    )


def sales_return(
    kind: str,
    row: dict[str, Any],
    order: dict[str, Any],
    *,
    key: str,
    created: datetime,
    lines: int,
    agent: str,
    store: str,
    retail_store: str | None,
    cashier: str | None,
    has_basis: bool,
    is_posted: bool,
) -> dict[str, Any]:
    """A return: retailsalesreturn at a till, salesreturn of an online order. Without a basis it names no sale; one that is not posted
    was never printed."""
    total, paid = row["amount_kop"], order["payment_type"]
    till = {
        "retailStore": reference("retailstore", retail_store) if retail_store else None,
        "retailShift": reference("retailshift", made_id("retailshift", retail_store, moscow(row["returned_at"]).date())),
        "cashSum": float(total if paid == "cash" else 0),
        "noCashSum": float(0 if paid in ("cash", "online") else total),
        "qrSum": float(total if paid == "online" else 0),
        "taxSystem": "GENERAL_TAX_SYSTEM",
        "demand": reference("retaildemand", order["uuid"]) if has_basis else None,
        "cheque": _cheque(fiscal.of_return(row["return_id"]), row["returned_at"]) if is_posted else None,
    }
    office = {"demand": reference("demand", made_id("demand", order["uuid"])) if has_basis else None, "payedSum": float(total)}
    return filled(
        {
            **_document(
                kind,
                key,
                f"{row['return_id']:05d}" + ("" if is_posted else "-1"),
                moment=row["returned_at"],
                created=created,
                updated=created,
                deleted=None,
                external_code=key.replace("-", "")[:22],
                owner=cashier,
                agent=agent,
                store=store,
                total_kop=total,
                positions=lines,
                is_posted=is_posted,
            ),
            "description": row["reason"],
            **(till if kind == "retailsalesreturn" else office),
        }
    )
