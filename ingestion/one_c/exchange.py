"""A node of an exchange plan: the one list of changes that 1C keeps itself.

    GET <node> (ReceivedNo)  ->  POST NotifyChangesReceived of what is loaded  ->  POST SelectChanges  ->  what changed, was deleted

Why no change is lost. 1C keeps a change for the node until a message with its number or a later one is confirmed, and tells it again in
every message until then; an object that is changed again meanwhile is a new change. The number of the message that a load carries is
committed with that load, or not at all, and a message is confirmed by the contact after: only when the state, which came back with the last
finished load, says that it is loaded. A load that dies is followed by the same number and the same changes; a confirmation that dies is
repeated, and by the node's own ReceivedNo it is known whether it had arrived. Where the node has received more than we have loaded (the
lake was put back to an older state, or another reader uses the node), or nothing is known of it yet, changes may be gone with it: that
night scans as if there were no plan.

D SelectChanges, NotifyChangesReceived and their arguments, atom-entry and atom-deleted-entry (RFC 6721) in the answer (manual 17.4.13.3).
C ReceivedNo is the last confirmed number and the next message the one after it; `category` names the set, `id` the object; `ThisNode` is
the infobase's own (cdc clients on GitHub, read against a live 1C). A `ref` of a deleted entry is the address of the object, as `id` is.
A record set's is Register(Recorder=guid'…',Recorder_Type='StandardODATA.Document_…'). A message that tells of anything is confirmed, of
what is not read from it too, or the node would keep it for ever.
"""

import io
import re
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from ingestion.http import VendorError
from ingestion.one_c.api import Api
from ingestion.one_c.markup import sober

PLAN = "exchange_plan"
ADDRESS = re.compile(r"(?:^|/)(?P<set>\w+)\(guid'(?P<key>[0-9a-fA-F-]{36})'\)/?$")
RECORDS = re.compile(r"(?:^|/)(?P<set>\w+)\((?:[^/]*,)?\s*Recorder=(?:guid)?'(?P<key>[0-9a-fA-F-]{36})'[^/]*\)/?$")
RECORDER_TYPE = re.compile(r"Recorder_Type='(?:StandardODATA\.)?(\w+)'")
REREADS = 3


class NotAMessage(ValueError):
    """The answer is no whole feed; the text says what was found."""


@dataclass(frozen=True)
class Entry:
    """One object of a message: its set and reference, of a record set its register, recorder and the recorder's kind (empty if untold).
    What has neither (a constant, an independent register) has no key, and its address for a name: it is read by other means."""

    is_deleted: bool
    name: str
    key: str = ""
    recorder_type: str | None = None


@dataclass(frozen=True)
class Told:
    """What a node told. changed, deleted: {set: keys}; records: {register: {recorder: its kind, if told}} whose record sets are others
    now or gone; is_complete: that nothing can have changed besides since the last contact."""

    changed: dict[str, set[str]] = field(default_factory=dict)
    deleted: dict[str, set[str]] = field(default_factory=dict)
    records: dict[str, dict[str, str]] = field(default_factory=dict)
    is_complete: bool = False


class Exchange:
    """The node that an account's setting names."""

    def __init__(self, api: Api) -> None:
        self._api = api
        setting = api.account.setting(PLAN, "").strip()
        self._path = setting.removeprefix(api.base_url).lstrip("/")
        self._point = setting if setting.startswith(("http://", "https://")) else f"{api.base_url}/{self._path}"

    @property
    def is_on(self) -> bool:
        """Whether the account has a plan."""
        return bool(self._path)

    def begin(self, state: MutableMapping[str, Any]) -> None:
        """Before anything is read for the first time: all that changes from here on will be told. Raises VendorError."""
        state["exchange"] = {"node": self._point, "message": self._received()}

    def changes(self, state: MutableMapping[str, Any]) -> Told:
        """Confirm what is loaded and ask for what changed since. The caller's state is to be committed with what it says of the message."""
        kept, received = state.get("exchange", {}), self._received()
        loaded = kept.get("message") if kept.get("node") == self._point else None
        if loaded is not None and loaded > received:
            self._call("NotifyChangesReceived", loaded)
            received = loaded
        told, is_empty = self._selected(received + 1)
        state["exchange"] = {"node": self._point, "message": received if is_empty else received + 1}
        return replace(told, is_complete=loaded == received)

    def _received(self) -> int:
        node = self._api.entity(self._path, PLAN)
        try:
            if node.get("ThisNode") in (True, "true"):
                raise VendorError(f"{self._who()}: {self._path} is the infobase's own node, for which 1C registers nothing. Make one for "
                                  f"this warehouse and name it in {self._variable()}. Nothing was loaded.")
            return int(str(node["ReceivedNo"]))
        except (KeyError, ValueError):
            raise VendorError(f"{self._who()}: {self._path} has no ReceivedNo, so it is no node of an exchange plan. Nothing was loaded; "
                              f"check {self._variable()}.") from None

    def _selected(self, message: int) -> tuple[Told, bool]:
        """What a message tells, and whether it is empty."""
        fault = ""
        for _ in range(REREADS):
            told, is_empty = Told(), True
            try:
                for one in entries(self._call("SelectChanges", message)):
                    is_empty = False
                    if one.recorder_type is not None:
                        told.records.setdefault(one.name, {})[one.key] = one.recorder_type
                    elif one.key:
                        (told.deleted if one.is_deleted else told.changed).setdefault(one.name, set()).add(one.key)
                return told, is_empty
            except NotAMessage as error:
                fault = str(error)
        raise VendorError(f"{self._who()}: {fault}, {REREADS} times in a row. Nothing of this load was kept and no change is lost: 1C "
                          "tells them again.")

    def _call(self, method: str, message: int) -> bytes:
        return self._api.post(method, PLAN, {"DataExchangePoint": f"'{self._point}'", "MessageNo": str(message)})

    def _who(self) -> str:
        return f"{self._api.account.vendor}/{self._api.account.name} {PLAN}"

    def _variable(self) -> str:
        return self._api.account.variable(PLAN)


def entries(body: bytes) -> Iterator[Entry]:
    """What a message tells, in order. Raises NotAMessage."""
    is_feed = False
    try:
        for event, element in ElementTree.iterparse(io.BytesIO(sober(body)), events=("start", "end")):
            tag = element.tag.rsplit("}", 1)[-1]
            if event == "start":
                is_feed = is_feed or tag == "feed"
                if not is_feed:
                    raise NotAMessage(f"the answer begins with <{tag}> and is no message")
            elif tag in ("entry", "deleted-entry"):
                address = element.get("ref") or next((one.text for one in element if one.tag.rsplit("}", 1)[-1] == "id"), "") or ""
                address = unquote(address)
                found = ADDRESS.search(address) or RECORDS.search(address)
                name, key = (found["set"], found["key"].lower()) if found else (address, "")
                kind = (RECORDER_TYPE.findall(address) or [""])[0] if found and found.re is RECORDS else None
                yield Entry(tag == "deleted-entry", name, key, kind)
                element.clear()
    except ElementTree.ParseError as error:
        raise NotAMessage(f"the answer is no whole message ({error})") from error
