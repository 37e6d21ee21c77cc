"""Which object of the configuration each resource is read from, and which of its fields are needed.

    SOURCES__ONE_C__OBJECT_<RESOURCE> or the default  ->  `objects_of(account)`  ->  what is asked, and what `$metadata` must offer

Most names of objects and fields are assumed (they are those of 1C:ERP and UT 11 as far as these agree). C, in clients of live bases: the
register of revenue and cost names goods by АналитикаУчетаНоменклатуры_Key, the key of a catalogue of its own that leads to the item and,
as Склад_Key or МестоХранения, to the place; its cost is Стоимость, or СтоимостьБезНДС; flat ones with Номенклатура_Key and Себестоимость
are read too. Required is what staging cannot do without: keys, versions, dates, what was bought and what it came to. Whatever else is
missing is told in the log and stays empty, and so is a register that lacks what it needs: the rest does not wait for it.
"""

from dataclasses import dataclass, field, replace

from ingestion.accounts import Account, SettingError

NONE = "none"
COST_FIELD, COSTS = "cost_field", ("Стоимость", "Себестоимость", "СтоимостьБезНДС")
Wanted = tuple[str | tuple[str, ...], ...]
BY_KEY = "АналитикаУчетаНоменклатуры_Key"
_MARKED = ("Ref_Key", "DataVersion", "DeletionMark")
_PAPER = (*_MARKED, "Number", "Date", "Posted")
_CONTACTS = {"КонтактнаяИнформация": ("Тип", "Представление")}


@dataclass(frozen=True)
class Needs:
    """An object. fields, optional: its own members; tables: its tabular sections and their required members; virtual: the virtual table
    of a register that is read instead of it, whose columns `fields` are then. Of several names in one place any one is enough.
    may_lack: without what it needs this alone is not read; may_miss: and it need not be there; through: members that are worth nothing
    without another resource; settings: what besides the object's name chooses its members."""

    resource: str
    default: str
    fields: Wanted
    optional: Wanted = ()
    tables: dict[str, Wanted] = field(default_factory=dict)
    optional_tables: dict[str, Wanted] = field(default_factory=dict)
    virtual: str = ""
    may_lack: bool = False
    may_miss: bool = False
    through: dict[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()

    def name_at(self, account: Account) -> str:
        """The set's name in this account's configuration; empty when the account says that there is none."""
        name = account.setting(f"object_{self.resource}", self.default)
        return "" if name.strip().lower() == NONE else name.strip()


def _lines(*more: str) -> dict[str, tuple[str, ...]]:
    return {"Товары": ("LineNumber", "Номенклатура_Key", "Количество", "Сумма", *more)}


NEEDS = (
    Needs("items", "Catalog_Номенклатура", (*_MARKED, "Description"), ("IsFolder", "Parent_Key", "Code", "Артикул", "Марка_Key",
                                                                        "ТипНоменклатуры")),
    Needs("item_keys", "Catalog_КлючиАналитикиУчетаНоменклатуры", ("Ref_Key", "DataVersion", "Номенклатура_Key"),
          (("Склад_Key", "МестоХранения"),), may_lack=True, may_miss=True),
    Needs("brands", "Catalog_Марки", ("Ref_Key", "Description"), ("DeletionMark", "СобственнаяМарка")),
    Needs("barcodes", "InformationRegister_ШтрихкодыНоменклатуры", ("Штрихкод", "Номенклатура_Key"), may_lack=True),
    Needs("price_types", "Catalog_ВидыЦен", ("Ref_Key", "Description"), ("DeletionMark",)),
    Needs("prices", "InformationRegister_ЦеныНоменклатуры", ("Period", "Номенклатура_Key", "ВидЦены_Key", "Цена"), virtual="SliceLast",
          may_lack=True),
    Needs("stores", "Catalog_Склады", ("Ref_Key", "Description"), ("DeletionMark", "IsFolder", "Parent_Key", "Code", "ТипСклада", "Регион",
                                                                    "Город", "Адрес", "Формат", "Франшиза", "ДатаОткрытия", "ДатаЗакрытия",
                                                                    "ЧасовойПояс")),
    Needs("tills", "Catalog_КассыККМ", ("Ref_Key", "Description"), ("DeletionMark", "Склад_Key")),
    Needs("cashiers", "Catalog_Пользователи", ("Ref_Key", "Description"), ("DeletionMark", "Недействителен"), optional_tables=_CONTACTS),
    Needs("partners", "Catalog_Партнеры", (*_MARKED, "Description"), ("IsFolder", "Code", "ЮрФизЛицо", "Пол", "ДатаРождения"),
          optional_tables=_CONTACTS),
    Needs("cards", "Catalog_КартыЛояльности", (*_MARKED, "Штрихкод", "Партнер_Key"), ("Статус",)),
    Needs("receipts", "Document_ЧекККМ", (*_PAPER, "Склад_Key", "СуммаДокумента"),
          ("Статус", "КассаККМ_Key", "Кассир_Key", "Партнер_Key", "КартаЛояльности_Key", "НомерСменыККМ", "НомерЧекаККМ",
           "ЗаводскойНомерФН", "НомерФискальногоДокумента", "ОтчетОРозничныхПродажах_Key", "ПолученоНаличными", "БаллыНачислено"),
          _lines(), {"ОплатаПлатежнымиКартами": ("Сумма",), "ПодарочныеСертификаты": ("Сумма",)}),
    Needs("receipt_returns", "Document_ЧекККМВозврат", (*_PAPER, "Склад_Key", "СуммаДокумента"),
          ("ЧекККМ_Key", "Статус", "ОтчетОРозничныхПродажах_Key", "КассаККМ_Key", "НомерСменыККМ", "Кассир_Key",
           "Партнер_Key", "ЗаводскойНомерФН", "НомерФискальногоДокумента", "ПричинаВозврата"),
          _lines()),
    Needs("shift_reports", "Document_ОтчетОРозничныхПродажах", (*_PAPER, "Склад_Key", "СуммаДокумента"),
          ("КассаККМ_Key", "НомерСменыККМ", "КоличествоЧеков"), _lines()),
    Needs("customer_orders", "Document_ЗаказКлиента", (*_PAPER, "СуммаДокумента"),
          ("НомерПоДаннымКлиента", "Партнер_Key", "Склад_Key", "Менеджер_Key", "Статус", "ДатаОтгрузки"), _lines()),
    Needs("customer_returns", "Document_ВозвратТоваровОтКлиента", (*_PAPER, "СуммаДокумента"),
          ("ЗаказКлиента_Key", "Партнер_Key", "ПричинаВозврата"), _lines()),
    Needs("gift_card_sales", "Document_РеализацияПодарочныхСертификатов", (*_PAPER, "СуммаДокумента"), ("Склад_Key", "Кассир_Key"),
          {"ПодарочныеСертификаты": ("Сумма",)}),
    Needs("stock", "AccumulationRegister_СвободныеОстатки", ("Номенклатура_Key", "Склад_Key", "ВНаличииBalance"),
          ("ВРезервеСоСкладаBalance",), virtual="Balance", may_lack=True),
    Needs("sale_costs", "AccumulationRegister_ВыручкаИСебестоимостьПродаж", ("Recorder",), ("Recorder_Type",),
          {"RecordSet": ("Period", (BY_KEY, "Номенклатура_Key"), "Количество", "СуммаВыручки", ("Стоимость", "Себестоимость"))},
          {"RecordSet": ("LineNumber", "Active", (BY_KEY, "Склад_Key"), "ЗаказКлиента_Key")},
          may_lack=True, through={BY_KEY: "item_keys"}, settings=(COST_FIELD,)),
)


def needs_of(account: Account) -> tuple[Needs, ...]:
    """NEEDS, with the field of the cost that the account's setting chooses. Raises SettingError."""
    chosen = cost_field(account)
    if not chosen:
        return NEEDS

    def choosing(needs: Needs) -> Needs:
        tables = {name: tuple(chosen if one == COSTS[:2] else one for one in wanted) for name, wanted in needs.tables.items()}
        return replace(needs, tables=tables)

    return tuple(choosing(needs) if COST_FIELD in needs.settings else needs for needs in NEEDS)


def cost_field(account: Account) -> str:
    """Which field of the register is the cost; empty where nothing is set, and it is the one that is there. Raises SettingError."""
    chosen = account.setting(COST_FIELD, "").strip()
    if chosen and chosen not in COSTS:
        raise SettingError(f"{account.vendor}/{account.name}: {account.variable(COST_FIELD)} is {chosen!r}; what is read as a cost is "
                           f"{', '.join(COSTS)}. Write one of these, or leave it empty.")
    return chosen


def objects_of(account: Account) -> dict[str, str]:
    """{resource: the set's name in this account}; an empty name where the configuration has no such object."""
    return {needs.resource: needs.name_at(account) for needs in NEEDS}
