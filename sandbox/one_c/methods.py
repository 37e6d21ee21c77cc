"""The interface behind the gate: addresses taken apart, queries answered, answers written as JSON or atom.

    request  ->  Gate  ->  a set, an entity, a function, the metadata, an exchange  ->  envelope
"""

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.one_c import atom, functions, query, reading
from sandbox.one_c.book import Book
from sandbox.one_c.configuration import ObjectSet, published
from sandbox.one_c.exchange import PLAN, Exchange
from sandbox.one_c.filters import literal
from sandbox.one_c.gate import Gate
from sandbox.one_c.refusals import Refusal, in_json
from sandbox.one_c.shelf import Shelf
from sandbox.one_c.wire import EMPTY_DATE, NIL

if TYPE_CHECKING:
    from sandbox.server import Sandbox

VENDOR, ROOT = "one_c", "/erp/odata/standard.odata"
ADDRESS = re.compile(r"(?P<name>[^/()]+)(\((?P<key>.*?)\))?(/(?P<rest>.*))?", re.DOTALL)
KEY_PART = re.compile(r"\s*(?:(\w+)\s*=\s*)?(guid'[^']*'|datetime'[^']*'|'[^']*'|\d+)\s*")
JSON_TYPE = "application/json;odata=minimalmetadata;charset=utf-8"
BOM = b"\xef\xbb\xbf"
PROTOCOL = {"DataServiceVersion": "3.0"}


class Methods:
    """The interface of one sandbox."""

    def __init__(self, sandbox: "Sandbox") -> None:
        options = sandbox.options
        self._sandbox, self._gate = sandbox, Gate(sandbox)
        self._configuration = published(
            unpublished=options.get("one_c.unpublished", ""),
            renamed=options.get("one_c.renamed", ""),
            has_flat_costs=options.get("one_c.flat_costs") == "1",
        )
        self._is_cut = bool(options.get("one_c.unpublished"))
        self.counting_is_whole = options.get("one_c.counting_is_whole") == "1"
        self._restricted = set(filter(None, options.get("one_c.restricted", "").split(",")))
        self._book = Book(sandbox, self._configuration)
        began = self._now() if sandbox.clock_file.exists() else sandbox.world.until
        plan = options.get("one_c.exchange_plan", PLAN)
        more = set(filter(None, options.get("one_c.registers_in_plan", "").split(",")))
        self._exchange = Exchange(self._book, self._configuration, plan=plan, since=began, registers=more)

    def routes(self) -> list[Route]:
        """One address for everything: names of resources are too many, and too strange, for routes."""
        verbs = ["GET", "POST", "PATCH", "PUT", "DELETE"]
        return [Route(ROOT, self._answered, methods=verbs), Route(ROOT + "/{resource:path}", self._answered, methods=verbs)]

    def _answered(self, request: Request) -> Response:
        given = query.options(request.scope["query_string"])
        as_json = query.is_json(given, request.headers.get("accept", ""))
        try:
            response = self._gate.admit(request, lambda asked: self._resource(asked, given, as_json))
        except Refusal as refusal:
            body = in_json(refusal) if as_json else atom.error(refusal)
            response = Response(body, refusal.status, media_type=JSON_TYPE if as_json else atom.XML_TYPE)
        response.headers.update(PROTOCOL)
        return response

    def _resource(self, request: Request, given: dict[str, str], as_json: bool) -> Response:
        resource, verb = request.path_params.get("resource", "").strip("/"), request.method
        if verb == "POST" and resource == "SelectChanges":
            return self._changes(request, given)
        if verb == "POST" and resource == "NotifyChangesReceived":
            self._exchange.confirm(given)
            return Response(status_code=200)
        if verb != "GET":
            raise Refusal(405, 19, f"Использованный HTTP-метод {verb} запрещен в данном контексте")
        if resource == "$metadata":
            if given.get("$format", "").startswith(("json", "application/json")):
                raise Refusal(406, 3, "Запрошенный тип представления не поддерживается")
            return Response(atom.edmx(self._configuration), media_type=atom.XML_TYPE)
        if not resource:
            listed = [{"name": name, "url": name} for name in self._configuration.sets]
            return _json(f"{_root(request)}/$metadata", value=[self._encoded("", "", one) for one in listed])
        if resource.startswith("ExchangePlan_"):
            node = self._encoded("", "", self._exchange.node(resource))
            return _json(f"{_root(request)}/$metadata#{resource.partition('(')[0]}/@Element", record=node)
        match = ADDRESS.fullmatch(resource)
        if not match:
            raise Refusal(400, 6, f"Неверный URL: {resource}")
        name, key, rest = match["name"], match["key"], match["rest"] or ""
        answer = _Answer(self, request, given, as_json, self._now())
        if key is not None:
            return answer.one(name, key, rest)
        return answer.many(name, rest)

    def _changes(self, request: Request, given: dict[str, str]) -> Response:
        now, root = self._now(), _root(request)
        when = self._book.clock.at(now)
        changed, gone = self._exchange.changes(given, now)
        entries = []
        for of, key in changed:
            shelf = self._book.shelf(of.resource, now)
            record = self._shown(of, shelf.record(shelf.row_of[key]))
            own = f"Recorder=guid'{key}',Recorder_Type='{record['Recorder_Type']}'" if "Recorder" in record else f"guid'{key}'"
            entries.append(atom.entry(root, of, own, record, updated=when))
        for of, key in gone:
            own = f"Recorder=guid'{key}'" if "RecordSet" in of.sections else f"guid'{key}'"
            entries.append(atom.deleted(root, of, own, when=when))
        return Response(atom.feed(root, entries), media_type=atom.FEED_TYPE)

    def _shown(self, of: ObjectSet, record: dict[str, Any]) -> dict[str, Any]:
        return reading.linked(of, reading.published_part(of, record) if self._is_cut else record)

    def _encoded(self, resource: str, key: str, record: dict[str, Any]) -> bytes:
        return self._sandbox.tampering.apply(VENDOR, resource, key, record)

    def _now(self) -> datetime:
        return self._sandbox.now().replace(tzinfo=None)


class _Answer:
    """One request for data."""

    def __init__(self, methods: Methods, request: Request, given: dict[str, str], as_json: bool, now: datetime) -> None:
        self._methods, self._given, self._as_json, self._now = methods, given, as_json, now
        self._root, self._asked = _root(request), query.read(given, counting_is_whole=methods.counting_is_whole)
        self._configuration, self._book = methods._configuration, methods._book

    def many(self, name: str, rest: str) -> Response:
        """A set, its count, its function, or the rows of a section."""
        register = self._configuration.sets.get(name.removesuffix("_RecordType")) if name.endswith("_RecordType") else None
        of, is_count = self._configuration.sets.get(name), rest == "$count"
        if found := self._configuration.section(name) or (register and "RecordSet" in register.sections and (register, "RecordSet")):
            if rest not in ("", "$count"):
                raise Refusal(404, 11, f"Метод не найден: {rest}")
            owner, section = found
            show = reading.selector(owner, self._asked, section=section)
            taken = reading.lines(owner, self._shelf(owner), section, self._asked)
            return self._written(owner, name, taken, show, section=section, is_count=is_count)
        if of is None:
            raise Refusal(404, 8, f'Тип сущности "{name}" не найден')
        select, expanded = reading.selector(of, self._asked), self._expander(of)

        def shown(record: dict[str, Any]) -> dict[str, Any]:
            return select(expanded(self._methods._shown(of, record)))

        function, _, arguments = rest.partition("(")
        if of.function and function == of.function:
            shelf = functions.called(of, self._book, self._now, arguments.removesuffix(")"), self._given)
            return self._written(of, name, reading.page(of, shelf, self._asked), shown)
        if rest not in ("", "$count"):
            raise Refusal(404, 11, f"Метод не найден: {rest}")
        shelf = Shelf([], lambda _: {}) if of.function == "Balance" else self._shelf(of)
        taken = reading.page(of, shelf, self._asked, is_restricted=of.name in self._methods._restricted)
        return self._written(of, name, taken, shown, is_count=is_count)

    def one(self, name: str, key: str, rest: str) -> Response:
        """An entity by its key, or what it refers to."""
        if self._asked.expand:
            raise Refusal(400, 0, "Возможность не поддерживается: расширение одиночной сущности")
        parts = [(part[1], part[2]) for part in KEY_PART.finditer(key)]
        if not parts or KEY_PART.sub("", key).strip(", "):
            raise Refusal(400, 6, f"Неверный URL: {name}({key})")
        values = {attribute: _plain(text) for attribute, text in parts}
        if section := self._configuration.section(name):
            return self._line(name, *section, values)
        of = self._configuration.sets.get(name)
        if of is None:
            raise Refusal(404, 8, f'Тип сущности "{name}" не найден')
        found_key, record = self._entity(of, values)
        if rest:
            return self._referred(of, record, rest)
        return self._single(of, found_key, record)

    def _entity(self, of: ObjectSet, values: dict[str | None, str]) -> tuple[str, dict[str, Any]]:
        wanted = {of.keys[0] if attribute is None else attribute: value for attribute, value in values.items()}
        missing = [name for name in of.keys if name not in wanted]
        if missing:
            raise Refusal(400, 7, f"Не хватает элемента ключа сущности: {missing[0]}")
        shelf = self._shelf(of)
        if len(of.keys) == 1:
            row = shelf.row_of.get(wanted[of.keys[0]])
            found = [] if row is None else [row]
        else:
            found = [row for row in range(len(shelf.keys)) if all(shelf.record(row).get(name) == wanted[name] for name in of.keys)]
        if not found:
            raise Refusal(404, 9, f'Экземпляр сущности "{of.name}" не найден по переданному ключу')
        return shelf.keys[found[0]], shelf.record(found[0])

    def _line(self, name: str, of: ObjectSet, section: str, values: dict[str | None, str]) -> Response:
        if set(values) != {"Ref_Key", "LineNumber"}:
            raise Refusal(400, 7, "Не хватает элемента ключа сущности: Ref_Key, LineNumber")
        key, record = self._entity(of, {"Ref_Key": values["Ref_Key"]})
        found = [row for row in record[section] if row["LineNumber"] == values["LineNumber"]]
        if not found:
            raise Refusal(404, 9, f'Экземпляр сущности "{name}" не найден по переданному ключу')
        return _json(f"{self._root}/$metadata#{name}/@Element", record=self._methods._encoded(f"{of.resource}_{section}", key, found[0]))

    def _referred(self, of: ObjectSet, record: dict[str, Any], name: str) -> Response:
        target = self._configuration.sets.get(of.reference(name) or "")
        if target is None:
            raise Refusal(404, 10, f"Запрошенное свойство не найдено: {name}")
        return self._single(target, *self._entity(target, {None: record[f"{name}_Key"]}))

    def _single(self, of: ObjectSet, key: str, record: dict[str, Any]) -> Response:
        shown = reading.selector(of, self._asked)(self._methods._shown(of, record))
        if not self._as_json:
            made = atom.entry(self._root, of, f"guid'{key}'", shown, updated=self._book.clock.at(self._now))
            return Response(atom.document(made), media_type=atom.ENTRY_TYPE)
        return _json(f"{self._root}/$metadata#{of.name}/@Element", record=self._encoded(of, key, shown))

    def _written(
        self, of: ObjectSet, name: str, taken: reading.Page, show: reading.Show, *, section: str = "", is_count: bool = False
    ) -> Response:
        if is_count:
            return Response(BOM + str(taken.total).encode(), media_type="text/plain;charset=utf-8")
        shown = [(key, show(record)) for key, record in taken.rows]
        count = taken.total if self._asked.with_count else None
        if not self._as_json:
            when = self._book.clock.at(self._now)
            entries = [atom.entry(self._root, of, f"guid'{key}'", record, updated=when) for key, record in shown]
            return Response(atom.feed(self._root, entries, count=count), media_type=atom.FEED_TYPE)
        bodies = [self._encoded(of, key, record, section=section) for key, record in shown]
        return _json(f"{self._root}/$metadata#{name}", value=bodies, count=count)

    def _expander(self, of: ObjectSet) -> reading.Show:
        targets = {}
        for name in self._asked.expand:
            target = self._configuration.sets.get(of.reference(name) or "")
            if target is None:
                raise Refusal(400, 0, f"Возможность не поддерживается: расширение {name}")
            targets[name] = target

        def expanded(record: dict[str, Any]) -> dict[str, Any]:
            for name, target in targets.items():
                shelf, key = self._shelf(target), record.get(f"{name}_Key", NIL)
                record.pop(f"{name}@navigationLinkUrl", None)
                record[name] = self._methods._shown(target, shelf.record(shelf.row_of[key])) if key in shelf.row_of else None
            return record

        return expanded

    def _encoded(self, of: ObjectSet, key: str, record: dict[str, Any], *, section: str = "") -> bytes:
        """The record's bytes, spoiled if poison was planted for it and for an attribute that was asked for."""
        resource = f"{of.resource}_{section}" if section else of.resource
        if not self._asked.select:
            return self._methods._encoded(resource, key, record)
        try:
            return self._methods._encoded(resource, key, dict(record))
        except (KeyError, IndexError, ValueError):
            return self._methods._encoded("", "", record)

    def _shelf(self, of: ObjectSet) -> Shelf:
        return self._book.shelf(of.resource, self._now)


def _plain(text: str) -> str:
    if text.isdigit():
        return text
    kind = "guid" if text.startswith("guid") else "moment" if text.startswith("datetime") else "text"
    return str(literal(kind, text[text.index("'") :])) or EMPTY_DATE


def _root(request: Request) -> str:
    path = request.url.path
    return f"{request.url.scheme}://{request.url.netloc}{path[: path.index(ROOT)]}{ROOT}"


def _json(metadata: str, *, value: list[bytes] | None = None, record: bytes = b"{}", count: int | None = None) -> Response:
    head = b'{"odata.metadata":"' + metadata.encode() + b'"'
    if value is None:
        body = head + (b"," + record[1:] if len(record) > 2 else b"}")
    else:
        told = b"" if count is None else f',"odata.count":"{count}"'.encode()
        body = head + told + b',"value":[' + b",".join(value) + b"]}"
    return Response(body, media_type=JSON_TYPE)
