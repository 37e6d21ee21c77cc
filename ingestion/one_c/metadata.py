"""Does the published interface offer what is read? Asked before anything is, so that one sentence lists all that is missing.

    $metadata (EDMX)  ->  `offered`: {set: {members, tables}}  ->  `check`: a VendorError with every gap, or a line in the log

D the shape of the EDMX: EntitySet -> EntityType -> Property; C tabular sections and record sets are `Collection(StandardODATA.…_RowType)`,
a virtual table's columns stand in the ComplexType `<set>_Balance` (edmx fixtures of hacker-cb/1c-odata). A real one is tens of megabytes,
so it is read element by element.
"""

import difflib
import io
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from ingestion.accounts import Account
from ingestion.http import VendorError
from ingestion.one_c.names import NEEDS, Needs

log = logging.getLogger(__name__)
COLLECTION = re.compile(r"^Collection\(StandardODATA\.(.+)\)$")
PUBLISH = "Publish it in 1C (УстановитьСоставСтандартногоИнтерфейсаOData, or «Настройка стандартного интерфейса OData»)"


class NotMetadata(ValueError):
    """The answer is no EDMX; the text says what was found."""


@dataclass
class Offer:
    """What `$metadata` offers. types: {type: {member: the row type of a table, else ""}}; sets: {set: its type}."""

    sets: dict[str, str] = field(default_factory=dict)
    types: dict[str, dict[str, str]] = field(default_factory=dict)

    def members(self, needs: Needs, name: str) -> dict[str, str]:
        """The members of a set, or the columns of its virtual table; without a type of its own a table has the columns of the set."""
        virtual = self.types.get(f"{name}_{needs.virtual}") if needs.virtual else None
        if virtual is not None:
            return virtual
        own = self.types.get(self.sets[name], {})
        # A record set of a register: its columns are those of its rows.
        rows = self.types.get(own.get("RecordSet", ""), {}) if needs.virtual else {}
        return {**own, **rows}


def offered(body: bytes) -> Offer:
    """The sets and their members. Raises NotMetadata when the document is not whole."""
    offer, members, is_edmx = Offer(), {}, False
    try:
        for event, element in ElementTree.iterparse(io.BytesIO(body), events=("start", "end")):
            tag = element.tag.rsplit("}", 1)[-1]
            if event == "start":
                is_edmx = is_edmx or tag == "Edmx"
                if not is_edmx:
                    raise NotMetadata(f"the answer begins with <{tag}>")
            elif tag == "Property":
                found = COLLECTION.match(element.get("Type", ""))
                members[element.get("Name", "")] = found[1] if found else ""
            elif tag in ("EntityType", "ComplexType"):
                offer.types[element.get("Name", "")] = members
                members = {}
                element.clear()
            elif tag == "EntitySet":
                offer.sets[element.get("Name", "")] = element.get("EntityType", "").removeprefix("StandardODATA.")
    except ElementTree.ParseError as error:
        raise NotMetadata(f"the answer is not whole XML ({error})") from error
    return offer


def check(offer: Offer, account: Account) -> None:
    """Raise one VendorError that names every object and required field that is missing; tell the optional ones."""
    missing = [line for needs in NEEDS for line in _gaps(offer, needs, account)]
    if missing:
        raise VendorError(
            f"{account.vendor}/{account.name} $metadata: the published interface lacks {len(missing)} "
            f"{'thing' if len(missing) == 1 else 'things'} that are read here: {'; '.join(missing)}. Nothing was loaded. {PUBLISH}, name "
            "what this configuration has instead in the setting, or write `none` there if it has nothing of the kind.")
    for needs in NEEDS:
        if (name := needs.name_at(account)) and (absent := list(_absent(offer, needs, name, is_optional=True))):
            log.warning("%s/%s %s: %s lacks %s; it stays empty.", account.vendor, account.name, needs.resource, name,
                        ", ".join(absent))


def _gaps(offer: Offer, needs: Needs, account: Account) -> Iterator[str]:
    name, setting = needs.name_at(account), account.variable(f"object_{needs.resource}")
    if not name:
        return
    if name not in offer.sets:
        alike = _alike(name, offer.sets)
        yield f"the object {name} ({setting}" + (f"; there is {', '.join(alike)}" if alike else "") + ")"
    elif absent := list(_absent(offer, needs, name, is_optional=False)):
        yield f"of {name} ({setting}) {', '.join(absent)}"


def _absent(offer: Offer, needs: Needs, name: str, *, is_optional: bool) -> Iterator[str]:
    members = offer.members(needs, name)
    for wanted in needs.optional if is_optional else needs.fields:
        if wanted not in members:
            alike = difflib.get_close_matches(wanted, members, n=1)
            yield f"the field {wanted}" + (f" (there is {alike[0]})" if alike else "")
    for table, wanted in (needs.optional_tables if is_optional else needs.tables).items():
        if table not in members:
            yield f"the table {table}"
        elif (rows := offer.types.get(members[table])) is not None:
            # Without a type of its own nothing can be said of a table's columns.
            yield from (f"the field {table}/{column}" for column in wanted if column not in rows)


def _alike(name: str, sets: dict[str, str]) -> list[str]:
    """What might be meant: sets of the same kind with a like name, not the tables that hang on one."""
    kind, _, own = name.partition("_")
    same = [other.removeprefix(f"{kind}_") for other in sets if other.startswith(f"{kind}_") and other.count("_") == 1]
    return [f"{kind}_{other}" for other in difflib.get_close_matches(own, same, n=3)]
