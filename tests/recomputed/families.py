"""Which family recomputes which mart: every module of this package with a MARTS counts."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

import pandas as pd

import tests.recomputed
from tests.recomputed.tables import Tables

Recomputation = Callable[[Tables], pd.DataFrame]


def recomputations() -> dict[str, Recomputation]:
    """Mart -> the function that recomputes it."""
    found: dict[str, Recomputation] = {}
    for module in sorted(module.name for module in pkgutil.iter_modules(tests.recomputed.__path__)):
        if module != "__main__" and not module.startswith("test_"):
            found |= getattr(importlib.import_module(f"tests.recomputed.{module}"), "MARTS", {})
    return found
