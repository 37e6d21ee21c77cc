"""How Wildberries writes down an ordered unit, its sale and return, and a row of a settlement report.

    rows of World.market_units, .market_orders, .market_settlements, .products  ->  JSON members of the statistics and finance APIs
"""

from datetime import date, datetime, time, timedelta
from typing import Any

MOSCOW = timedelta(hours=3)
NEVER, NO_DAY = "0001-01-01T00:00:00", "0001-01-01"
KEPT = timedelta(days=90)
BATCH = timedelta(minutes=30)
SETTLES_AFTER = timedelta(hours=12)
POOLED_WAREHOUSE, POOLED_NAME = -999999, "Склад WB"
REPORT_HOUR = timedelta(hours=5)
# operation -> docTypeName, sellerOperName
OPERATIONS = {
    "sale": ("Продажа", "Продажа"), "return": ("Возврат", "Возврат"), "logistics": ("", "Логистика"), "penalty": ("", "Штраф"),
    "storage": ("", "Хранение"), "deduction": ("", "Удержание"),
}


def moscow(moment: datetime) -> str:
    """A naive UTC time as the vendor writes it: Moscow's clock, no offset."""
    return (moment + MOSCOW).strftime("%Y-%m-%dT%H:%M:%S")


def told_at(moment: datetime) -> datetime:
    """When what happened at the moment is told: with the next batch, at a full or half hour."""
    past = timedelta(minutes=moment.minute % 30, seconds=moment.second, microseconds=moment.microsecond)
    return moment if not past else moment - past + BATCH


def roubles(kop: int) -> int | float:
    """An amount as the statistics write it: a number, whole where it is."""
    return kop // 100 if kop % 100 == 0 else kop / 100


def money(kop: int | None) -> str:
    """An amount as the finance API writes it: text, without needless zeros."""
    sign, whole, rest = "-" if (kop or 0) < 0 else "", abs(kop or 0) // 100, abs(kop or 0) % 100
    return f"{sign}{whole}" + (f".{rest:02d}".rstrip("0") if rest else "")


def order(unit: dict[str, Any], basket: dict[str, Any], product: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A row of /orders as told by `now` (naive UTC)."""
    cancelled = unit["cancelled_at"] if unit["cancelled_at"] and told_at(unit["cancelled_at"]) <= now else None
    return {
        "date": moscow(basket["ordered_at"]),
        "lastChangeDate": moscow(told_at(cancelled or basket["ordered_at"])),
        **_common(unit, basket, product),
        "finishedPrice": roubles(unit["finished_price_kop"]),
        "priceWithDisc": roubles(unit["price_kop"]),
        "isCancel": cancelled is not None,
        "cancelDate": moscow(cancelled) if cancelled else NEVER,
        "sticker": "",
        "gNumber": basket["g_number"],
        "srid": unit["srid"],
    }


def sale(unit: dict[str, Any], basket: dict[str, Any], product: dict[str, Any], now: datetime, *, is_return: bool) -> dict[str, Any]:
    """A row of /sales as told by `now`; the prices of every fourth sale are 0 until they are computed."""
    happened, sign = unit["returned_at"] if is_return else unit["sold_at"], -1 if is_return else 1
    changed, is_settled = told_at(happened), True
    if unit["unit_id"] % 4 == 0:
        settled = told_at(happened + SETTLES_AFTER)
        is_settled = settled <= now
        changed = settled if is_settled else changed
    return {
        "date": moscow(happened),
        "lastChangeDate": moscow(changed),
        **_common(unit, basket, product),
        "paymentSaleAmount": 0,
        "forPay": roubles(sign * (unit["for_pay_kop"] or 0) * is_settled),
        "finishedPrice": roubles(sign * unit["finished_price_kop"] * is_settled),
        "priceWithDisc": roubles(sign * unit["price_kop"] * is_settled),
        "saleID": f"{'R' if is_return else 'S'}{unit['return_number' if is_return else 'sale_number']:010d}",
        "sticker": "",
        "gNumber": basket["g_number"],
        "srid": unit["srid"],
    }


def _common(unit: dict[str, Any], basket: dict[str, Any], product: dict[str, Any]) -> dict[str, Any]:
    return {
        "warehouseName": unit["warehouse"] or "",
        "warehouseType": POOLED_NAME,
        "countryName": basket["country"] or "",
        "oblastOkrugName": basket["district"] or "",
        "regionName": basket["region"] or "",
        "supplierArticle": product["article"],
        "nmId": unit["nm_id"],
        "barcode": product["barcode"],
        "category": product["category"],
        "subject": product["subcategory"] or product["category"],
        "brand": product["brand"],
        "techSize": "0",
        "incomeID": 0,
        "isSupply": False,
        "isRealization": True,
        "totalPrice": roubles(unit["total_price_kop"]),
        "discountPercent": unit["discount_percent"],
        "spp": unit["spp_percent"],
    }


def published_at(row: dict[str, Any], *, is_daily: bool) -> datetime:
    """When the report that holds the row comes out, naive UTC: on the Monday after its week, a daily one on the next morning."""
    return datetime.combine(row["row_on"], time()) + timedelta(days=1) + REPORT_HOUR - MOSCOW if is_daily else row["published_at"]


def report(row: dict[str, Any], *, is_daily: bool) -> dict[str, Any]:
    """What a row says of its report; a daily report is numbered after its day."""
    since, until = (row["row_on"], row["row_on"]) if is_daily else (row["period_from"], row["period_to"])
    return {
        "reportId": int(f"{row['row_on']:%Y%m%d}") if is_daily else row["report_id"],
        "dateFrom": since.isoformat(),
        "dateTo": until.isoformat(),
        "createDate": (until + timedelta(days=1)).isoformat(),
        "currency": "RUB",
        "reportType": 1,
    }


def settlement(row: dict[str, Any], unit: dict[str, Any] | None, basket: dict[str, Any] | None, product: dict[str, Any] | None, *,
               is_daily: bool) -> dict[str, Any]:
    """A row of a settlement report, all of its members."""
    document, reason = OPERATIONS[row["operation"]]
    known, is_goods = product or {}, row["operation"] in ("sale", "return")
    back = row["operation"] == "return"
    happened = (unit or {}).get("returned_at" if back else "sold_at")
    empty = ("giBoxTypeName", "paymentProcessing", "acquiringBank", "ppvzSupplierName", "ppvzSupplierInn", "declarationNumber", "stickerId",
             "trbxId", "deliveryMethod", "uuidPromocode", "articleSubstitution", "b2bCustomerTin", "buyerTaxRegistrationReasonCode",
             "utdUcdNumber", "ppvzOfficeName")
    no_money = ("ppvzSalesCommission", "ppvzReward", "acquiringFee", "vw", "vwNds", "rebillLogisticCost", "installmentCofinancingAmount",
                "cashbackDiscount")
    no_number = ("giId", "dlvPrc", "commissionPercent", "shkId", "productDiscountForReport", "sellerPromo", "kvwBase", "kvw", "supRatingUp",
                 "isKgvpV2", "acquiringPercent", "ppvzOfficeId", "orderId", "wibesDiscountPercent", "sellerPromoId", "sellerPromoDiscount",
                 "loyaltyId", "loyaltyDiscount", "salePricePromocodeDiscountPrc", "salePriceAffiliatedDiscountPrc",
                 "salePriceWholesaleDiscountPrc", "warehouseLogisticsCoeff")
    return {
        **report(row, is_daily=is_daily),
        "rrdId": row["row_id"],
        **dict.fromkeys(no_number, 0),
        **dict.fromkeys(empty, ""),
        **dict.fromkeys(no_money, "0"),
        **dict.fromkeys(("fixTariffDateFrom", "fixTariffDateTo", "utdUcdDate"), NO_DAY),
        **dict.fromkeys(("srvDbs", "isB2b", "paidWithSocialCertificate"), False),
        "subjectName": known.get("subcategory") or known.get("category") or "",
        "nmId": unit["nm_id"] if unit else 0,
        "brandName": known.get("brand") or "",
        "vendorCode": known.get("article") or "",
        "title": known.get("name") or "",
        "techSize": "0",
        "sku": known.get("barcode") or "",
        "docTypeName": document,
        "sellerOperName": reason,
        "quantity": (row["quantity"] or 0) if is_goods else 0,
        "retailPrice": money(unit["total_price_kop"] if unit and is_goods else 0),
        "retailAmount": money(abs(row["retail_amount_kop"])),
        "salePercent": unit["discount_percent"] if unit and is_goods else 0,
        "retailPriceWithDisc": money(unit["price_kop"] if unit and is_goods else 0),
        "spp": unit["spp_percent"] if unit and is_goods else 0,
        "officeName": (unit or {}).get("warehouse") or "",
        "orderDt": f"{basket['ordered_at']:%Y-%m-%dT%H:%M:%SZ}" if basket else f"{NEVER}Z",
        "saleDt": f"{happened:%Y-%m-%dT%H:%M:%SZ}" if happened else f"{NEVER}Z",
        "rrDate": row["row_on"].isoformat(),
        "deliveryAmount": int(row["operation"] == "logistics"),
        "returnAmount": 0,
        "deliveryService": money(row["delivery_kop"]),
        "forPay": money(abs(row["for_pay_kop"])),
        "bonusTypeName": "К клиенту при продаже" if row["operation"] == "logistics" else None,
        "country": (basket or {}).get("country") or "",
        "penalty": money(row["penalty_kop"]),
        "paidStorage": money(row["storage_kop"]),
        "deduction": money(row["deduction_kop"]),
        "paidAcceptance": money(row["acceptance_kop"]),
        "additionalPayment": money(row["correction_kop"]),
        "cashbackAmount": money(row["points_kop"]),
        "cashbackCommissionChange": money(row["loyalty_kop"]),
        "paymentSchedule": money(row["schedule_kop"]),
        "orderUid": basket["g_number"] if basket else "",
        "srid": row["srid"] or "",
    }


def stock(nm_id: int, day: date, to_client: int, from_client: int) -> dict[str, Any]:
    """What of a card lies in the pooled warehouse; the amount swings with the day, and now and then there is none."""
    return {
        "nmId": nm_id,
        "chrtId": nm_id * 10 + 1,
        "warehouseId": POOLED_WAREHOUSE,
        "warehouseName": POOLED_NAME,
        "regionName": POOLED_NAME,
        "quantity": max(0, (nm_id * 31 + day.toordinal() * 7) % 90 - 4),
        "inWayToClient": to_client,
        "inWayFromClient": from_client,
    }
