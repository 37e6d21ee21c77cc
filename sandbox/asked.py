"""A request as the faults see it: who was asked for what, and which kind of question it is.

ASGI scope, body -> `Asked` -> Faults; `stage` is the same for all pages, windows and ids of one list, and another for another question.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import msgspec

# What says where in a list a page stands.
PLACES = frozenset({"page", "offset", "cursor", "$skip", "filter[sinceId]", "pageNumber", "rrdId"})
IDENTIFIER = re.compile(r"[0-9a-f]{8,}(-[0-9a-f]{4,})*|\d+")
LONGEST_WORD = 30


@dataclass(frozen=True)
class Asked:
    """One request. path: decoded, without the query; query: as it was sent."""

    vendor: str
    method: str
    path: str
    query: str = ""
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query, which planted faults are found by."""
        return f"{self.path}?{self.query}"

    @cached_property
    def stage(self) -> str:
        """The kind of request: method, path without its ids, the query's names with those of its values that are words, and the members
        of a JSON body."""
        told = {name if len(value) > LONGEST_WORD or re.search(r"\d", value) else f"{name}={value}" for name, value in
                parse_qsl(self.query)}
        path = "/" + IDENTIFIER.sub("#", self.path).strip("/").partition("/")[2]
        return " ".join(filter(None, (self.method, path, "&".join(sorted(told)), " ".join(self._members()))))

    @cached_property
    def list_(self) -> str:
        """The list that is asked for, whichever page of it."""
        query = sorted(pair for pair in parse_qsl(self.query) if pair[0] not in PLACES)
        return f"{self.method} {self.path} {query} {_without_places(self._decoded())}"

    def _decoded(self) -> Any:
        try:
            return msgspec.json.decode(self.body) if self.body else None
        except msgspec.DecodeError:
            return self.body

    def _members(self) -> list[str]:
        told = self._decoded()
        return sorted(told) if isinstance(told, dict) else []


def _without_places(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _without_places(value) for name, value in told.items() if name not in PLACES}
    return told
