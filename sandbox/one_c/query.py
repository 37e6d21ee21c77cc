"""The options of a request, read the way 1C reads them: names may be percent-encoded, a plus stays a plus.

    raw query string  ->  `Asked`
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote

from sandbox.one_c.refusals import Refusal

T = TypeVar("T")
OPTIONS = {
    "$format", "$filter", "$select", "$orderby", "$top", "$skip", "$expand", "$inlinecount", "allowedOnly", "$allowedOnly",
    "Period", "Condition", "Dimensions", "DataExchangePoint", "MessageNo",
}


@dataclass(frozen=True)
class Asked:
    """select: paths, empty for everything; order: (attribute, is descending); top: None for all of it."""

    filter: str = ""
    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    skip: int = 0
    with_count: bool = False
    allowed_only: bool = False

    def page(self, found: Sequence[T]) -> Sequence[T]:
        """The rows of the page: `$skip` comes before `$top`."""
        return found[self.skip : None if self.top is None else self.skip + self.top]


def options(raw: bytes) -> dict[str, str]:
    """The options by name. Spaces are %20: unlike in a form, a plus sign is one."""
    found = {}
    for pair in raw.decode("ascii", "replace").split("&"):
        if pair:
            name, _, value = pair.partition("=")
            found[unquote(name)] = unquote(value)
    return found


def read(given: dict[str, str], *, counting_is_whole: bool = False) -> Asked:
    """The options of a collection; counting_is_whole: a count goes with the whole collection. Raises Refusal 14."""
    unknown = [name for name in given if name.startswith("$") and name not in OPTIONS]
    if unknown:
        raise Refusal(400, 14, f"Ошибка разбора опций запроса: неизвестная опция {unknown[0]}")
    if given.get("$inlinecount", "none") not in ("none", "allpages"):
        raise Refusal(400, 14, "Ошибка разбора опции запроса $inlinecount")
    top, skip, with_count = _whole(given, "$top"), _whole(given, "$skip") or 0, given.get("$inlinecount") == "allpages"
    return Asked(
        filter=given.get("$filter", "").strip(),
        select=_names(given.get("$select", "")),
        expand=_names(given.get("$expand", "")),
        order=tuple(_order(part) for part in _names(given.get("$orderby", ""))),
        top=None if with_count and counting_is_whole else top,
        skip=0 if with_count and counting_is_whole else skip,
        with_count=with_count,
        allowed_only=(given.get("allowedOnly") or given.get("$allowedOnly") or "").lower() == "true",
    )


def is_json(given: dict[str, str], accept: str) -> bool:
    """Whether JSON was asked for, by the option or, where that is not given, by the header; atom is the default."""
    if "$format" in given:
        return given["$format"].startswith(("json", "application/json"))
    return "application/json" in accept


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _order(part: str) -> tuple[str, bool]:
    match = re.fullmatch(r"([\w/]+)(?:\s+(asc|desc))?", part)
    if not match:
        raise Refusal(400, 14, f"Ошибка разбора опции запроса $orderby: {part}")
    return match[1], match[2] == "desc"


def _whole(given: dict[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is not None and not re.fullmatch(r"\d{1,9}", text):
        raise Refusal(400, 14, f"Ошибка разбора опции запроса {name}: {text}")
    return int(text) if text is not None else None
