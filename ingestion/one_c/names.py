"""Which object of the configuration each resource is read from, and which of its fields are needed.

    SOURCES__ONE_C__OBJECT_<RESOURCE> or the default  ->  `objects_of(account)`  ->  what is asked, and what `$metadata` must offer

All names of objects and fields are assumed (they are those of 1C:ERP and UT 11 as far as these agree). Required is what staging cannot do
without: keys, versions, dates, what was bought and what it came to. Whatever else is missing is told in the log and stays empty.
"""

from dataclasses import dataclass, field

from ingestion.accounts import Account

NONE = "none"
_MARKED = ("Ref_Key", "DataVersion", "DeletionMark")
_PAPER = (*_MARKED, "Number", "Date", "Posted")
_CONTACTS = {"КонтактнаяИнформация": ("Тип", "Представление")}


@dataclass(frozen=True)
class Needs:
    """An object. fields, optional: its own members; tables: its tabular sections and their required members; virtual: the virtual table
    of a register that is read instead of it, whose columns `fields` are then."""

    resource: str
    default: str
    fields: tuple[str, ...]
    optional: tuple[str, ...] = ()
    tables: dict[str, tuple[str, ...]] = field(default_factory=dict)
    optional_tables: dict[str, tuple[str, ...]] = field(default_factory=dict)
    virtual: str = ""

    def name_at(self, account: Account) -> str:
        """The set's name in this account's configuration; empty when the account says that there is none."""
        name = account.setting(f"object_{self.resource}", self.default)
        return "" if name.strip().lower() == NONE else name.strip()


def _lines(*more: str) -> dict[str, tuple[str, ...]]:
    return {"Товары": ("LineNumber", "Номенклатура_Key", "Количество", "Сумма", *more)}


NEEDS = (
    Needs("items", "Catalog_Номенклатура", (*_MARKED, "Description"), ("IsFolder", "Parent_Key", "Code", "Артикул", "Марка_Key",
                                                                        "ТипНоменклатуры")),
    Needs("brands", "Catalog_Марки", ("Ref_Key", "Description"), ("DeletionMark", "СобственнаяМарка")),
    Needs("barcodes", "InformationRegister_ШтрихкодыНоменклатуры", ("Штрихкод", "Номенклатура_Key")),
    Needs("price_types", "Catalog_ВидыЦен", ("Ref_Key", "Description"), ("DeletionMark",)),
    Needs("prices", "InformationRegister_ЦеныНоменклатуры", ("Period", "Номенклатура_Key", "ВидЦены_Key", "Цена"), virtual="SliceLast"),
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
          ("ЧекККМ_Key", "КассаККМ_Key", "Кассир_Key", "Партнер_Key", "ЗаводскойНомерФН", "НомерФискальногоДокумента", "ПричинаВозврата"),
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
          ("ВРезервеСоСкладаBalance",), virtual="Balance"),
    Needs("sale_costs", "AccumulationRegister_ВыручкаИСебестоимостьПродаж", ("Recorder",), ("Recorder_Type",),
          {"RecordSet": ("Period", "Номенклатура_Key", "Количество", "СуммаВыручки", "Себестоимость")},
          {"RecordSet": ("LineNumber", "Active", "Склад_Key", "ЗаказКлиента_Key")}),
)


def objects_of(account: Account) -> dict[str, str]:
    """{resource: the set's name in this account}; an empty name where the configuration has no such object."""
    return {needs.resource: needs.name_at(account) for needs in NEEDS}
