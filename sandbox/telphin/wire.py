"""How the exchange writes down a call, its legs and its extensions.

    rows of World.calls, World.call_legs, World.employees  ->  the JSON members of API 1.0
"""

from datetime import datetime, timedelta
from typing import Any

OWNER_ID, PREFIX, DOMAIN = 48211, "01111", "sipproxy.telphin.ru"
# The menu answers too; that nobody spoke shows in what was not bridged.
RESULTS = {"answered": "bridged", "missed": "not answered", "busy": "busy", "failed": "failed", "ivr_only": "answered",
           "voicemail": "answered"}
LEG_RESULTS = {"answered": "answered", "transferred": "answered", "not_answered": "not answered", "abandoned": "not answered",
               "busy": "busy", "voicemail": "voicemail"}
CAUSES = {"busy": "USER_BUSY", "failed": "NO_ROUTE_DESTINATION", "missed": "ORIGINATOR_CANCEL"}


def at(moment: datetime) -> str:
    """A naive UTC time as calls carry it: to the second."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def with_fraction(moment: datetime, key: int) -> str:
    """A leg's beginning, with hundredths of a second and no needless zero."""
    hundredths = f"{moment.microsecond // 10_000 or key * 37 % 100:02d}".rstrip("0")
    return f"{at(moment)}.{hundredths}" if hundredths else at(moment)


def username(extension: str) -> str:
    """`0541` or `01111*0541` -> `01111*0541`."""
    return extension if "*" in extension else f"{PREFIX}*{extension}"


def written(phone: str | None, call_id: int) -> str:
    """An outside number as operators hand it over: with its plus or without, with the Russian 8 now and then."""
    if not phone:
        return "anonymous"
    style = call_id % 5
    if style == 3 and phone.startswith("+7"):
        return "8" + phone[2:]
    return phone if style in (0, 1) else phone.lstrip("+")


def call_uuid(row: dict[str, Any]) -> str:
    """The key of a call: 32 hexadecimal digits in capitals."""
    return (row["uuid"] or f"{row['call_id']:032X}").replace("-", "").upper()


def call(row: dict[str, Any], legs: list[dict[str, Any]], ids: dict[str, int]) -> dict[str, Any]:
    """A call with its legs, the newest first. `ids`: extension_id by username."""
    is_in, began = row["direction"] == "in", min((leg["answered_at"] for leg in legs if leg["answered_at"]), default=row["started_at"])
    own, outside = (row["own_phone"] or "").lstrip("+"), written(row["customer_phone"], row["call_id"])
    spoke = next((username(leg["extension"]) for leg in legs if leg["kind"] == "phone"), None)
    speaker = username(row["extension"]) if row["extension"] else spoke
    first = legs[0] if legs else None
    menu_answered = any(leg["kind"] == "ivr" and leg["answered_at"] for leg in legs)
    result = "answered" if row["result"] == "missed" and menu_answered else RESULTS[row["result"]]
    record = {
        "call_uuid": call_uuid(row),
        "flow": row["direction"],
        "result": result,
        "init_time_gmt": at(row["started_at"]),
        "start_time_gmt": at(began),
        "hangup_time_gmt": at(row["ended_at"]),
        "duration": _seconds(row["ended_at"] - began),
        "from_username": outside if is_in else speaker or username("0000"),
        "from_domain": DOMAIN,
        "from_screen_name": outside if is_in else speaker or username("0000"),
        "to_username": own if is_in else outside,
        "to_domain": DOMAIN,
        "did_number": own if is_in else None,
        "did_domain": DOMAIN if is_in else None,
        **_extension(first, speaker, ids),
        "extension_group_owner_id": None,
        "ext_number_reg": None,
        "hangup_cause": CAUSES.get(row["result"], "NORMAL_CLEARING"),
        "hangup_disposition": _hung_up_by(row),
        "client_owner_id": OWNER_ID,
    }
    if row["answered_at"]:
        record |= {
            "bridged_time_gmt": at(row["answered_at"]),
            "bridged_duration": _seconds(row["ended_at"] - row["answered_at"]),
            "bridged_username": speaker if is_in else outside,
            "bridged_domain": DOMAIN,
        }
    return record | {"cdr": [_leg(row, leg, legs[:place], ids, own, outside) for place, leg in enumerate(legs)][::-1]}


def extension(key: int, name: str, kind: str, label: str | None, *, is_active: bool = True) -> dict[str, Any]:
    """A set, a queue or a menu. Label is what a called set shows; it may be empty."""
    return {"id": key, "client_id": OWNER_ID, "status": "active" if is_active else "blocked", "name": name, "type": kind, "label": label,
            "domain": DOMAIN}


def _leg(row: dict[str, Any], leg: dict[str, Any], before: list[dict[str, Any]], ids: dict[str, int], own: str,
         outside: str) -> dict[str, Any]:
    is_in, is_phone = row["direction"] == "in", leg["kind"] == "phone"
    result = "answered" if leg["kind"] == "ivr" else LEG_RESULTS[leg["result"]]
    was_handed_over = any(one["kind"] == "phone" and one["result"] == "transferred" for one in before)
    told = _extension(leg, row["extension"], ids)
    set_name = told["extension_name"].split("@")[0]
    began = leg["answered_at"] or leg["started_at"]
    record = {
        "flow": "transfer" if was_handed_over else row["direction"],
        "result": result,
        "duration": _seconds(leg["ended_at"] - leg["answered_at"]) if leg["answered_at"] else 0,
        "init_time_gmt": with_fraction(leg["started_at"], leg["leg_id"]),
        "start_time_gmt": at(began),
        "hangup_time_gmt": at(leg["ended_at"]),
        **told,
        "from_username": outside if is_in else set_name,
        "from_domain": DOMAIN,
        "from_screen_name": outside if is_in else set_name,
        "to_username": set_name if is_in else outside,
        "to_domain": DOMAIN,
        "source_number": None,
        "source_domain": None,
        "dest_number": set_name if is_in else outside,
        "dest_domain": DOMAIN,
        "did_number": own if is_in else None,
        "did_domain": DOMAIN if is_in else None,
        "ani_number": None if is_in else own,
        "ext_number_reg": None,
        "application": None,
        "extension_group_owner_id": None,
        "hangup_cause": "NORMAL_CLEARING",
        "hangup_disposition": _hung_up_by(row),
        "client_owner_id": OWNER_ID,
    }
    if is_phone and result == "answered":
        size = record["duration"] * 2000
        record |= {"record_uuid": f"{told['extension_id']}-{leg['leg_id']:032X}", "record_file_size": size}
    return record


def _extension(leg: dict[str, Any] | None, spare: str | None, ids: dict[str, int]) -> dict[str, Any]:
    name = username((leg or {}).get("extension") or spare or "0000")
    return {"extension_id": ids.get(name, 0), "extension_name": f"{name}@{DOMAIN}", "extension_type": leg["kind"] if leg else "phone"}


def _hung_up_by(row: dict[str, Any]) -> str:
    if row["result"] in ("missed", "ivr_only"):
        return "caller_cancel" if row["call_id"] % 3 else "internal_cancel"
    if row["result"] in ("busy", "failed"):
        return "callee_refuse"
    return "caller_bye" if row["call_id"] % 2 else "callee_bye"


def _seconds(span: timedelta) -> int:
    return max(0, int(span.total_seconds()))
