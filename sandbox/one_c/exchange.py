"""A plan of exchange: what changed since the node last confirmed, told again until it confirms.

    moments of messages  ->  objects whose DataVersion differs between two moments, objects that are gone

Documented (17.4.13.3): SelectChanges makes message MessageNo for a node, NotifyChangesReceived confirms it. Chosen: registration begins
when the sandbox starts; a confirmation takes every message up to its number; the plan holds catalogues and documents, and the record sets
of registers that an option names. The node itself is an entity of the plan, whose ReceivedNo is the last number that was confirmed.
"""

import threading
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.one_c.configuration import Configuration, ObjectSet
from sandbox.one_c.refusals import Refusal

if TYPE_CHECKING:
    from sandbox.one_c.book import Book

PLAN = "ExchangePlan_ОбменСХранилищем(guid'1c0e0001-0000-4000-8000-00000000d0e5')"


class Exchange:
    """The messages of one node; since: from when on changes are registered (naive UTC); registers: those that are in the plan."""

    def __init__(self, book: "Book", configuration: Configuration, *, plan: str, since: datetime, registers: Collection[str] = ()) -> None:
        self._book, self._plan, self._confirmed = book, plan, since
        self._sets = [one for one in configuration.sets.values() if one.name.startswith(("Catalog_", "Document_")) or one.name in registers]
        self._sent: dict[int, datetime] = {}
        self._last_sent = self._received = 0
        self._lock = threading.Lock()

    def node(self, address: str) -> dict[str, Any]:
        """The node itself. C: SentNo and ReceivedNo are Int64, the latter the last confirmed message."""
        if address != self._plan:
            raise Refusal(404, 9, "Экземпляр сущности не найден по переданному ключу: узел плана обмена")
        key = self._plan.partition("guid'")[2].removesuffix("')")
        with self._lock:
            return {"Ref_Key": key, "DataVersion": "AAAAAAAAAAA=", "DeletionMark": False, "Code": "DWH", "Description": "Хранилище",
                    "SentNo": str(self._last_sent), "ReceivedNo": str(self._received), "ThisNode": False}

    def changes(self, given: dict[str, str], now: datetime) -> tuple[list[tuple[ObjectSet, str]], list[tuple[ObjectSet, str]]]:
        """(changed, deleted) as pairs of set and key, since the last confirmation."""
        number = self._message(given)
        with self._lock:
            self._sent[number] = now
            self._last_sent = max(self._last_sent, number)
            changed, gone = [], []
            for one in self._sets:
                before, after = self._versions(one, self._confirmed), self._versions(one, now)
                changed += [(one, key) for key, version in after.items() if before.get(key) != version]
                gone += [(one, key) for key in before if key not in after]
            return changed, gone

    def confirm(self, given: dict[str, str]) -> None:
        """Every message up to this number has arrived."""
        number = self._message(given)
        with self._lock:
            taken = [moment for one, moment in self._sent.items() if one <= number]
            self._confirmed = max([self._confirmed, *taken])
            self._sent = {one: moment for one, moment in self._sent.items() if one > number}
            self._received = max(self._received, number)

    def _versions(self, one: ObjectSet, moment: datetime) -> dict[str, str]:
        shelf = self._book.shelf(one.resource, moment)
        records = ((key, shelf.record(row)) for row, key in enumerate(shelf.keys))
        return {key: record.get("DataVersion") or repr(record) for key, record in records}

    def _message(self, given: dict[str, str]) -> int:
        for name in ("DataExchangePoint", "MessageNo"):
            if name not in given:
                raise Refusal(400, 12, f"Отсутствует обязательный аргумент метода: {name}")
        if not given["DataExchangePoint"].strip("'").endswith(f"/{self._plan}"):
            raise Refusal(404, 9, "Экземпляр сущности не найден по переданному ключу: узел плана обмена")
        if not given["MessageNo"].isdigit():
            raise Refusal(400, 4, f"Неверное значение свойства MessageNo: {given['MessageNo']}")
        return int(given["MessageNo"])
