"""Does the published interface offer what is read? Asked before anything is, so that one sentence lists all that is missing.

    $metadata (EDMX)  ->  `offered`: {set: {members, tables}}  ->  `check`: a VendorError with all gaps, or what is not read

D the shape of the EDMX: EntitySet -> EntityType -> Property; C tabular sections and record sets are `Collection(StandardODATA.…_RowType)`,
a virtual table's columns stand in the ComplexType `<set>_Balance` (edmx fixtures of hacker-cb/1c-odata). A real one is tens of megabytes,
so it is read element by element.
"""

import difflib
import io
import logging
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from ingestion.accounts import Account
from ingestion.http import VendorError
from ingestion.one_c.markup import sober
from ingestion.one_c.names import Needs, Wanted, needs_of

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
        for event, element in ElementTree.iterparse(io.BytesIO(sober(body)), events=("start", "end")):
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


def check(offer: Offer, account: Account) -> dict[str, str]:
    """Raise one VendorError that names every object and required field that is missing; tell the optional ones. What is not read for want
    of its fields, though everything else is, comes back as {resource: what it lacks}, and is told too."""
    gaps = [(needs, list(_gaps(offer, needs, account))) for needs in needs_of(account)]
    alone = {needs.resource: "; ".join(lines) for needs, lines in gaps if lines and _stands_alone(offer, needs, account)}
    # A catalogue of keys is missed where a register leads to it, and says so itself.
    missing = [line for needs, lines in gaps if not needs.may_miss for line in lines]
    if any(lines and needs.resource not in alone for needs, lines in gaps):
        raise VendorError(
            f"{account.vendor}/{account.name} $metadata: the published interface lacks {len(missing)} "
            f"{'thing' if len(missing) == 1 else 'things'} that are read here: {'; '.join(missing)}. Nothing was loaded. {PUBLISH}, name "
            "what this configuration has instead in the setting, or write `none` there if it has nothing of the kind.")
    for needs, _ in gaps:
        name = needs.name_at(account)
        if needs.resource in alone:
            if not needs.may_miss:
                log.warning("%s/%s %s: it is not read and the rest is: the published interface lacks %s. %s, or write `none` in %s.",
                            account.vendor, account.name, needs.resource, alone[needs.resource], PUBLISH,
                            account.variable(f"object_{needs.resource}"))
        elif name and (absent := list(_absent(offer, needs, name, account, is_optional=True))):
            log.warning("%s/%s %s: %s lacks %s; it stays empty.", account.vendor, account.name, needs.resource, name, ", ".join(absent))
    return alone


def _stands_alone(offer: Offer, needs: Needs, account: Account) -> bool:
    return needs.may_miss or (needs.may_lack and needs.name_at(account) in offer.sets)


def _gaps(offer: Offer, needs: Needs, account: Account) -> Iterator[str]:
    name = needs.name_at(account)
    if not name:
        return
    setting = account.variable(f"object_{needs.resource}")
    if name not in offer.sets:
        alike = _alike(name, offer.sets)
        yield f"the object {name} ({setting}{'; there is ' + ', '.join(alike) if alike else ''})"
    elif absent := list(_absent(offer, needs, name, account, is_optional=False)):
        yield f"of {name} ({setting}) {', '.join(absent)}"


def _absent(offer: Offer, needs: Needs, name: str, account: Account, *, is_optional: bool) -> Iterator[str]:
    members = offer.members(needs, name)
    for wanted in needs.optional if is_optional else needs.fields:
        names = (wanted,) if isinstance(wanted, str) else wanted
        if members.keys().isdisjoint(names):
            alike = difflib.get_close_matches(names[0], members, n=1)
            yield f"the field {' or '.join(names)}" + (f" (there is {alike[0]})" if alike else "")
    for table, columns in (needs.optional_tables if is_optional else needs.tables).items():
        if table not in members:
            yield f"the table {table}"
        elif (rows := offer.types.get(members[table])) is not None:
            # Without a type of its own nothing can be said of a table's columns.
            yield from _absent_columns(offer, needs, account, table, columns, rows)


def _absent_columns(offer: Offer, needs: Needs, account: Account, table: str, columns: Wanted, rows: Collection[str]) -> Iterator[str]:
    for wanted in columns:
        names = (wanted,) if isinstance(wanted, str) else wanted
        there = [one for one in names if one in rows]
        if not there:
            chosen = [key for key in needs.settings if names == (account.setting(key, ""),)]
            named = f" ({', '.join(map(account.variable, chosen))})" if chosen else ""
            yield f"the field {table}/{' or '.join(names)}{named}"
        elif not any(_leads_on(offer, needs.through.get(one), account) for one in there):
            other = needs.through[there[0]]
            keys = next(one for one in needs_of(account) if one.resource == other)
            object_, setting = keys.name_at(account) or keys.default, account.variable(f"object_{other}")
            rest = [one for one in names if one not in there]
            yield f"the object {object_} ({setting}), to which {table}/{there[0]} leads" + (
                f", or the field {table}/{' or '.join(rest)}" if rest else "")


def _leads_on(offer: Offer, resource: str | None, account: Account) -> bool:
    """Whether what a member leads to, if it does, can be read."""
    if resource is None:
        return True
    needs = next(one for one in needs_of(account) if one.resource == resource)
    return bool(needs.name_at(account)) and not list(_gaps(offer, needs, account))


def _alike(name: str, sets: dict[str, str]) -> list[str]:
    """What might be meant: sets of the same kind with a like name, not the tables that hang on one."""
    kind, _, own = name.partition("_")
    same = [other.removeprefix(f"{kind}_") for other in sets if other.startswith(f"{kind}_") and other.count("_") == 1]
    return [f"{kind}_{other}" for other in difflib.get_close_matches(own, same, n=3)]
