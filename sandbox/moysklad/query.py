"""What a caller asked of a list: limit, offset, filter, order, expand; and the answer of a table of records to it.

query string -> `Asked` -> `select(columns, asked)` -> row numbers. The grammar is the documented one (md/_general.md, sections on filtering
and sorting): conditions joined by `;`, `\\;` for the sign itself, `=` repeated on a field is OR, `!=` repeated is AND, `=` beside an
inequality is an error, and of a repeated comparison only the first counts. `isDeleted` and `archived` are hidden by default.
"""

import re
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

OPERATOR = re.compile(r"^([A-Za-z_.]+)(>=|<=|!=|~=|=~|=|>|<|~)(.*)$", re.DOTALL)
MOMENT = re.compile(r"^\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d(\.\d{1,3})?)?)?$")
EARLIEST = datetime.fromisoformat("1970-01-01 03:00:00")
EXPAND_LIMIT = 100
EXPAND_DEPTH = 3


class BadRequest(Exception):
    """The query is wrong: HTTP status, code and text of the vendor's own error."""

    def __init__(self, status: int, code: int, text: str, parameter: str | None = None) -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.parameter = status, code, text, parameter


@dataclass(frozen=True)
class Condition:
    """One condition of a filter; an empty value asks for absence (`field=`) or presence (`field!=`)."""

    field: str
    operator: str
    value: str


@dataclass(frozen=True)
class Asked:
    """A list request, read. `expand` and `fields` are empty when the limit is above 100: the vendor ignores them without a word."""

    limit: int
    offset: int
    conditions: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]
    expand: frozenset[str]
    fields: frozenset[str]


def read(params: dict[str, str], *, nested: bool = False) -> Asked:
    """The query string as `Asked`. Raises BadRequest with the vendor's codes. nested: a single object, where expand has no limit rule."""
    limit = _whole(params, "limit", 1000, 1, 1000)
    offset = _whole(params, "offset", 0, 0, 2**31 - 1)
    heeded = nested or limit <= EXPAND_LIMIT
    expand = frozenset(filter(None, params.get("expand", "").split(","))) if heeded else frozenset()
    if any(path.count(".") >= EXPAND_DEPTH for path in expand):
        raise BadRequest(400, 1040, "Неверно заданы параметры запроса", "expand")
    fields = params.get("fields", "")
    if "," in fields:
        raise BadRequest(400, 3042, "Ошибка валидации: в запросе допускается только одно поле fields")
    return Asked(
        limit=limit,
        offset=offset,
        conditions=_conditions(params.get("filter", "")),
        order=_order(params.get("order", "")),
        expand=expand,
        fields=frozenset([fields]) if fields and heeded else frozenset(),
    )


def select(columns: pd.DataFrame, asked: Asked) -> np.ndarray:
    """The numbers of the rows that meet the filter, in the order asked for (else as they stand). Raises BadRequest."""
    keep = np.ones(len(columns), dtype=bool)
    for name in dict.fromkeys(condition.field for condition in asked.conditions):
        keep &= _meets(columns, name, [condition for condition in asked.conditions if condition.field == name])
    named = {condition.field for condition in asked.conditions}
    if "deleted" in columns and "isDeleted" not in named:
        keep &= columns["deleted"].isna().to_numpy()
    if "archived" in columns and "archived" not in named:
        keep &= ~columns["archived"].to_numpy(dtype=bool)
    rows = np.flatnonzero(keep)
    for name, ascending in reversed(asked.order):
        if name not in columns:
            raise BadRequest(
                400, 1063, f"Ошибка сортировки: неизвестное поле '{name}' или сортировка для данного поля не поддерживается", name
            )
        ranks = columns[name].iloc[rows].rank(method="dense", na_option="bottom").to_numpy()
        rows = rows[np.argsort(ranks if ascending else -ranks, kind="stable")]
    return rows


def _conditions(text: str) -> tuple[Condition, ...]:
    found, seen = [], {}
    for part in re.split(r"(?<!\\);", text):
        if not part:
            continue
        match = OPERATOR.match(part.replace("\\;", ";"))
        if not match:
            raise BadRequest(400, 1034, f"Ошибка фильтрации: не удалось разобрать условие '{part}'", "filter")
        condition = Condition(*match.groups())
        operators = seen.setdefault(condition.field, set())
        if condition.operator in operators and condition.operator not in ("=", "!="):
            continue
        operators.add(condition.operator)
        if "=" in operators and operators & {">", "<", ">=", "<="}:
            raise BadRequest(400, 1034, f"Ошибка фильтрации: для поля '{condition.field}' указаны равенство и неравенство", condition.field)
        found.append(condition)
    return tuple(found)


def _order(text: str) -> tuple[tuple[str, bool], ...]:
    asked = []
    for part in filter(None, text.split(";")):
        name, _, direction = part.partition(",")
        if direction not in ("", "asc", "desc"):
            raise BadRequest(
                400, 1042, f"Неверное значение '{direction}' параметра сортировки '{name}', допустимые значения: 'asc, desc'", name
            )
        asked.append((name, direction != "desc"))
    return tuple(asked)


def _whole(params: dict[str, str], name: str, default: int, lowest: int, highest: int) -> int:
    text = params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,10}", text) or not lowest <= int(text) <= highest:
        raise BadRequest(400, 1040, "Неверно заданы параметры запроса", name)
    return int(text)


def _meets(columns: pd.DataFrame, name: str, conditions: list[Condition]) -> np.ndarray:
    if name in ("isDeleted", "archived"):
        return _flag(columns, name, conditions)
    if name not in columns:
        raise BadRequest(400, 1034, f"Ошибка фильтрации: неизвестное поле '{name}'", name)
    column = columns[name]
    either = np.zeros(len(columns), dtype=bool)
    every = np.ones(len(columns), dtype=bool)
    for condition in conditions:
        met = _compare(column, condition)
        if condition.operator == "=":
            either |= met
        else:
            every &= met
    return every & (either if any(condition.operator == "=" for condition in conditions) else True)


def _flag(columns: pd.DataFrame, name: str, conditions: list[Condition]) -> np.ndarray:
    values = {condition.value for condition in conditions}
    if not values <= {"true", "false"} or any(condition.operator != "=" for condition in conditions):
        raise BadRequest(400, 1014, f"Неверное значение '{conditions[0].value}' параметра фильтрации '{name}'", name)
    source = "deleted" if name == "isDeleted" else name
    if source not in columns:
        raise BadRequest(400, 1034, f"Ошибка фильтрации: неизвестное поле '{name}'", name)
    flagged = columns[source].notna().to_numpy() if source == "deleted" else columns[source].to_numpy(dtype=bool)
    return np.where(flagged, "true" in values, "false" in values)


def _compare(column: pd.Series, condition: Condition) -> np.ndarray:
    if condition.value == "" and condition.operator in ("=", "!="):
        absent = (column.isna() | (column == "")).to_numpy()
        return absent if condition.operator == "=" else ~absent
    if "~" in condition.operator:
        texts = column.fillna("").astype(str).str.lower()
        wanted = condition.value.lower()
        ask = {"~": texts.str.contains(wanted, regex=False), "~=": texts.str.startswith(wanted), "=~": texts.str.endswith(wanted)}
        return ask[condition.operator].to_numpy()
    value = _value(column, condition)
    compared = {"=": column.eq, "!=": column.ne, ">": column.gt, "<": column.lt, ">=": column.ge, "<=": column.le}[condition.operator](
        value
    )
    return compared.fillna(False).to_numpy(dtype=bool)


def _value(column: pd.Series, condition: Condition) -> object:
    """The constant in the column's own type. References may be given as a whole href."""
    if pd.api.types.is_datetime64_any_dtype(column):
        if not MOMENT.match(condition.value):
            raise BadRequest(400, 1035, "Ошибка фильтрации: неверный формат даты параметра фильтрации", condition.field)
        try:
            moment = datetime.fromisoformat(condition.value)
        except ValueError:
            raise BadRequest(400, 1035, "Ошибка фильтрации: неверный формат даты параметра фильтрации", condition.field) from None
        if moment < EARLIEST:
            raise BadRequest(400, 1014, f"Неверное значение '{condition.value}' параметра фильтрации '{condition.field}'", condition.field)
        return pd.Timestamp(moment)
    if pd.api.types.is_bool_dtype(column):
        return condition.value == "true"
    if pd.api.types.is_numeric_dtype(column):
        try:
            return float(condition.value)
        except ValueError:
            raise BadRequest(
                400, 1014, f"Неверное значение '{condition.value}' параметра фильтрации '{condition.field}'", condition.field
            ) from None
    return condition.value.rsplit("/", 1)[-1] if condition.value.startswith("https://") else condition.value
