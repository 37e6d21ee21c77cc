"""The virtual tables of registers, read by functions: Balance of the free stock, SliceLast of the prices.

    `Balance(Period=datetime'…',Condition='…',Dimensions='…')`, or the same in the query  ->  Shelf of the answer

Documented: a quote inside Condition is doubled; clients also leave it single, which is understood as well.
"""

import re
from datetime import datetime
from typing import TYPE_CHECKING

from sandbox.one_c import filters, registers
from sandbox.one_c.configuration import ObjectSet
from sandbox.one_c.refusals import Refusal
from sandbox.one_c.shelf import Shelf, listed

if TYPE_CHECKING:
    from sandbox.one_c.book import Book

ARGUMENT = re.compile(r"\s*(Period|Condition|Dimensions)\s*=\s*(datetime'[^']*'|'.*?')\s*(?:,(?=\s*\w+\s*=)|$)", re.DOTALL)
SUMMED = ("ВНаличииBalance", "ВРезервеСоСкладаBalance")


def called(of: ObjectSet, book: "Book", now: datetime, arguments: str, given: dict[str, str]) -> Shelf:
    """The rows of the virtual table. Raises Refusal 21 for arguments it cannot read."""
    told = {name: value for name, value in given.items() if name in ("Period", "Condition", "Dimensions")}
    if ARGUMENT.sub("", arguments).strip():
        raise Refusal(400, 21, f"Неверные аргументы функции {of.function}: {arguments}")
    told |= dict(match.groups() for match in ARGUMENT.finditer(arguments))
    moment = str(filters.literal("moment", told["Period"].removeprefix("datetime"))) if "Period" in told else book.clock.at(now)
    if of.function == "Balance":
        shelf = book.shelf(of.resource, now) if "Period" not in told else registers.stock_of(book, datetime.fromisoformat(moment).date())
    else:
        shelf = book.shelf(of.resource, now)
        within = shelf.between([("le", moment)])
        shelf = listed([(shelf.keys[row], row) for row in within], shelf.record)
    if text := told.get("Condition", "").strip():
        text = text[1:-1] if text.startswith("'") and text.endswith("'") else text
        wanted = filters.condition(text.replace("''", "'") if "''" in text.removesuffix("''") else text, of, keyed_by="")
        kept = [row for row in range(len(shelf.keys)) if wanted.rest is None or wanted.rest(shelf.record(row))]
        shelf = listed([(shelf.keys[row], row) for row in kept], shelf.record)
    if dimensions := told.get("Dimensions", "").strip("'"):
        shelf = _summed(of, shelf, [f"{name.strip()}_Key" for name in dimensions.split(",")])
    return shelf


def _summed(of: ObjectSet, shelf: Shelf, dimensions: list[str]) -> Shelf:
    if of.function != "Balance" or set(dimensions) - of.attributes.keys():
        raise Refusal(400, 21, f"Неверные аргументы функции {of.function}: Dimensions")
    sums: dict[tuple[str, ...], dict[str, int]] = {}
    for row in range(len(shelf.keys)):
        record = shelf.record(row)
        total = sums.setdefault(tuple(record[name] for name in dimensions), dict.fromkeys(SUMMED, 0))
        for name in SUMMED:
            total[name] += record[name]
    entries = [(" ".join(key), {**dict(zip(dimensions, key, strict=True)), **total}) for key, total in sums.items()]
    return listed(entries, dict)
