"""The objects of the simulated 1C configuration that are published by OData, as configuration.txt lists them.

    configuration.txt, two options of the sandbox  ->  `Configuration.sets`: name of the set -> `ObjectSet`

A section is a set with the name that this project gives its resource, and the function that reads it, if it is a register's. A line is
an attribute: name, type, the set it refers to, `key` where it is part of the key; `Товары.Цена` belongs to a tabular section.
Configurations differ, so an option takes objects or attributes away (`one_c.unpublished`: `Document_ЧекККМ.Статус,Catalog_Марки`) and
another calls objects by other names (`one_c.renamed`: `Document_ЧекККМ=Document_КассовыйЧек`). The register of revenue and cost has two
forms, both listed: that of live UT 11 and ERP names goods and place by a key of analytics, the flat one (`one_c.flat_costs`) by themselves.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

DEFAULT_KEY = "Ref_Key"
COSTS, ITEM_KEYS = "AccumulationRegister_ВыручкаИСебестоимостьПродаж", "Catalog_КлючиАналитикиУчетаНоменклатуры"
BY_ITEM_KEY = ("АналитикаУчетаНоменклатуры_Key", "Стоимость", "СтоимостьБезНДС")
FLAT = ("Номенклатура_Key", "Склад_Key", "Себестоимость")


@dataclass(frozen=True)
class Attribute:
    """One attribute. type: its EDM type without `Edm.`; refers_to: the set that a reference points into."""

    name: str
    type: str
    refers_to: str = ""
    is_key: bool = False


@dataclass(frozen=True)
class ObjectSet:
    """A published object. resource: our name for it; function: the virtual table it is read by, if any; sections: tabular ones."""

    name: str
    resource: str
    function: str = ""
    attributes: dict[str, Attribute] = field(default_factory=dict)
    sections: dict[str, dict[str, Attribute]] = field(default_factory=dict)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The attributes that identify an entity."""
        return tuple(one.name for one in self.attributes.values() if one.is_key) or (DEFAULT_KEY,)

    def type_of(self, path: str) -> str | None:
        """The EDM type of an attribute, `Section/Attribute` too; `Collection` for a section; None when there is no such thing."""
        section, _, name = path.rpartition("/")
        found = (self.sections.get(section, {}) if section else self.attributes).get(name)
        return found.type if found else "Collection" if path in self.sections else None

    def reference(self, name: str) -> str | None:
        """The set that the navigation property `name` leads to."""
        found = self.attributes.get(f"{name}_Key")
        return found.refers_to if found and found.refers_to else None


@dataclass(frozen=True)
class Configuration:
    """What is published, by name."""

    sets: dict[str, ObjectSet]

    def section(self, name: str) -> tuple[ObjectSet, str] | None:
        """The object and its tabular section behind a set like `Document_ЧекККМ_Товары`."""
        owner, _, section = name.rpartition("_")
        found = self.sets.get(owner)
        return (found, section) if found and section in found.sections and section != "RecordSet" else None


def published(*, unpublished: str = "", renamed: str = "", has_flat_costs: bool = False) -> Configuration:
    """The configuration with the options applied."""
    gone = {one.strip() for one in unpublished.split(",") if one.strip()}
    gone |= {f"{COSTS}.RecordSet.{name}" for name in (BY_ITEM_KEY if has_flat_costs else FLAT)}
    gone |= {ITEM_KEYS} if has_flat_costs else set()
    names = dict(pair.split("=", 1) for pair in renamed.split(",") if "=" in pair)
    sets = {}
    for one in _SETS:
        if one.name in gone:
            continue
        lost = {name.partition(".")[2] for name in gone if name.startswith(f"{one.name}.")}
        kept = replace(
            one,
            name=names.get(one.name, one.name),
            attributes={
                name: replace(attribute, refers_to=names.get(attribute.refers_to, attribute.refers_to))
                for name, attribute in one.attributes.items()
                if name not in lost
            },
            sections={
                section: {name: attribute for name, attribute in inner.items() if f"{section}.{name}" not in lost}
                for section, inner in one.sections.items()
                if section not in lost
            },
        )
        sets[kept.name] = kept
    return Configuration(sets)


def _read(text: str) -> tuple[ObjectSet, ...]:
    sets: list[ObjectSet] = []
    for line in filter(None, text.splitlines()):
        if line.startswith("["):
            name, resource, *function = line.replace("[", "").replace("]", "").split()
            sets.append(ObjectSet(name, resource, "".join(function)))
            continue
        path, kind, *more = line.split()
        section, _, name = path.rpartition(".")
        attribute = Attribute(name, kind, next((word for word in more if word != "key"), ""), "key" in more)
        (sets[-1].sections.setdefault(section, {}) if section else sets[-1].attributes)[name] = attribute
    return tuple(sets)


_SETS = _read(Path(__file__).with_suffix(".txt").read_text(encoding="utf-8"))
NAMES = {one.resource: one.name for one in _SETS}
