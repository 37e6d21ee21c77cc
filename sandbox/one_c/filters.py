"""What a `$filter` asks for: compiled into bounds on dates, a choice of keys, and a test of what is left.

    text  ->  filters.lark  ->  `Condition(bounds, keys, rest)`

Bounds and keys are found without making a record: comparisons of Date (a document's) or Period (a recorder's, inside
`RecordSet/any(d: …)`) and of the key, where `and` joins them on the outermost level. A date compared with a text and the like are
errors of the query, as is a name the set does not have.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Tree
from lark.exceptions import UnexpectedInput

from sandbox.one_c.configuration import ObjectSet
from sandbox.one_c.refusals import Refusal
from sandbox.one_c.shelf import DATED

OPERATORS = {"eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le}
NUMBERS = {"Int64", "Int32", "Double"}
TESTS = {"startswith": str.startswith, "endswith": str.endswith, "substringof": lambda needle, text: needle in text}
PARTS = {"year": slice(0, 4), "month": slice(5, 7), "day": slice(8, 10)}
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
GRAMMAR = Lark(Path(__file__).with_suffix(".lark").read_text(encoding="utf-8"), parser="lalr", maybe_placeholders=False)

Scope = dict[str, Any]
Value = Callable[[Scope], Any]


@dataclass(frozen=True)
class Condition:
    """bounds: (operator, date) that all hold; keys: those asked for, None for any; rest: the test of a record, if any."""

    bounds: tuple[tuple[str, str], ...] = ()
    keys: frozenset[str] | None = None
    rest: Callable[[dict[str, Any]], bool] | None = None


@lru_cache(maxsize=200)
def parsed(text: str) -> Tree:
    """The expression as a tree. Raises Refusal 14."""
    try:
        return GRAMMAR.parse(text)
    except UnexpectedInput as problem:
        place = f"символ {problem.column}" if problem.column and problem.column > 0 else "конец выражения"
        raise Refusal(400, 14, f"Ошибка разбора опции запроса $filter: {place}") from None


def condition(text: str, of: ObjectSet, *, keyed_by: str, section: str = "") -> Condition:
    """The filter of a set, or of its tabular section; keyed_by: the attribute whose equality with a guid or a text picks a record."""
    if not text:
        return Condition()
    tree = parsed(text)
    parts = list(tree.children) if tree.data == "both" else [tree]
    bounds, keys, rest = [], None, []
    for part in parts:
        if found := _bounds(part, section):
            bounds += found
        elif (wanted := _keys(part, keyed_by)) is not None:
            keys = wanted if keys is None else keys & wanted
        else:
            rest.append(part)
    for part in parts:
        _compiled(part, of, section, frozenset())
    return Condition(tuple(bounds), keys, _test(rest, of, section) if rest else None)


def literal(kind: str, text: str) -> str | float:
    """The value of guid'…', datetime'…', '…' or a number."""
    if kind == "number":
        return float(text.rstrip("LlMmDdFf"))
    value = text[1:-1].replace("''", "'")
    if (kind == "guid" and not GUID.fullmatch(value)) or (kind == "moment" and not MOMENT.fullmatch(value)):
        raise Refusal(400, 14, f"Ошибка разбора опции запроса: неверное значение {text}")
    return value.lower() if kind == "guid" else value


def _test(parts: list[Tree], of: ObjectSet, section: str) -> Callable[[dict[str, Any]], bool]:
    tests = [_compiled(part, of, section, frozenset())[1] for part in parts]
    return lambda record: all(test({"": record}) for test in tests)


def _bounds(part: Tree, section: str) -> list[tuple[str, str]] | None:
    """The comparisons of the date that this part consists of; None when it says anything else."""
    if part.data == "quantified" and part.children[0] == "RecordSet/any" and len(part.children) == 3:
        variable, body = part.children[1:]
        inner = list(body.children) if body.data == "both" else [body]
        found = [_bound(one, f"{variable}/Period") for one in inner]
    else:
        found = [_bound(part, name) for name in (() if section else DATED)]
        found = [one for one in found if one] or [None]
    return found if all(found) else None


def _bound(part: Tree, name: str) -> tuple[str, str] | None:
    if part.data != "comparison" or part.children[1] == "ne":
        return None
    path, sign, value = part.children
    if path.data != "path" or path.children[0] != name or value.data != "moment":
        return None
    return str(sign), literal("moment", value.children[0])


def _keys(part: Tree, name: str) -> frozenset[str] | None:
    if part.data == "either":
        each = [_keys(one, name) for one in part.children]
        return frozenset().union(*each) if all(one is not None for one in each) else None
    if part.data != "comparison" or part.children[1] != "eq":
        return None
    path, _, value = part.children
    if path.data != "path" or path.children[0] != name or value.data not in ("guid", "text"):
        return None
    return frozenset([literal(value.data, value.children[0])])


def _compiled(tree: Tree, of: ObjectSet, section: str, variables: frozenset[tuple[str, str]]) -> tuple[str, Value]:
    """(type, the value in a scope) of an expression; a scope holds the record under "" and the rows of lambdas under their variables."""

    def inner(part: Tree) -> tuple[str, Value]:
        return _compiled(part, of, section, variables)

    if tree.data in ("either", "both", "negated"):
        values = [_boolean(inner(part)) for part in tree.children]
        if tree.data == "negated":
            return "Boolean", lambda scope: not values[0](scope)
        join = any if tree.data == "either" else all
        return "Boolean", lambda scope: join(value(scope) for value in values)
    if tree.data == "comparison":
        (left_type, left), (right_type, right) = inner(tree.children[0]), inner(tree.children[2])
        if {left_type, right_type} == {"Guid", "Reference"}:
            return "Boolean", lambda scope: False  # documented: a composite attribute equals a reference only by cast()
        if left_type != right_type:
            raise Refusal(400, 14, f"Ошибка разбора опции запроса $filter: несравнимые типы {left_type} и {right_type}")
        compare = OPERATORS[tree.children[1]]
        return "Boolean", lambda scope: compare(left(scope), right(scope))
    if tree.data in ("guid", "moment", "text", "number"):
        value = literal(tree.data, tree.children[0])
        return {"guid": "Guid", "moment": "DateTime", "text": "String", "number": "Number"}[tree.data], lambda scope: value
    if tree.data in ("yes", "no"):
        return "Boolean", lambda scope: tree.data == "yes"
    if tree.data == "call":
        return _called(str(tree.children[0]), [inner(part) for part in tree.children[1:]])
    if tree.data == "quantified":
        return _quantified(tree, of, section, variables)
    return _path(str(tree.children[0]), of, section, variables)


def _boolean(compiled: tuple[str, Value]) -> Value:
    if compiled[0] != "Boolean":
        raise Refusal(400, 14, "Ошибка разбора опции запроса $filter: ожидается логическое выражение")
    return compiled[1]


def _called(name: str, arguments: list[tuple[str, Value]]) -> tuple[str, Value]:
    wanted = ["DateTime"] if name in PARTS else ["Guid" if name == "cast" else "String", "String"]
    if [kind for kind, _ in arguments] != wanted:
        raise Refusal(400, 21, f"Неверное количество или тип аргументов функции {name}")
    first = arguments[0][1]
    if name == "cast":
        return "Reference", first
    if name in PARTS:
        return "Number", lambda scope: float(first(scope)[PARTS[name]])
    second, test = arguments[1][1], TESTS[name]
    return "Boolean", lambda scope: test(first(scope), second(scope))


def _quantified(tree: Tree, of: ObjectSet, section: str, variables: frozenset[tuple[str, str]]) -> tuple[str, Value]:
    name, _, quantifier = tree.children[0].rpartition("/")
    if section or of.type_of(name) != "Collection":
        raise Refusal(400, 14, f"Ошибка разбора опции запроса $filter: {name} не является коллекцией")
    if len(tree.children) == 1:
        return "Boolean", lambda scope: bool(scope[""][name]) == (quantifier == "any")
    variable = str(tree.children[1])
    test = _boolean(_compiled(tree.children[2], of, section, variables | {(variable, name)}))
    join = any if quantifier == "any" else all
    return "Boolean", lambda scope: join(test({**scope, variable: row}) for row in scope[""].get(name, ()))


def _path(path: str, of: ObjectSet, section: str, variables: frozenset[tuple[str, str]]) -> tuple[str, Value]:
    head, _, name = path.partition("/")
    inside = dict(variables).get(head)
    holder, attribute = (head, name) if inside else ("", path)
    place = inside or section
    kind = of.type_of(f"{place}/{attribute}" if place else attribute)
    if place and kind is None and attribute in ("Ref_Key", "LineNumber"):
        kind = "Guid" if attribute == "Ref_Key" else "Int64"
    if kind is None:
        raise Refusal(400, 14, f"Ошибка разбора опции запроса $filter: сегмент пути {attribute} не найден")
    if kind in NUMBERS:
        return "Number", lambda scope: float(scope[holder][attribute])
    is_composite = of.type_of(f"{place}/{attribute}_Type" if place else f"{attribute}_Type") is not None
    return ("Reference" if is_composite else kind), lambda scope: scope[holder][attribute]
