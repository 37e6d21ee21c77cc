"""People and things as MoySklad's dictionaries show them: counterparties, products and their groups, channels, states, the programme.

    a row of the world  ->  the record of one entity (documented members: md/dictionaries/*)

Custom fields carry what the vendor has no member for: a product's brand. Their names are the account's own and not
the vendor's, which is why the warehouse reads them through a mapping.
"""

from datetime import datetime
from typing import Any

from sandbox.moysklad.wire import (
    ACCOUNT_ID,
    ORIGIN,
    array,
    at,
    attribute,
    filled,
    made_id,
    meta,
    midnight,
    reference,
    state_reference,
)

PLACEHOLDER = "Розничный покупатель"
BEGINNING = datetime.fromisoformat("2024-01-01")
GROUP = reference("group", made_id("group"))
OWNER = reference("employee", made_id("administrator"))
ORGANIZATION = reference("organization", made_id("organization"))
CURRENCY = reference("currency", made_id("currency", "RUB"))
CURRENCIES = tuple(
    {
        "meta": meta("currency", made_id("currency", iso)),
        "id": made_id("currency", iso),
        "system": is_own,
        "name": name,
        "fullName": whole,
        "code": code,
        "isoCode": iso,
        "rate": rate,
        "multiplicity": 1,
        "indirect": False,
        "rateUpdateType": "manual",
        "default": is_own,
        "archived": False,
    }
    for iso, code, name, whole, rate, is_own in (
        ("RUB", "643", "руб", "Российский рубль", 1.0, True),
        ("KZT", "398", "тг", "Тенге", 0.17, False),
    )
)
PRICE_TYPE = {
    "meta": {
        "href": f"{ORIGIN}/context/companysettings/pricetype/{made_id('pricetype')}",
        "type": "pricetype",
        "mediaType": "application/json",
    },
    "id": made_id("pricetype"),
    "name": "Цена продажи",
    "externalCode": "cbcf493b-55bc-11d9-848a-00112f43529a",
}
PROGRAMME_ID = made_id("bonusprogram")
TAGS = {"employee": ["сотрудники"], "test": ["тест"], "company": ["юрлица"]}
SEXES = {"male": "MALE", "female": "FEMALE"}
# sales_channel of the world -> id, name and documented type of the vendor's sales channel
CHANNELS = {
    "web": (made_id("saleschannel", "web"), "Интернет-магазин", "ECOMMERCE"),
    "app": (made_id("saleschannel", "app"), "Мобильное приложение", "OTHER"),
    "phone": (made_id("saleschannel", "phone"), "Заказ по телефону", "DIRECT_SALES"),
}
ORDER_STATES = {
    name: (made_id("customerorder", "state", name), name, kind)
    for name, kind in (
        ("Новый", "Regular"),
        ("Подтвержден", "Regular"),
        ("Отгружен", "Regular"),
        ("Доставлен", "Successful"),
        ("Отменен", "Unsuccessful"),
    )
}


def common(kind: str, key: str, *, updated: datetime, external_code: str) -> dict[str, Any]:
    """What every entity has."""
    return {
        "meta": meta(kind, key),
        "id": key,
        "accountId": ACCOUNT_ID,
        "owner": OWNER,
        "shared": True,
        "group": GROUP,
        "updated": at(updated),
        "externalCode": external_code,
    }


def counterparty(
    row: dict[str, Any], *, updated: datetime, company: dict[str, Any] | None, sales_kop: int, points: int
) -> dict[str, Any]:
    """A buyer: a person, a company, the till's placeholder. `row` is the profile as it stood."""
    key, kind = row["record_id"], row["kind"]
    names = [row["last_name"], row["first_name"], row["middle_name"]]
    is_company = kind in ("company", "placeholder")
    name = (
        PLACEHOLDER
        if kind == "placeholder"
        else company["name"]
        if company
        else " ".join(filter(None, names)) or row["phone"] or "Без имени"
    )
    address = ", ".join(filter(None, [row["region"], row["city"], row["address"]])) or None
    href = f"{ORIGIN}/entity/counterparty/{key}"
    return filled(
        {
            **common("counterparty", key, updated=updated, external_code=made_id("counterparty", "external", key).replace("-", "")[:22]),
            "name": name,
            "archived": False,
            "created": at(row["created_at"]),
            "companyType": "legal" if is_company else "individual",
            "legalTitle": name if is_company else None,
            "legalLastName": None if is_company else row["last_name"],
            "legalFirstName": None if is_company else row["first_name"],
            "legalMiddleName": None if is_company else row["middle_name"],
            "inn": company["inn"] if company else None,
            "kpp": company["kpp"] if company else None,
            "sex": None if is_company else SEXES.get(row["sex"]),
            "birthDate": midnight(row["birth_date"]) if row["birth_date"] and not is_company else None,
            "email": row["email"],
            "phone": row["phone"],
            "discountCardNumber": row["card_number"],
            "actualAddress": address,
            "actualAddressFull": filled(
                {
                    "city": row["city"],
                    "street": row["address"],
                }
            )
            if address
            else None,
            "tags": TAGS.get(kind, []),
            "salesAmount": sales_kop,
            "bonusPoints": points,
            "bonusProgram": reference("bonusprogram", PROGRAMME_ID) if row["card_number"] else None,
            "accounts": array(f"{href}/accounts", "account", 0),
            "contactpersons": array(f"{href}/contactpersons", "contactperson", 0),
            "notes": array(f"{href}/notes", "note", 0),
            "files": array(f"{href}/files", "files", 0),
        }
    )


def product(row: dict[str, Any], *, updated: datetime, archived: bool) -> dict[str, Any]:
    """A product. Its purchase price is today's, not that of a sale in the past."""
    key = row["uuid"]
    href = f"{ORIGIN}/entity/product/{key}"
    attributes = [attribute("product", "Бренд", "string", row["brand"]), attribute("product", "Эксклюзив", "boolean", row["is_exclusive"])]
    return filled(
        {
            **common("product", key, updated=updated, external_code=row["external_code"]),
            "name": row["name"],
            "code": f"{row['product_id']:05d}",
            "article": row["article"],
            "archived": archived,
            "pathName": f"{row['category']}/{row['subcategory']}",
            "productFolder": reference("productfolder", made_id("productfolder", row["category"], row["subcategory"])),
            "effectiveVat": 20,
            "effectiveVatEnabled": True,
            "vat": 20,
            "vatEnabled": True,
            "useParentVat": False,
            "discountProhibited": False,
            "paymentItemType": "GOOD",
            "trackingType": "NOT_TRACKED",
            "isSerialTrackable": False,
            "weight": 0.0,
            "volume": 0.0,
            "variantsCount": 0,
            "minPrice": {"value": 0.0, "currency": CURRENCY},
            "salePrices": [{"value": float(row["price_kop"]), "currency": CURRENCY, "priceType": PRICE_TYPE}],
            "buyPrice": {"value": float(row["cost_kop"]), "currency": CURRENCY},
            "barcodes": [{"ean13": row["barcode"]}] if row["barcode"] else None,
            "attributes": [a for a in attributes if a["value"] is not None],
            "images": array(f"{href}/images", "image", 0),
            "files": array(f"{href}/files", "files", 0),
        }
    )


def product_folder(category: str, subcategory: str | None, *, updated: datetime) -> dict[str, Any]:
    """A group of products; the path of its parents stands in pathName."""
    key = made_id("productfolder", category, *([subcategory] if subcategory else []))
    parent = reference("productfolder", made_id("productfolder", category)) if subcategory else None
    return filled(
        {
            **common("productfolder", key, updated=updated, external_code=key.replace("-", "")[:22]),
            "name": subcategory or category,
            "archived": False,
            "pathName": category if subcategory else "",
            "productFolder": parent,
            "useParentVat": True,
            "effectiveVat": 20,
            "effectiveVatEnabled": True,
        }
    )


def sales_channel(key: str, name: str, kind: str) -> dict[str, Any]:
    """A sales channel of orders."""
    return {
        **common("saleschannel", key, updated=BEGINNING, external_code=key.replace("-", "")[:22]),
        "name": name,
        "type": kind,
        "archived": False,
    }


def state(key: str, name: str, kind: str) -> dict[str, Any]:
    """A status of customer orders."""
    return {
        **state_reference("customerorder", key),
        "id": key,
        "accountId": ACCOUNT_ID,
        "name": name,
        "color": 15106326,
        "stateType": kind,
        "entityType": "customerorder",
    }


def bonus_program(name: str) -> dict[str, Any]:
    """The one loyalty programme; a point is a rouble."""
    return {
        "meta": meta("bonusprogram", PROGRAMME_ID),
        "id": PROGRAMME_ID,
        "accountId": ACCOUNT_ID,
        "name": name,
        "active": True,
        "allProducts": True,
        "allAgents": False,
        "agentTags": ["участники клуба"],
        "earnRateRoublesToPoint": 20,
        "spendRatePointsToRouble": 1,
        "maxPaidRatePercents": 50,
        "welcomeBonusesEnabled": False,
        "postponedBonusesDelayDays": 14,
        "earnWhileRedeeming": True,
    }
