"""Attribution models: their names in a field, and what became of the old ones.

The vendor's reference says that in June 2026 (the 18th in one copy, the 25th in a newer one) old models return their nearest kin; the 18th
is taken. How the concrete name stands in the header is assumed: in the placeholder's place, in small letters, as it may be asked for.
"""

from datetime import UTC, datetime

PLACEHOLDER = "<attribution>"
MODELS = ("first", "last", "lastsign", "last_yandex_direct_click", "cross_device_first", "cross_device_last",
          "cross_device_last_significant", "cross_device_last_yandex_direct_click", "automatic")
RENAMED_AT = datetime(2026, 6, 18, tzinfo=UTC)
KIN = {
    "first": "cross_device_first",
    "lastsign": "cross_device_last_significant",
    "last_yandex_direct_click": "automatic",
    "cross_device_last_yandex_direct_click": "automatic",
    "cross_device_last": "last",
}


def kin(model: str, now: datetime) -> str:
    """The model that is counted when this one is asked for."""
    return KIN.get(model, model) if now >= RENAMED_AT else model


def named(field: str, model: str) -> str:
    """The field's name in the header."""
    return field.replace(PLACEHOLDER, model)


def placeholder(field: str) -> str:
    """The name with the placeholder back in it, for a field that names its model outright."""
    prefix, bare = field[:5], field[5:]
    for model in sorted(MODELS, key=len, reverse=True):
        if prefix == "ym:s:" and bare.startswith(model) and bare[len(model):len(model) + 1].isupper():
            return f"{prefix}{PLACEHOLDER}{bare[len(model):]}"
    return field
