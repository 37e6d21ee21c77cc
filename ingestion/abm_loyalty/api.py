"""One conversation with an ABM Loyalty installation: the account behind a card or phone, and its history.

    GET {INFO_PATH}  ·  GET {HISTORY_PATH}  ->  `Member`, its operations  ->  documents

D documented (bookstack.abmloyalty.app), A assumed here:
- D `GET /partner/operation/user/{type}/{token}/user-info`, type card or phone. D that a history of accruals and write-offs exists;
  A its path and its filter, a day.
- A the key stands in one header. A 404 with a JSON object says that there is no such member; any other 404 is a wrong address.
- A the account: `id`, `cardNumber`, `cards[].number`, `phone`. A the history: `operations[]` with `id`, and, where they are told, `total`,
  which must be the number of operations that came, and `userId`, which must be the account's. Whatever else stands there is staging's.
- A `balance` and `pendingBalance` of the account, `type` and `amount` of an operation (balance.py): whether operations came late.
- A a phone is written as digits with the country's code; __PHONE_FORMAT=e164 puts a plus before it.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

from ingestion import documents
from ingestion.abm_loyalty.balance import points
from ingestion.abm_loyalty.customers import Key
from ingestion.accounts import Account, SettingError
from ingestion.documents import PageError, Record
from ingestion.http import Answer, Http, Transient, VendorError

INFO_PATH = "partner/operation/user/{type}/{token}/user-info"
HISTORY_PATH = "partner/operation/user/{type}/{token}/bonus-history?dateFrom={since}"
NO_HISTORY = "none"
BEFORE_EVERYTHING = date(2000, 1, 1)
REREADS, ATTEMPTS = 3, 3
# What an operation is, where it has no id. The n-th of two alike in one answer is told apart by its place.
WHAT_HAPPENED = ("type", "amount", "date", "activationDate", "checkNumber")
# Said of this customer. A key without rights is refused by 403 for everybody, and then nobody is answered (round.py).
REFUSED = frozenset({400, 403, 406, 409, 410, 422, 423, 451, 501})


class Unanswered(Exception):
    """One customer could not be read; the text says why, without a card or phone."""


class _NoSuch(Exception):
    """404: the body tells whether the vendor or the address says so."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("no such member")
        self.is_vendors = answer.body.lstrip()[:1] == b"{"


class _Refused(Exception):
    """The vendor does not take this card or phone."""


@dataclass(frozen=True)
class Member:
    """An account as user-info tells it. version changes with anything in it; points are all of his;
    phones and cards are digits."""

    account: str
    record: Record
    version: str
    points: str
    cards: tuple[str, ...] = field(repr=False)
    phones: tuple[str, ...] = field(repr=False)


class Api:
    """An account's API. The key is read when it is used."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._paths = paths_of(account)
        self._plus = "+" if account.setting("phone_format", "digits").lower() == "e164" else ""
        header = account.setting("auth_header", "Authorization")
        self._http = Http(account, base_url=account.setting("base_url"), attempts=ATTEMPTS, judge=_judge,
                          headers=lambda: {header: account.setting("api_key")},
                          requests_per_second=account.number("requests_per_second", 5))

    @property
    def tells_history(self) -> bool:
        """False where the setting says that this installation has none."""
        return self._paths["operations"] != NO_HISTORY

    @property
    def history_path(self) -> str:
        """The template by which histories are read."""
        return self._paths["operations"]

    def member(self, key: Key) -> Member | None:
        """The account behind a card or phone; None when nobody is a member by it. Raises Unanswered, VendorError."""
        try:
            return self._until_right("accounts", key, None, lambda answer: _member(answer.body, key))
        except _NoSuch as absent:
            if absent.is_vendors:
                return None
        raise self._lost("accounts", "info_path")

    def operations(self, key: Key, member: Member, since: date | None) -> list[Record]:
        """The movements of an account since a day, or all of them. Raises Unanswered, VendorError."""
        try:
            return self._until_right("operations", key, since or BEFORE_EVERYTHING, lambda answer: _operations(answer.body, member))
        except _NoSuch:
            pass
        raise self._lost("operations", "history_path")

    def _until_right(self, resource: str, key: Key, since: date | None, read: Any) -> Any:
        """What `read` makes of the answer; asked for again when the answer is another one's."""
        token = f"{self._plus if key.kind == 'phone' else ''}{key.token}"
        path = self._paths[resource].format(type=key.kind, token=quote(token, safe=""), since=since)
        fault = ""
        for _ in range(REREADS):
            try:
                # An echo may write the phone without its country's code.
                return read(self._http.get(path, resource=resource, private=(token, quote(token, safe=""), key.token, key.token[-10:])))
            except PageError as error:
                fault = str(error)
            except _Refused as refused:
                raise Unanswered(str(refused)) from None
            except VendorError as error:
                if isinstance(error.__cause__, Transient):
                    raise Unanswered(str(error.__cause__)) from None
                raise
        raise Unanswered(f"{fault}, {REREADS} times in a row")

    def _lost(self, resource: str, setting: str) -> VendorError:
        return VendorError(f"{self._http.who(resource)}: the path answered 404, and not for want of a member. Nothing of this load was "
                           f"kept; set {self._account.variable('base_url')} and {self._account.variable(setting)} to what the vendor's "
                           "documents for this installation say.")


def paths_of(account: Account) -> dict[str, str]:
    """The templates of the paths, by resource. Raises SettingError."""
    return {"accounts": _template(account, "info_path", INFO_PATH, ("type", "token")),
            "operations": _template(account, "history_path", HISTORY_PATH, ("type", "token", "since"))}


def _template(account: Account, setting: str, default: str, names: tuple[str, ...]) -> str:
    """The setting's path. Raises SettingError when nobody could be asked for by it."""
    text = account.setting(setting, default)
    if text.lower() == NO_HISTORY and setting == "history_path":
        return NO_HISTORY
    # Without a day the whole history of everybody would come and be landed every night.
    needed = [f"{{{name}}}" for name in names if name != "type" and f"{{{name}}}" not in text]
    fault = f"it lacks {' and '.join(needed)}" if needed else ""
    try:
        text.format(**dict.fromkeys(names, "x"))
    except (KeyError, IndexError, ValueError):
        fault = f"it may name {', '.join('{' + name + '}' for name in names)} and nothing else in braces"
    if fault:
        raise SettingError(f"{account.vendor}/{account.name}: {account.variable(setting)} is no path to ask for a customer by: {fault}.")
    return text


def _judge(answer: Answer) -> None:
    if answer.status == 404:
        raise _NoSuch(answer)
    if answer.status in REFUSED:
        raise _Refused(f"answered {answer.status}")


def _member(body: bytes, key: Key) -> Member:
    records = _split(b"[" + body + b"]", rows="", key=("id",)).records
    if len(records) != 1:
        raise PageError("the answer is not one account")
    record = records[0]
    told = _object(record.payload)
    cards = tuple(_spelled(one) for one in (told.get("cardNumber"), *(card.get("number") for card in _objects(told.get("cards")))) if one)
    phones = tuple(_spelled(one) for one in (told.get("phone"),) if one)
    if not any(_is_the_same(one, key.token) for one in (cards if key.kind == "card" else phones)):
        raise PageError(f"the account that came does not name the {key.kind} that was asked for")
    account = record.key or (f"card:{cards[0]}" if cards else "")
    if not account:
        raise PageError("the account that came has neither an id nor a card")
    return Member(account, Record(account, None, _wrapped(account, record.payload)), _hash(record.payload), points(told), cards, phones)


def _operations(body: bytes, member: Member) -> list[Record]:
    page = _split(body, rows="operations", cursor="date")
    owner, total = (documents.text_of(page.envelope.get(name)) for name in ("userId", "total"))
    if owner is not None and owner != member.account:
        raise PageError("the history that came is another account's")
    if total is not None and re.fullmatch(r"\d{1,9}(\.0+)?", total.strip()) and int(float(total)) != len(page.records):
        raise PageError(f"{total} operations were told and {len(page.records)} came")
    seen: dict[str, int] = {}
    found = []
    for record in page.records:
        key = record.key
        if key is None:
            told = _object(record.payload)
            made = _hash(json.dumps([member.account, *(told.get(name) for name in WHAT_HAPPENED)])) if told else _hash(record.payload)
            seen[made] = seen.get(made, 0) + 1
            key = f"sha256:{made}" + (f":{seen[made]}" if seen[made] > 1 else "")
        found.append(Record(key, record.cursor, _wrapped(member.account, record.payload)))
    return found


def _split(body: bytes, **how: Any) -> documents.Page:
    """As documents.split, but its error quotes nothing: names of members and values may be somebody's phone."""
    try:
        return documents.split(body, **how)
    except PageError:
        pass
    raise PageError("the answer has not the shape that was expected")


def _wrapped(account: str, payload: str) -> str:
    """The vendor's own text under `told`, beside the account it was asked for."""
    return f'{{"account":{json.dumps(account)},"told":{payload}}}'


def _object(payload: str) -> dict[str, Any]:
    try:
        found = json.loads(payload)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _spelled(value: Any) -> str:
    """A card or phone as digits; what a vendor hides stays a star."""
    return "".join(sign for sign in str(value) if sign.isdigit() or sign == "*")


def _is_the_same(told: str, token: str) -> bool:
    """The same digits from the right, ten at most being enough for a phone with and without its country's code."""
    length = min(len(told), len(token), 10) if len(told) != len(token) else len(token)
    return length >= min(10, len(token)) and all(a in ("*", b) for a, b in zip(told[-length:], token[-length:], strict=True))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
