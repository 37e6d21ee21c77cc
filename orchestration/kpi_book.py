"""docs/kpis.md: every KPI in English and Russian, with the query that leads from a value to the records behind it.

    register, contracts, semantic/drills/<mart>.sql  ──►  docs/kpis.md

Written by `python -m orchestration.register`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ingestion.accounts import REPOSITORY
from orchestration.register import BY_FORMULA, FACT_OF, LAST_OF, NOT_OVER, ONLY_BY, OVER_RECORDS, PROJECT, TOTAL_WHERE, Kpi, Mart

BOOK = REPOSITORY / "docs" / "kpis.md"
DRILLS = PROJECT / "semantic" / "drills"
INTRODUCTION = """\
# KPIs · Показатели

Generated from `dbt_project/seeds/registered_kpis.csv` by `.venv/bin/python -m orchestration.register`; edit that file. The same
rows are published as `marts.kpi_register`, and each KPI is a metric of the same name:

```
make metrics ARGS="query --metrics open_rate --group-by metric_time__month,messaging__channel"
make metrics ARGS="list metrics --search nps"
```

- **Adds up** says over what a column may be summed, and so how its metric may be sliced: by any period and by each dimension of its mart
  (and by the columns of stores, employees, campaigns and customers, where the mart has their key), with these exceptions. `over records`
  (medians, percentiles, the different people of any period): told anew over the records of any group, by every dimension of its mart; of
  a period of which a part is not known yet (churn of the first year) NULL, and the command says so. `by its formula`: worked out in any
  group from columns that add up. `no`: told where one row of its mart in the group tells it (rows in which it is NULL are none); `not
  over model`: where the group holds one model; elsewhere it is NULL, and the command says over what it does not add up and by what to
  ask. `last of month`: a state, told as it stands at the end of the period (`no; last of month`: where one row tells it). `fact of month,
  channel`: the mart shows it beside dimensions that it does not have (the eight models); it can be sliced by month and channel alone, the
  others are refused. `only by month`: the others are refused since by them it misleads. Beneath a ratio such a column is counted once for
  each of its own (contacts per order of a channel: by the orders of the day). Where a mart holds totals beside their parts (`all`, NULL),
  a group is told by its total and never by the sum of both; with `total where shopper_type = omnichannel` the KPI is of these shoppers
  and their row is its total (by shopper_type each is told). A ratio is the sum of its numerators by the sum of its denominators, never an
  average of ratios, and NULL where there is nothing to divide by. What has fewer dimensions than its mart has its own prefix:
  `attribution_channel__channel` for `cost` (`list dimensions --metrics cost` tells it).
- **No number**: the owner of a channel is registered (unit `name`) and is no metric.
- **The records behind a value**: below each table stands a query over the published file. As it is, it computes the mart's columns
  once more from the records; with its last `select` replaced by `select * from records where …` (the columns of the grain; of what is
  `fact of` fewer, these alone) it lists them. `-- where age_months = N: …` in its head says what selects where the records have no such
  column, `-- where month = N (fit_conversions): …` what selects those of one number; a row of totals (`all`, NULL) is made of the
  records of all values.

Создано из реестра `dbt_project/seeds/registered_kpis.csv` командой `.venv/bin/python -m orchestration.register`; правьте реестр.
Те же строки опубликованы в `marts.kpi_register`, и каждый показатель — метрика с тем же именем (команды выше).

- **Складывается** — по чему столбец можно суммировать, а значит, в каких разрезах есть метрика: за любой период и по каждому измерению
  своей витрины (и по столбцам магазинов, сотрудников, кампаний и клиентов, если в витрине есть их ключ), кроме следующего. `over records`
  (медианы, процентили, число разных людей за любой период): считается заново по записям любой группы, в любом разрезе своей витрины; за
  период, часть которого ещё не известна (отток первого года), пусто, и команда так и говорит. `by its formula`: вычисляется в любой
  группе из складывающихся столбцов. `no`: значение есть, когда в группе оно есть в одной строке витрины (строки, где оно пусто, не в
  счёт); `not over model`: когда в группе одна модель; иначе пусто, и команда говорит, по чему показатель не складывается и в каком
  разрезе спросить. `last of month`: состояние, берётся на конец периода (`no; last of month`: если оно есть в одной строке). `fact of
  month, channel`: в витрине значение повторяется по измерениям, которых у него нет (восемь моделей); разрезы — только месяц и канал, в
  остальных запрос отклоняется. `only by month`: остальные разрезы отклоняются, потому что вводят в заблуждение. В знаменателе отношения
  такой столбец считается один раз (обращения на заказ по каналу — на заказы дня). Если в витрине рядом с частями стоят итоги (`all`,
  пусто), группа показывает итог, а не сумму итога и частей; `total where shopper_type = omnichannel`: показатель — об этих покупателях, и
  итогом служит их строка (по shopper_type видны все). Отношение — сумма числителей, делённая на сумму знаменателей, а не среднее
  отношений; если делить не на что, то пусто (NULL). У показателя с меньшим числом измерений свой префикс: `attribution_channel__channel`
  для `cost` (его покажет `list dimensions --metrics cost`).
- **Не число**: ответственный за канал есть в реестре (единица `name`), но не метрика.
- **Записи за числом**: под таблицей стоит запрос к опубликованному файлу. Как есть, он считает столбцы витрины заново из записей;
  если заменить последний `select` на `select * from records where …` (столбцы, от которых зависит строка витрины, а у `fact of` — только
  названные), он покажет сами записи. `-- where age_months = N: …` в начале запроса говорит, чем отбирать, если такого столбца у записей
  нет, `-- where month = N (fit_conversions): …` — чем отбирать записи одного показателя; строка итогов (`all`, пусто) складывается из
  записей всех значений.
"""
HEADINGS = (
    "KPI · metric", "по-русски", "what it says · что означает", "formula · формула", "unit · единица", "adds up · складывается",
    "asked by · кто просил",
)
UNITS = {
    "messages": "сообщения", "share": "доля", "minutes": "минуты", "orders": "заказы", "money": "деньги", "people": "люди",
    "points": "баллы", "days": "дни", "units": "штуки", "returns": "возвраты", "customers": "клиенты", "sessions": "сессии",
    "views": "просмотры", "visits": "визиты", "carts": "корзины", "answers": "ответы", "tickets": "обращения",
    "contacts": "контакты", "calls": "звонки", "seconds": "секунды", "receipts": "чеки", "flag": "признак", "rows": "строки",
    "lines": "позиции", "times": "разы", "firings": "срабатывания", "attributes": "атрибуты", "touches": "касания",
    "touches per order": "касаний на заказ", "paths": "пути", "contacts per order": "обращений на заказ", "weeks": "недели",
    "visits per week": "визитов в неделю", "records": "записи", "records per person": "записей на человека",
    "money per order": "деньги на заказ", "clicks": "клики", "impressions": "показы", "name": "имя", "as the metric": "как у показателя",
}
OWNERS = {
    "Analytics": "аналитика", "CRM marketing": "CRM-маркетинг", "Commerce": "коммерция", "Contact centre": "контактный центр",
    "E-commerce": "интернет-торговля", "Logistics": "логистика", "Loyalty": "программа лояльности", "Marketing": "маркетинг",
    "Performance marketing": "перформанс-маркетинг", "Retail": "розница", "Sales": "продажи", "Service": "клиентский сервис",
}
SOURCES = {"field standard": "отраслевой стандарт", "this project": "этот проект"}  # all others are names: who asked for it


def files(marts: dict[str, Mart]) -> dict[Path, str]:
    """The one file of this module, by its place."""
    sections = [_section(mart) for mart in marts.values() if mart.kpis or mart.names]
    contents = "\n".join(
        f"- [{name}](#{name}): {_first_sentence(mart.description)} · {_first_sentence(mart.description_ru)}"
        for name, mart in marts.items() if mart.kpis or mart.names
    )
    return {BOOK: "\n".join([INTRODUCTION, contents, "", *sections])}


def drill(mart: str) -> str | None:
    """The query from a mart's values to their records, or None where there is none."""
    path = DRILLS / f"{mart}.sql"
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def _section(mart: Mart) -> str:
    return "\n".join(_lines(mart))


def _lines(mart: Mart) -> Iterator[str]:
    yield f"## {mart.name}"
    yield mart.description
    yield ""
    yield mart.description_ru
    yield ""
    rows = (*mart.kpis, *mart.names)
    owners = [f"{owner} · {OWNERS[owner]}" for owner in sorted({kpi.owner for kpi in rows})]
    yield f"Grain · одна строка: {' × '.join(mart.grain)}. Owner · владелец: {', '.join(owners)}."
    yield ""
    yield _row(HEADINGS)
    yield _row("---" for _ in HEADINGS)
    for kpi in rows:
        says = f"{kpi.definition}<br>{kpi.definition_ru}"
        formula = kpi.formula if kpi.formula_ru == kpi.formula else f"{kpi.formula}<br>{kpi.formula_ru}"
        yield _row((_name(kpi), kpi.name_ru, says, formula, _unit(kpi), _adds_up(kpi), _source(kpi)))
    if query := drill(mart.name):
        yield ""
        yield f"```sql\n{query}\n```"
    yield ""


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def _name(kpi: Kpi) -> str:
    column = "" if kpi.mart_column == kpi.kpi_id else f", column `{kpi.mart_column}`"
    return f"{kpi.name_en}: `{kpi.kpi_id}`{column}"


def _unit(kpi: Kpi) -> str:
    return f"{kpi.unit} · {UNITS[kpi.unit]}"


def _source(kpi: Kpi) -> str:
    russian = SOURCES.get(kpi.source_document)
    return f"{kpi.source_document} · {russian}" if russian else kpi.source_document


def _adds_up(kpi: Kpi) -> str:
    if not kpi.is_number:
        return "no number · не число"
    if kpi.is_ratio and kpi.additive == "no":
        return "by its parts · по частям"
    if kpi.additive in ("yes", "no"):
        return {"yes": "yes · да", "no": "no · нет"}[kpi.additive]
    if kpi.is_ratio and kpi.additive.startswith("no; "):
        rest = kpi.additive.removeprefix("no; ")
        return f"by its parts, {rest} · по частям, {rest.replace(TOTAL_WHERE, 'итог — ')}"
    russian = kpi.additive
    words_of = {
        NOT_OVER: "не по ", LAST_OF: "на конец ", FACT_OF: "относится к ", ONLY_BY: "только по ", OVER_RECORDS: "по записям",
        BY_FORMULA: "по своей формуле",
    }
    for english, words in {"no; ": "нет; ", **words_of}.items():
        russian = russian.replace(english, words)
    return f"{kpi.additive} · {russian}"


def _first_sentence(text: str) -> str:
    return text.split(". ")[0].rstrip(".") + "."
