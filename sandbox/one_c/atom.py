"""The XML of the interface: feeds and entries where JSON was not asked for, the EDMX of `$metadata`, errors, messages of an exchange.

    records, the configuration  ->  documents (manual 17.4.6.2, 17.4.13.1.2, RFC 6721 for what was deleted)
"""

from typing import Any
from xml.etree import ElementTree as Tree

from sandbox.one_c.configuration import Configuration, ObjectSet
from sandbox.one_c.refusals import METADATA, Refusal

ATOM, TOMBSTONES = "http://www.w3.org/2005/Atom", "http://purl.org/atompub/tombstones/1.0"
DATA, SCHEME = "http://schemas.microsoft.com/ado/2007/08/dataservices", "http://schemas.microsoft.com/ado/2007/08/dataservices/scheme"
EDMX, EDM = "http://schemas.microsoft.com/ado/2007/06/edmx", "http://schemas.microsoft.com/ado/2009/11/edm"
FEED_TYPE, ENTRY_TYPE = "application/atom+xml;type=feed;charset=utf-8", "application/atom+xml;type=entry;charset=utf-8"
XML_TYPE = "application/xml;charset=utf-8"
for _prefix, _namespace in (("", ATOM), ("at", TOMBSTONES), ("d", DATA), ("m", METADATA), ("edmx", EDMX)):
    Tree.register_namespace(_prefix, _namespace)


def feed(root: str, entries: list[Tree.Element], *, count: int | None = None) -> bytes:
    """A collection."""
    made = Tree.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}base": f"{root}/"})
    made.extend(entries)
    if count is not None:
        Tree.SubElement(made, f"{{{METADATA}}}count").text = str(count)
    return document(made)


def entry(root: str, of: ObjectSet, key: str, record: dict[str, Any], *, updated: str) -> Tree.Element:
    """One entity; key: what stands in the brackets of its address."""
    address = f"{of.name}({key})"
    made = Tree.Element(f"{{{ATOM}}}entry")
    Tree.SubElement(made, f"{{{ATOM}}}id").text = f"{root}/{address}"
    Tree.SubElement(made, f"{{{ATOM}}}category", {"term": f"StandardODATA.{of.name}", "scheme": SCHEME})
    Tree.SubElement(made, f"{{{ATOM}}}title", {"type": "text"})
    Tree.SubElement(made, f"{{{ATOM}}}updated").text = updated
    for name in ("author", "summary"):
        Tree.SubElement(made, f"{{{ATOM}}}{name}")
    for name in [name for name in record if name.endswith("@navigationLinkUrl")]:
        title = name.partition("@")[0]
        link = {"rel": f"{DATA}/related/{title}", "href": record[name], "type": ENTRY_TYPE, "title": title}
        Tree.SubElement(made, f"{{{ATOM}}}link", link)
    Tree.SubElement(made, f"{{{ATOM}}}link", {"rel": "edit", "href": address, "title": "edit link"})
    content = Tree.SubElement(made, f"{{{ATOM}}}content", {"type": "application/xml"})
    _properties(Tree.SubElement(content, f"{{{METADATA}}}properties"), of.name, record)
    return made


def deleted(root: str, of: ObjectSet, key: str, *, when: str) -> Tree.Element:
    """An entity that is gone."""
    return Tree.Element(f"{{{TOMBSTONES}}}deleted-entry", {"ref": f"{root}/{of.name}({key})", "when": when})


def _properties(parent: Tree.Element, kind: str, record: dict[str, Any]) -> None:
    for name, value in record.items():
        if "@" in name:
            continue
        made = Tree.SubElement(parent, f"{{{DATA}}}{name}")
        if isinstance(value, list):
            row = f"StandardODATA.{kind}_{'RowType' if name == 'RecordSet' else f'{name}_RowType'}"
            made.set(f"{{{METADATA}}}type", f"Collection({row})")
            for one in value:
                _properties(Tree.SubElement(made, f"{{{DATA}}}element", {f"{{{METADATA}}}type": row}), kind, one)
        elif isinstance(value, bool):
            made.text = str(value).lower()
        elif value not in (None, ""):
            made.text = str(value)


def error(refusal: Refusal) -> bytes:
    """The documented XML of an error."""
    made = Tree.Element(f"{{{METADATA}}}error")
    Tree.SubElement(made, f"{{{METADATA}}}code").text = str(refusal.code)
    Tree.SubElement(made, f"{{{METADATA}}}message").text = refusal.text
    return document(made)


def edmx(configuration: Configuration) -> bytes:
    """The description of everything that is published."""
    whole = Tree.Element(f"{{{EDMX}}}Edmx", {"Version": "1.0"})
    services = Tree.SubElement(whole, f"{{{EDMX}}}DataServices", {f"{{{METADATA}}}DataServiceVersion": "3.0"})
    schema = Tree.SubElement(services, "Schema", {"xmlns": EDM, "Namespace": "StandardODATA"})
    container = Tree.Element("EntityContainer", {"Name": "StandardODATA", f"{{{METADATA}}}IsDefaultEntityContainer": "true"})
    for one in configuration.sets.values():
        _described(schema, container, one)
    schema.append(container)
    return document(whole)


def _described(schema: Tree.Element, container: Tree.Element, one: ObjectSet) -> None:
    def entity(name: str, keys: tuple[str, ...]) -> Tree.Element:
        made = Tree.SubElement(schema, "EntityType", {"Name": name})
        key = Tree.SubElement(made, "Key")
        for attribute in keys:
            Tree.SubElement(key, "PropertyRef", {"Name": attribute})
        Tree.SubElement(container, "EntitySet", {"Name": name, "EntityType": f"StandardODATA.{name}"})
        return made

    def row_type(name: str, attributes: dict[str, str]) -> None:
        made = Tree.SubElement(schema, "ComplexType", {"Name": name})
        _typed(made, attributes)

    own = {name: attribute.type for name, attribute in one.attributes.items()}
    if one.function == "Balance":
        row_type(f"{one.name}_Balance", own)
        whole = entity(one.name, ("Recorder",))
        _typed(whole, {"Recorder": "String", "Recorder_Type": "String"})
    else:
        whole = entity(one.name, one.keys)
        _typed(whole, own)
        for attribute in one.attributes.values():
            if attribute.refers_to:
                Tree.SubElement(whole, "NavigationProperty", {"Name": attribute.name.removesuffix("_Key")})
    for section, inner in one.sections.items():
        row = {name: attribute.type for name, attribute in inner.items()}
        is_records = section == "RecordSet"
        row_name = f"{one.name}_RowType" if is_records else f"{one.name}_{section}_RowType"
        Tree.SubElement(whole, "Property", {"Name": section, "Type": f"Collection(StandardODATA.{row_name})", "Nullable": "false"})
        full = row if is_records else {"Ref_Key": "Guid", **row}
        row_type(row_name, full)
        keys = ("Recorder", "LineNumber") if is_records else ("Ref_Key", "LineNumber")
        _typed(entity(f"{one.name}_RecordType" if is_records else f"{one.name}_{section}", keys), full)
    if one.function:
        answer = f"{one.name}_Balance" if one.function == "Balance" else one.name
        made = Tree.SubElement(container, "FunctionImport", {
            "Name": one.function, "ReturnType": f"Collection(StandardODATA.{answer})", f"{{{METADATA}}}HttpMethod": "GET",
            "IsBindable": "true", "EntitySetPath": one.name,
        })
        for name, kind in (("Period", "DateTime"), ("Condition", "String")):
            Tree.SubElement(made, "Parameter", {"Name": name, "Type": f"Edm.{kind}", "Nullable": "true", "Mode": "In"})


def _typed(parent: Tree.Element, attributes: dict[str, str]) -> None:
    for name, kind in attributes.items():
        Tree.SubElement(parent, "Property", {"Name": name, "Type": f"Edm.{kind}", "Nullable": "false"})


def document(element: Tree.Element) -> bytes:
    """The whole document with its declaration."""
    return Tree.tostring(element, encoding="UTF-8", xml_declaration=True)
