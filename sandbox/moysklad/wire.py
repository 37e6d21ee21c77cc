"""How MoySklad writes: metadata of a reference, Moscow times, kopecks, custom fields, error bodies.

    the world's ids, UTC times and whole kopecks  ->  the JSON members of JSON API 1.2

Every href is https-shaped with the vendor's own origin, whatever address the sandbox listens on: clients check the shape, and ours
must not follow it to another host. Source of the shapes: the vendor's documentation, `md/_general.md`; times are Moscow's, with
milliseconds, without an offset; `moment` and `deliveryPlannedMoment` are kept to the minute; an unfilled member is left out.
"""

import json
import uuid
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

ORIGIN = "https://api.moysklad.ru/api/remap/1.2"
SCREEN = "https://online.moysklad.ru/app/#"
MOSCOW = ZoneInfo("Europe/Moscow")
ACCOUNT_ID = "84e60e93-f504-11e5-8a84-bae500000008"
NAMES = uuid.UUID("84e60e93-f504-11e5-8a84-bae500000001")
# What the vendor's screens call an entity, where it is not the type itself (its uuidHref examples).
SCREENS = {"counterparty": "company", "bonusprogram": "discount", "product": "good", "store": "warehouse"}


@lru_cache(maxsize=200_000)
def made_id(*parts: Any) -> str:
    """A stable id for what the world has no id of: a shift, a position, a state."""
    return str(uuid.uuid5(NAMES, "/".join(map(str, parts))))


def meta(kind: str, key: str) -> dict[str, str]:
    """The metadata of an entity or document: how it is referred to."""
    return {
        "href": f"{ORIGIN}/entity/{kind}/{key}",
        "metadataHref": f"{ORIGIN}/entity/{kind}/metadata",
        "type": kind,
        "mediaType": "application/json",
        "uuidHref": f"{SCREEN}{SCREENS.get(kind, kind)}/edit?id={key}",
    }


def reference(kind: str, key: str) -> dict[str, dict[str, str]]:
    """A reference as it stands in a document."""
    return {"meta": meta(kind, key)}


def state_reference(kind: str, key: str) -> dict[str, dict[str, str]]:
    """A reference to a document's status, which lives under its type's metadata."""
    return {
        "meta": {
            "href": f"{ORIGIN}/entity/{kind}/metadata/states/{key}",
            "metadataHref": f"{ORIGIN}/entity/{kind}/metadata",
            "type": "state",
            "mediaType": "application/json",
        }
    }


def array(href: str, kind: str, size: int, *, limit: int = 1000, offset: int = 0) -> dict[str, dict[str, Any]]:
    """A MetaArray without its rows."""
    return {"meta": {"href": href, "type": kind, "mediaType": "application/json", "size": size, "limit": limit, "offset": offset}}


def attribute(kind: str, name: str, form: str, value: Any) -> dict[str, Any]:
    """A filled custom field of an entity or document; form is its type: string, long, double, boolean, time."""
    key = made_id(kind, "attribute", name)
    return {
        "meta": {"href": f"{ORIGIN}/entity/{kind}/metadata/attributes/{key}", "type": "attributemetadata", "mediaType": "application/json"},
        "id": key,
        "name": name,
        "type": form,
        "value": value,
    }


def filled(record: dict[str, Any]) -> dict[str, Any]:
    """The record without the members that hold nothing."""
    return {name: value for name, value in record.items() if value is not None and value != []}


def moscow(moment: datetime) -> datetime:
    """A naive UTC time as the naive Moscow time."""
    return moment.replace(tzinfo=UTC).astimezone(MOSCOW).replace(tzinfo=None)


def at(moment: datetime) -> str:
    """A naive UTC time as the vendor writes `created` and `updated`."""
    return moscow(moment).isoformat(sep=" ", timespec="milliseconds")


def minute(moment: datetime) -> str:
    """A naive UTC time as the vendor writes `moment`: to the minute."""
    return moscow(moment).replace(second=0, microsecond=0).isoformat(sep=" ", timespec="milliseconds")


def midnight(day: date) -> str:
    """A date as the vendor writes it: a Moscow midnight."""
    return f"{day:%Y-%m-%d} 00:00:00.000"


def lag(key: int, *, seconds: int = 60) -> timedelta:
    """How much later than in life the vendor records a thing: some seconds, the same each time."""
    return timedelta(seconds=3 + (key * 2654435761 >> 7) % seconds, milliseconds=(key * 40503) % 1000)


def error(code: int | None, text: str, *, parameter: str | None = None) -> bytes:
    """An error body."""
    one = {
        "error": text,
        "parameter": parameter,
        "code": code,
        "moreInfo": f"https://dev.moysklad.ru/doc/api/remap/1.2/#/errors#error_{code}" if code else None,
    }
    return json.dumps({"errors": [{name: value for name, value in one.items() if value is not None}]}, ensure_ascii=False).encode()
