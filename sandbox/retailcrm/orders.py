"""One order, as RetailCRM v5 writes it.

Book -> `order` -> order_lists.py. Money is in roubles as JSON numbers; discounts are per unit, so
(initialPrice - discountTotal) x quantity over the lines, plus delivery, is totalSumm [C: the loyalty fixture of the official client].
"""

from datetime import datetime

from sandbox.retailcrm.book import Book
from sandbox.retailcrm.customers import reference
from sandbox.retailcrm.histories import Row
from sandbox.retailcrm.wire import custom_fields, day, local, present, rubles

METHODS = {"web": "shopping-cart", "app": "app", "phone": "phone"}
DELIVERY = {"courier": "courier", "pickup_point": "pickup-point", "store_pickup": "self-delivery"}
PAYMENTS = {"card": "bank-card", "cash": "cash", "online": "e-money", "gift_card": "gift-card"}
# The world's four discounts under the types of the vendor's enumeration [C].
DISCOUNTS = {
    "mass_discount_kop": "manual_product",
    "personal_discount_kop": "personal",
    "promo_discount_kop": "manual_order",
    "points_discount_kop": "bonus_charge",
}


def order(book: Book, row: Row, now: datetime) -> Row:
    """One order of a list, with lines, payments and delivery inside."""
    number = row["order_id"]
    changed_at, status = book.status_at(number, now)
    lines = book.world.grouped("order_lines", "order_id").get(number, [])
    items = [_item(book, line, row, now) for line in lines]
    received = row["received_at"] is not None and row["received_at"] <= now
    fulfilment_store = _store_code(book, row["store_id"])
    return present(
        {
            "slug": number,
            "id": number,
            "number": row["number"],
            "externalId": row["external_id"],
            "orderType": "test" if row["is_test"] else "eshop-legal" if row["is_b2b"] else "eshop-individual",
            "orderMethod": METHODS.get(row["sales_channel"], row["sales_channel"]),
            "privilegeType": "none",
            "countryIso": "RU",
            "createdAt": local(row["created_at"]),
            "statusUpdatedAt": local(changed_at),
            "site": row["site"],
            "status": status,
            "summ": rubles(row["gross_kop"]),
            "totalSumm": rubles(row["net_kop"] + row["delivery_kop"]),
            "prepaySum": rubles(row["net_kop"] + row["delivery_kop"]) if _paid(row, now) else 0,
            "purchaseSumm": rubles(sum(line["cost_kop"] for line in lines if not line["is_cancelled"])),
            "currency": row["currency"],
            "discountManualAmount": 0,
            "discountManualPercent": 0,
            "personalDiscountPercent": 0,
            "bonusesCreditTotal": row["points_earned"] if received else 0,
            "bonusesChargeTotal": row["points_redeemed"],
            "loyaltyAccount": {"id": row["account_id"]} if row["account_id"] is not None else None,
            "markDatetime": local(row["created_at"]),
            **_customer(book, row, now),
            "phone": row["contact_phone"],
            "email": row["contact_email"],
            "call": False,
            "expired": False,
            "contragent": {"contragentType": "legal-entity" if row["is_b2b"] else "individual"},
            "delivery": present(
                {
                    "code": DELIVERY.get(row["fulfilment"]),
                    "cost": rubles(row["delivery_kop"]),
                    "netCost": 0,
                    "date": day(row["promised_on"]),
                    "address": present(
                        {
                            "countryIso": "RU",
                            "region": row["delivery_region"],
                            "city": row["delivery_city"],
                            "text": row["delivery_address"],
                        }
                    ),
                }
            ),
            "items": items,
            "fullPaidAt": local(row["paid_at"]) if _paid(row, now) else None,
            "payments": _payments(row, now),
            "fromApi": row["sales_channel"] != "phone",
            "shipmentStore": fulfilment_store,
            "managerId": row["employee_id"],
            "shipmentDate": day(row["shipped_at"]) if row["shipped_at"] is not None and row["shipped_at"] <= now else None,
            "shipped": row["shipped_at"] is not None and row["shipped_at"] <= now,
            "customFields": custom_fields({"promo_code": row["promo_code"]}),
        }
    )


def _customer(book: Book, row: Row, now: datetime) -> Row:
    """The customer as the order shows it: the survivor, when the record of the checkout was merged since."""
    record = book.survivor(row["crm_record_id"], now)
    profile = book.profile_by_id.get(record) if record is not None else None
    if profile is None:
        return {}
    stood = book.as_of(profile, now)
    if profile["kind"] == "company":
        name = stood["first_name"] or "Компания"
        return {
            "customer": {"type": "customer_corporate", "id": record, "nickName": name, "site": stood["site"]},
            "company": {"id": record, "name": name},
        }
    return present(
        {
            "customer": reference(book, stood),
            "firstName": stood["first_name"],
            "lastName": stood["last_name"],
            "patronymic": stood["middle_name"],
        }
    )


def _item(book: Book, line: Row, row: Row, now: datetime) -> Row:
    product = book.products[line["product_id"]]
    quantity = line["quantity"] or 1
    off = {kind: line[column] for column, kind in DISCOUNTS.items() if line[column]}
    # The price comes from the line's sums, so that price x quantity is exact even where a replayed purchase does not divide evenly.
    gross = line["net_kop"] + sum(off.values()) if not line["is_cancelled"] else line["unit_price_kop"] * quantity
    cancelled = line["is_cancelled"]
    price = _per_unit(gross, quantity)
    return present(
        {
            "id": row["order_id"] * 100 + line["line_number"],
            "externalIds": [{"code": "default", "value": str(line["line_number"])}],
            "initialPrice": price,
            "discountTotal": _per_unit(sum(off.values()), quantity),
            "discounts": [{"type": kind, "amount": _per_unit(amount, quantity)} for kind, amount in off.items()],
            "prices": [{"price": _per_unit(gross - sum(off.values()), quantity), "quantity": quantity}],
            "vatRate": "20.00",
            "createdAt": local(row["created_at"]),
            "quantity": quantity,
            "status": "cancelled" if cancelled else "new",
            "isCanceled": cancelled,
            "offer": present(
                {
                    "displayName": product["name"],
                    "id": product["product_id"],
                    "externalId": product["article"],
                    "xmlId": product["external_code"],
                    "name": product["name"],
                    "article": product["article"],
                    "vatRate": "20.00",
                    "barcode": product["barcode"],
                    "unit": {"code": "pc", "name": "Штука", "sym": "шт."},
                }
            ),
            "productName": product["name"],
            "properties": [],
            "purchasePrice": _per_unit(line["cost_kop"], quantity),
            "bonusesChargeTotal": round(row["points_redeemed"] * line["points_discount_kop"] / (row["points_discount_kop"] or 1), 2),
            "bonusesCreditTotal": 0,
            "markingCodes": [],
        }
    )


def _payments(row: Row, now: datetime) -> Row | list:
    """Keyed by payment id; a map without members is [] [C: both shapes stand in the official client's fixtures]."""
    kind = PAYMENTS.get(row["payment_type"])
    if kind is None:
        return []
    paid = _paid(row, now)
    number = row["order_id"] + 500_000_000
    return {
        str(number): present(
            {
                "id": number,
                "status": "paid" if paid else "not-paid",
                "type": kind,
                "externalId": f"payment_{number}",
                "amount": rubles(row["net_kop"] + row["delivery_kop"]),
                "paidAt": local(row["paid_at"]) if paid else None,
            }
        )
    }


def _paid(row: Row, now: datetime) -> bool:
    return row["paid_at"] is not None and row["paid_at"] <= now


def _store_code(book: Book, store_id: int | None) -> str | None:
    return book.store_codes.get(store_id) if store_id is not None else None


def _per_unit(kopecks: int, quantity: int) -> float | int:
    amount = kopecks / 100 / quantity
    return int(amount) if amount == int(amount) else amount
