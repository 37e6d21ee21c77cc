"""The methods of the API behind the gate: lists, single records, positions, the bin, the stock reports.

request  ->  Gate  ->  method  ->  envelope {context, meta, rows}, compressed
"""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import encode
from sandbox.moysklad import entities, stock
from sandbox.moysklad.gate import Gate
from sandbox.moysklad.papers import POSITION_KINDS
from sandbox.moysklad.query import Asked, BadRequest, read, select
from sandbox.moysklad.shop import DOCUMENTS, NEVER, Shop
from sandbox.moysklad.wire import ORIGIN, error

EXPANDED_POSITIONS = 100
CONTEXT = {
    "employee": {
        "meta": {
            "href": f"{ORIGIN}/context/employee",
            "metadataHref": f"{ORIGIN}/entity/employee/metadata",
            "type": "employee",
            "mediaType": "application/json",
        }
    }
}


class Methods:
    """The API of one sandbox; holds the gate and the shop."""

    def __init__(self, sandbox: Any) -> None:
        late = filter(None, sandbox.options.get("moysklad.late_tills", "").split(","))
        self.sandbox, self.gate = sandbox, Gate(sandbox)
        aside = _laid_aside(sandbox.options.get("moysklad.bin", ""))
        self.shop = Shop(sandbox.world, late_tills=frozenset(map(int, late)), laid_aside=aside)

    def routes(self, root: str) -> list[Route]:
        """Starlette routes; anything else under the root is 1002."""
        paths: list[tuple[str, str, Callable[[Request], Response]]] = [
            ("POST", "/security/token", self._token),
            ("GET", "/context/employee", self._context),
            ("GET", "/report/stock/bystore", self._by_store),
            ("GET", "/report/stock/all", self._stock_totals),
            ("GET", "/report/stock/bystore/current", self._current_by_store),
            ("GET", "/report/stock/all/current", self._current_totals),
            ("GET", "/entity/customerorder/metadata", self._order_metadata),
            ("GET", "/entity/{kind}", self._list),
            ("GET", "/entity/{kind}/{key}", self._one),
            ("GET", "/entity/{kind}/{key}/positions", self._positions),
            ("POST", "/entity/{kind}/{key}/trash", self._trash),
        ]
        made = [Route(f"{root}{path}", self._behind_gate(method), methods=[verb]) for verb, path, method in paths]
        return [*made, Route(root + "/{rest:path}", self._behind_gate(self._unknown), methods=["GET", "POST", "PUT", "DELETE"])]

    def _behind_gate(self, method: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            try:
                return method(request)
            except BadRequest as bad:
                return Response(error(bad.code, bad.text, parameter=bad.parameter), bad.status, media_type="application/json;charset=utf-8")

        # A plain function, so that Starlette runs it in its thread pool.
        return lambda request: self.gate.admit(request, answer)

    # --- lists and records

    def _list(self, request: Request) -> Response:
        kind, now, asked = request.path_params["kind"], self._now(), read(dict(request.query_params))
        shelf = self.shop.shelf(kind, now)
        if shelf is None:
            raise BadRequest(412, 1005, f"Неизвестный тип: '{kind}'")
        rows = select(shelf.columns, asked)
        page = rows[asked.offset : asked.offset + asked.limit]
        return self._page(
            request, asked, kind, size=len(rows), records=[self._record(kind, shelf.record(int(row)), asked, now) for row in page]
        )

    def _one(self, request: Request) -> Response:
        kind, key, now = request.path_params["kind"], request.path_params["key"], self._now()
        record = self.shop.found(kind, key, now) if kind == "demand" or self.shop.shelf(kind, now) else None
        if record is None:
            raise BadRequest(404, 1021, f"Объект с типом '{kind}' и идентификатором '{key}' не найден")
        return _answer(request, self._record(kind, record, read(dict(request.query_params), nested=True), now))

    def _positions(self, request: Request) -> Response:
        kind, key, asked = request.path_params["kind"], request.path_params["key"], read(dict(request.query_params))
        self._known_document(kind, key)
        rows = self.shop.positions(kind, key, with_cost="stock" in asked.fields)
        page = rows[asked.offset : asked.offset + asked.limit]
        return self._page(request, asked, POSITION_KINDS[kind], size=len(rows), records=[encode(row) for row in page])

    def _trash(self, request: Request) -> Response:
        kind, key = request.path_params["kind"], request.path_params["key"]
        self._known_document(kind, key)
        self.shop.bin[kind, key] = self._now()
        return _answer(request, b"")

    def _record(self, kind: str, record: dict[str, Any], asked: Asked, now: datetime) -> bytes:
        self._expand(kind, record, sorted(asked.expand), asked, now)
        return self.sandbox.tampering.apply("moysklad", kind, record["id"], record)

    def _expand(self, kind: str, record: dict[str, Any], paths: list[str], asked: Asked, now: datetime) -> None:
        for name in dict.fromkeys(path.split(".", 1)[0] for path in paths):
            deeper = [path.split(".", 1)[1] for path in paths if path.startswith(name + ".")]
            if name == "positions" and kind in POSITION_KINDS:
                rows = self.shop.positions(kind, record["id"], with_cost="stock" in asked.fields)[:EXPANDED_POSITIONS]
                record["positions"]["meta"]["limit"] = EXPANDED_POSITIONS
                record["positions"]["rows"] = rows
                for row in rows:
                    self._expand("position", row, deeper, asked, now)
            elif isinstance(record.get(name), dict) and "meta" in record[name]:
                meta = record[name]["meta"]
                found = self.shop.found(meta["type"], meta["href"].rsplit("/", 1)[-1], now)
                if found is not None:
                    record[name] = found
                    self._expand(meta["type"], found, deeper, asked, now)

    def _known_document(self, kind: str, key: str) -> None:
        shelf = self.shop.shelf(kind, self._now()) if kind in DOCUMENTS else None
        if kind != "demand" and (shelf is None or key not in shelf.row_of):
            raise BadRequest(404, 1021, f"Объект с типом '{kind}' и идентификатором '{key}' не найден")
        if kind == "demand" and key not in self.shop.order_of_shipment:
            raise BadRequest(404, 1021, f"Объект с типом '{kind}' и идентификатором '{key}' не найден")

    # --- reports and the rest

    def _by_store(self, request: Request) -> Response:
        return self._report(request, "stockbystore", stock.by_store(self.shop, self._now()))

    def _stock_totals(self, request: Request) -> Response:
        return self._report(request, "stock", stock.totals(self.shop, self._now()))

    def _report(self, request: Request, kind: str, rows: list[dict[str, Any]]) -> Response:
        asked = read(dict(request.query_params))
        page = rows[asked.offset : asked.offset + asked.limit]
        records = [
            self.sandbox.tampering.apply("moysklad", kind, row["meta"]["href"].split("?")[0].rsplit("/", 1)[-1], row) for row in page
        ]
        return self._page(request, asked, kind, size=len(rows), records=records)

    def _current_by_store(self, request: Request) -> Response:
        return _answer(request, encode(stock.current(self.shop, self._now(), dict(request.query_params), is_by_store=True)))

    def _current_totals(self, request: Request) -> Response:
        return _answer(request, encode(stock.current(self.shop, self._now(), dict(request.query_params), is_by_store=False)))

    def _order_metadata(self, request: Request) -> Response:
        return _answer(
            request,
            encode(
                {
                    "meta": {"href": f"{ORIGIN}/entity/customerorder/metadata", "mediaType": "application/json"},
                    "states": [entities.state(*state) for state in entities.ORDER_STATES.values()],
                    "createShared": False,
                }
            ),
        )

    def _token(self, request: Request) -> Response:
        if not request.headers.get("authorization", "").lower().startswith("basic "):
            return Response(error(1056, "Ошибка аутентификации: нужен логин и пароль"), 401, media_type="application/json;charset=utf-8")
        response = _answer(request, encode({"access_token": self.gate.issue()}))
        response.status_code = 201
        return response

    def _context(self, request: Request) -> Response:
        return _answer(
            request,
            encode(
                {**entities.OWNER, "id": entities.OWNER["meta"]["href"].rsplit("/", 1)[-1], "name": "Администратор", "uid": "admin@sandbox"}
            ),
        )

    def _unknown(self, request: Request) -> Response:
        raise BadRequest(404, 1002, f"Неопознанный путь: {request.url.path}")

    def _now(self) -> datetime:
        return self.sandbox.now().replace(tzinfo=None)

    def _page(self, request: Request, asked: Asked, kind: str, *, size: int, records: list[bytes]) -> Response:
        """The envelope around records that are JSON already, since a spoiled one may not be JSON at all."""
        path = request.url.path.split("/api/remap/1.2", 1)[1]
        own = f"{ORIGIN}{path}" + (f"?{request.url.query}" if request.url.query else "")
        meta = {"href": own, "type": kind, "mediaType": "application/json", "size": size, "limit": asked.limit, "offset": asked.offset}
        if size > asked.offset + asked.limit:
            meta["nextHref"] = _moved(request, path, asked, asked.offset + asked.limit)
        if asked.offset > 0:
            meta["previousHref"] = _moved(request, path, asked, max(0, asked.offset - asked.limit))
        body = b'{"context":' + encode(CONTEXT) + b',"meta":' + encode(meta) + b',"rows":[' + b",".join(records) + b"]}"
        return _answer(request, body)


def _moved(request: Request, path: str, asked: Asked, offset: int) -> str:
    url = request.url.include_query_params(limit=asked.limit, offset=offset)
    return f"{ORIGIN}{path}?{url.query}"


def _answer(request: Request, body: bytes) -> Response:
    headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"} if body else {}
    packed = gzip.compress(body, compresslevel=1, mtime=0) if body else b""
    return Response(packed, headers=headers, media_type="application/json;charset=utf-8")


def _laid_aside(option: str) -> dict[tuple[str, str], tuple[datetime, datetime]]:
    found = {}
    for text in filter(None, option.split(",")):
        paper, _, times = text.partition("@")
        since, _, until = times.partition("..")
        found[tuple(paper.split("/"))] = (_moment(since), _moment(until) if until else NEVER)
    return found


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
