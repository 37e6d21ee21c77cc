"""How Calltouch writes down a call, a lead, a visit and an order.

    rows of World.calls, World.leads, World.visits, World.orders  ->  the JSON members of calls-diary and requests
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

Row = dict[str, Any]
SITE_ID, SITE_NAME, HOST = 41207, "shop.example", "shop.example"
ZONE = ZoneInfo("Europe/Moscow")
NOT_TOLD = "<не указано>"
SEARCH_ENGINES = ("yandex", "google", "mail", "bing")
STATUSES = {"answered": "answered", "busy": "busy", "failed": "failed"}
TARGET_SECONDS = 30


def local(moment: datetime) -> datetime:
    """A naive UTC time by the site's clock."""
    return moment.replace(tzinfo=UTC).astimezone(ZONE)


def call_date(moment: datetime) -> str:
    """`29/11/2016 9:05:00`: the hour without a leading zero."""
    there = local(moment)
    return f"{there:%d/%m/%Y} {there.hour}:{there:%M:%S}"


def lead_date(moment: datetime) -> str:
    """`29/11/2016 09:05:00`."""
    return local(moment).strftime("%d/%m/%Y %H:%M:%S")


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return int(moment.replace(tzinfo=UTC).timestamp()) * 1000


def came_from(row: Row, referer: str | None) -> tuple[str, str]:
    """`source` and `medium`: the link's marks, else what the page before tells."""
    if row["utm_source"]:
        return row["utm_source"], row["utm_medium"] or NOT_TOLD
    host, kind = urlsplit(referer or "").hostname or "", row["traffic_source"]
    if kind == "organic":
        return next((engine for engine in SEARCH_ENGINES if engine in host), host or NOT_TOLD), "organic"
    if kind in ("social", "messenger"):
        return host or NOT_TOLD, kind
    if kind in ("referral", "recommend"):
        return host or NOT_TOLD, "referral"
    return ("(direct)", "(none)") if kind else (NOT_TOLD, NOT_TOLD)


def call(row: Row, visit: Row | None, *, is_unique: bool) -> Row:
    """A call as the diary has it, but for what is asked for by flags."""
    source, medium = came_from(row, visit and visit["referer"])
    spoke, ended = row["answered_at"], row["ended_at"]
    talk = int((ended - spoke).total_seconds()) if spoke else 0
    is_target = talk >= TARGET_SECONDS
    return {
        "callId": row["call_id"],
        "siteId": SITE_ID,
        "siteName": SITE_NAME,
        "date": call_date(row["tracked_at"]),
        "timestamp": milliseconds(row["tracked_at"]),
        "callerNumber": (row["customer_phone"] or "anonymous").lstrip("+"),
        "phoneNumber": (row["tracking_number"] or "").lstrip("+"),
        "redirectNumber": (row["own_phone"] or "").lstrip("+"),
        "duration": talk,
        "waitingConnect": max(0, int(((spoke or ended) - row["started_at"]).total_seconds())),
        "successful": spoke is not None,
        "statusDetails": STATUSES.get(row["result"], "no answer"),
        "callphase": "callcompleted",
        "uniqueCall": is_unique,
        "targetCall": is_target,
        "uniqTargetCall": is_unique and is_target,
        "callbackCall": False,
        "manager": "",
        "attribution": 1,
        **_came(row, source, medium),
        "keyword": NOT_TOLD,
        "city": visit and visit["city"],
        "url": visit and visit["landing_url"],
        "callUrl": visit and visit["end_url"],
        "ref": visit and visit["referer"],
        "hostname": HOST if visit else None,
        "device": visit and visit["device"],
        "sessionId": session_id(row["visit_id"]),
        "sessionDate": visit and call_date(visit["started_at"]),
        "ctCallerId": row["uuid"],
        "ctClientId": _ct_client_id(row["client_id"]),
        "ctGlobalId": None,
        "clientId": None,
        "yaClientId": row["client_id"],
        "sipCallId": row["uuid"],
        "callReferenceId": "",
        "subPoolName": None,
        "ip": "",
        "userAgent": "",
        "additionalTags": [],
        "attrs": [],
        "callTags": None,
        "orders": None,
        "comments": None,
        "mapVisits": None,
        "phrases": None,
        "phonesInText": None,
        "yandexDirect": None,
        "googleAdWords": None,
        "callbackInfo": None,
        "dcm": None,
    }


def lead(row: Row, visit: Row | None, *, is_unique: bool) -> Row:
    """A site form, but for what is asked for by flags."""
    contacts = [{"contactType": "EMAIL", "contactValue": row["email"]}] if row["email"] else []
    phones = [{"phoneNumber": row["phone"], "phoneType": "MOBILE"}] if row["phone"] else []
    return {
        "requestId": row["lead_id"],
        "requestNumber": str(row["lead_id"]),
        "requestType": None,
        "siteId": SITE_ID,
        "date": milliseconds(row["created_at"]),
        "dateStr": lead_date(row["created_at"]),
        "subject": row["subject"],
        "requestUrl": visit["end_url"] if visit else f"https://{HOST}/",
        "uniqueRequest": is_unique,
        "targetRequest": True,
        "uniqTargetRequest": is_unique,
        "status": "NEW",
        "manager": "",
        "session": _session(row, visit) if row["visit_id"] else None,
        "client": {"clientId": row["record_id"], "fio": row["full_name"], "phones": phones, "contacts": contacts},
        "orders": [],
        "order": None,
        "comments": [],
        "RequestTags": None,
        "mapVisits": None,
        "ctClientId": _ct_client_id(row["client_id"]),
        "ctGlobalId": None,
        "yandexDirect": None,
        "googleAdWords": None,
        "dcm": None,
        "widgetInfo": None,
    }


def visit_on_map(visit: Row) -> Row:
    """One of `mapVisits`."""
    source, medium = came_from(visit, visit["referer"])
    return {
        "sessionId": session_id(visit["visit_id"]),
        "sessionDate": call_date(visit["started_at"]),
        **_came(visit, source, medium),
        "keyword": NOT_TOLD,
        "url": visit["landing_url"],
        "ref": visit["referer"],
        "city": visit["city"],
        "ctClientId": _ct_client_id(visit["client_id"]),
        "ctGlobalId": None,
        "guaClientId": None,
        "additionalTags": [],
        "ip": "",
        "userAgent": "",
    }


def order_of_call(order: Row, now: datetime) -> Row:
    """One of a call's `orders`, in whole roubles."""
    is_done = bool(order["received_at"] and order["received_at"] <= now)
    roubles = order["net_kop"] // 100
    return {
        "orderId": 50_000_000 + order["order_id"],
        "orderNumber": order["number"],
        "orderDate": call_date(order["created_at"]),
        "plannedAmount": roubles,
        "completedAmount": roubles if is_done else 0,
        "createdDate": call_date(order["created_at"]),
        "completedDate": call_date(order["received_at"]) if is_done else None,
    }


def order_of_lead(order: Row) -> Row:
    """One of a lead's `orders`."""
    return {
        "orderId": 50_000_000 + order["order_id"],
        "orderNumber": order["number"],
        "dateCreated": milliseconds(order["created_at"]),
        "status": "NEW",
        "sum": f"{order['net_kop'] / 100:.2f}",
    }


def tags(is_target: bool) -> list[Row]:
    """What the prediction says of a call or a form."""
    return [{"category": "Предикт", "type": "AUTO_PR", "names": ["Целевой" if is_target else "Нецелевой"]}]


def session_id(visit_id: str | None) -> int | None:
    """Calltouch counts visits itself."""
    return int(visit_id) % 10**12 if visit_id else None


def _ct_client_id(client_id: str | None) -> int | None:
    return int(client_id) % 10**15 if client_id else None


def _came(row: Row, source: str, medium: str) -> Row:
    return {
        "source": source,
        "medium": medium,
        "utmSource": row["utm_source"] or NOT_TOLD,
        "utmMedium": row["utm_medium"] or NOT_TOLD,
        "utmCampaign": row["utm_campaign"] or NOT_TOLD,
        "utmContent": NOT_TOLD,
        "utmTerm": NOT_TOLD,
    }


def _session(row: Row, visit: Row | None) -> Row:
    source, medium = came_from(row, visit and visit["referer"])
    return {
        "sessionId": session_id(row["visit_id"]),
        **_came(row, source, medium),
        "keywords": NOT_TOLD,
        "city": visit and visit["city"],
        "url": visit and visit["landing_url"],
        "ref": visit and visit["referer"],
        "device": visit and visit["device"],
        "ip": "",
        "attrs": [],
        "attribution": 1,
        "yaClientId": row["client_id"],
        "guaClientId": None,
        "ctGlobalId": None,
    }
