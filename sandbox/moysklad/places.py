"""Places and those who work there, as MoySklad's dictionaries show them: points of sale, stock places, employees.

a row of the world  ->  the record of one entity (documented members: md/dictionaries/*)
"""

from datetime import datetime
from typing import Any

from sandbox.moysklad.entities import ORGANIZATION, PRICE_TYPE, common
from sandbox.moysklad.wire import ORIGIN, array, at, attribute, filled, made_id, midnight, reference


def retail_store(row: dict[str, Any], *, updated: datetime, is_open: bool, cashiers: int) -> dict[str, Any]:
    """A point of sale (a till's shop). What the vendor has no member for hangs on its stock place, `store`."""
    key = row["retail_store_uuid"]
    return filled(
        {
            **common("retailstore", key, updated=updated, external_code=row["external_code"]),
            "name": row["name"],
            "archived": False,
            "active": is_open,
            "address": f"{row['city']}, {row['address']}",
            "addressFull": filled({"city": row["city"], "street": row["address"]}),
            "store": reference("store", row["uuid"]),
            "organization": ORGANIZATION,
            "acquire": ORGANIZATION,
            "priceType": PRICE_TYPE,
            "controlShippingStock": False,
            "onlyInStock": False,
            "controlCashierChoice": False,
            "discountEnable": True,
            "discountMaxPercent": 100,
            "issueOrders": False,
            "sellReserves": False,
            "authTokenAttached": True,
            "allowCustomPrice": False,
            "allowDeleteReceiptPositions": True,
            "allowSellTobaccoWithoutMRC": False,
            "createCashInOnRetailShiftClosing": False,
            "createPaymentInOnRetailShiftClosing": False,
            "defaultTaxSystem": "GENERAL_TAX_SYSTEM",
            "orderTaxSystem": "GENERAL_TAX_SYSTEM",
            "fiscalType": "STANDARD",
            "enableReturnsWithNoReason": True,
            "returnFromClosedShiftEnabled": True,
            "reservePrepaidGoods": False,
            "printAlways": False,
            "ofdEnabled": True,
            "qrPayEnabled": True,
            "syncAgents": True,
            "requiredFio": False,
            "requiredPhone": False,
            "requiredEmail": False,
            "requiredBirthdate": False,
            "requiredSex": False,
            "requiredDiscountCardNumber": False,
            "showBeerOnTap": False,
            "tobaccoMrcControlType": "USER_PRICE",
            "environment": {"device": "", "os": "Windows", "softwareVersion": ""},
            "lastOperationNames": [{"entity": "retaildemand", "name": "00001"}],
            "cashiers": array(f"{ORIGIN}/entity/retailstore/{key}/cashiers", "cashier", cashiers),
        }
    )


def store(row: dict[str, Any], *, updated: datetime, group: str) -> dict[str, Any]:
    """A stock place, that of a shop or a warehouse (which has no till and so no format)."""
    key = row["uuid"]
    facts = [
        ("Регион", "string", row.get("region")),
        ("Формат", "string", row.get("format")),
        ("Франшиза", "boolean", row.get("is_franchise")),
        ("Часовой пояс", "string", row.get("time_zone")),
        ("Дата открытия", "time", midnight(row["opened_on"]) if row.get("opened_on") else None),
        ("Дата закрытия", "time", midnight(row["closed_on"]) if row.get("closed_on") else None),
    ]
    href = f"{ORIGIN}/entity/store/{key}"
    return filled(
        {
            **common("store", key, updated=updated, external_code=row["external_code"]),
            "name": row["name"],
            "code": row["code"],
            "archived": False,
            "address": f"{row['city']}, {row['address']}",
            "addressFull": filled({"city": row["city"], "street": row["address"]}),
            "pathName": group,
            "attributes": [attribute("store", name, form, value) for name, form, value in facts if value is not None],
            "zones": array(f"{href}/zones", "storezone", 0),
            "slots": array(f"{href}/slots", "slot", 0),
        }
    )


def employee(row: dict[str, Any], *, updated: datetime, is_dismissed: bool, retail_store: str | None) -> dict[str, Any]:
    """An employee; one who sells is a cashier of a point of sale."""
    key = row["uuid"]
    cashier = {
        "href": f"{ORIGIN}/entity/retailstore/{retail_store}/cashiers/{made_id('cashier', key)}",
        "type": "cashier",
        "mediaType": "application/json",
    }
    return filled(
        {
            **common("employee", key, updated=updated, external_code=key.replace("-", "")[:22]),
            "name": row["name"],
            "archived": is_dismissed,
            "created": at(row["hired_at"]),
            "uid": f"user{row['employee_id']}@sandbox",
            "email": row["email"],
            "phone": row["phone"],
            "firstName": row["first_name"],
            "lastName": row["last_name"],
            "fullName": f"{row['first_name']} {row['last_name']}",
            "shortFio": f"{row['last_name']} {row['first_name'][:1]}.",
            "position": row["position"],
            "cashiers": [{"meta": cashier}] if retail_store else None,
            "retailStore": reference("retailstore", retail_store) if retail_store else None,
        }
    )
