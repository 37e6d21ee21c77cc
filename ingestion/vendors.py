"""The one list of vendors in Python. A new vendor is one line here."""

import importlib

from ingestion.vendor import Vendor

NAMES = (
    "retailcrm",
    "moysklad",
    "mindbox",
    "usedesk",
    "yandex_metrica",
    "telphin",
    "file_drop",
    "calltouch",
    "one_c",
    "wildberries",
    "abm_loyalty",
)


def vendors() -> tuple[Vendor, ...]:
    """Every vendor we know, switched on or not, in the order of the list."""
    return tuple(importlib.import_module(f"ingestion.{name}").VENDOR for name in NAMES)
