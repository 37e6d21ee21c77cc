"""Papers of the vendor: which lie in the bin, and whether all their positions came.

    records of a page with expanded positions  ->  `Papers.sorted`  ->  (whole papers, tombstones)

`expand=positions` gives a document's first positions only (how many is not documented) and is ignored above a limit of 100, so a document
with fewer positions than its own meta.size is completed by GET /entity/{kind}/{id}/positions.
"""

from dataclasses import replace
from typing import Any

import msgspec

from ingestion.documents import Record
from ingestion.moysklad.api import Api

PAGE = 100


class _Size(msgspec.Struct):
    size: int = 0


class _Positions(msgspec.Struct):
    meta: _Size | None = None
    rows: list[msgspec.Raw] | None = None


class _Paper(msgspec.Struct):
    deleted: str | None = None
    positions: _Positions | None = None


_read = msgspec.json.Decoder(_Paper).decode


class Papers:
    """Papers of one kind. has_positions: they were asked for with theirs; fields: the parameter of the same name, for positions that are
    asked for one by one."""

    def __init__(self, api: Api, resource: str, kind: str, *, has_positions: bool, fields: str) -> None:
        self._api, self._resource, self._kind, self._params = api, resource, kind, {"fields": fields} if fields else {}
        self._has_positions = has_positions

    def sorted(self, records: list[Record]) -> tuple[list[Record], list[Record]]:
        """(papers, with all positions where they were asked for; papers in the bin). A record of another shape passes as it is: staging
        says what is wrong."""
        kept, gone = [], []
        for record in records:
            try:
                paper = _read(record.payload)
            except (msgspec.DecodeError, msgspec.ValidationError, UnicodeError):
                kept.append(record)
                continue
            if paper.deleted:
                gone.append(record)
            else:
                kept.append(self._whole(record, paper.positions) if self._has_positions else record)
        return kept, gone

    def _whole(self, record: Record, positions: _Positions | None) -> Record:
        size = positions.meta.size if positions and positions.meta else 0
        if record.key is None or positions is None or len(positions.rows or ()) >= size:
            return record
        pages = self._api.pages(f"/entity/{self._kind}/{record.key}/positions", resource=self._resource, limit=PAGE, **self._params)
        rows = [msgspec.Raw(position.payload.encode()) for page in pages for position in page.records]
        paper: dict[str, Any] = msgspec.json.decode(record.payload, type=dict[str, msgspec.Raw])
        inner: dict[str, Any] = msgspec.json.decode(paper["positions"], type=dict[str, msgspec.Raw])
        return replace(record, payload=msgspec.json.encode({**paper, "positions": {**inner, "rows": rows}}).decode())
