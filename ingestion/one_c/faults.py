"""What a refusal of 1C means, in a sentence.

    answer with 400 and above  ->  `Judge`: a fault that may pass, or a VendorError with 1C's own code and words

D codes: 6 the address, 8 no such set, 9 no such object, 10 no such field, 20 no right; 401 with code 20 for rights, 500 with code -1 for
what the configuration's own code raised, 501 for what OData cannot show. C the envelope is `{"odata.error":{"code","message":{"value"}}}`,
D or `<m:error><m:code/><m:message/></m:error>`. A a 500 may pass (a lock, a session that ended), so it is asked again; a user whom 1C had
let in before is tried once more, since sessions end with a restart of the web server.
"""

import base64
import re
from dataclasses import dataclass
from xml.etree import ElementTree

import msgspec

from ingestion.accounts import Account
from ingestion.http import Answer, Transient, VendorError, without_queries
from ingestion.one_c.markup import sober

NO_RIGHT, NO_SET = "20", "8"
KEPT = "Nothing of this load was kept; the data of the last finished load stays"
_MARKUP = re.compile(r"<[^>]*>")
# Accounts whose user was not refused since, whichever contact of the night it was.
_let_in: set[Account] = set()


@dataclass(frozen=True)
class Refusal:
    """1C's own code (empty when there is no envelope) and words."""

    code: str
    text: str

    def __str__(self) -> str:
        return f"code {self.code}: {self.text}" if self.code else self.text


def refusal(body: bytes) -> Refusal:
    """What the body of an error says."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        told = msgspec.json.decode(body).get("odata.error", {})
        message = told.get("message")
        return Refusal(str(told.get("code", "")), _short(str(message.get("value", "") if isinstance(message, dict) else message or "")))
    except (msgspec.MsgspecError, AttributeError, UnicodeDecodeError):
        pass
    try:
        members = {one.tag.rsplit("}", 1)[-1]: (one.text or "") for one in ElementTree.fromstring(sober(body))}
        if "code" in members:
            return Refusal(members["code"].strip(), _short(members.get("message", "")))
    except (ElementTree.ParseError, ValueError, LookupError):
        pass
    return Refusal("", _short(_MARKUP.sub(" ", body[:1 << 16].decode("utf-8", "replace"))))


class Judge:
    """Judges the answers of one conversation. `begin` tells what is asked next."""

    def __init__(self, account: Account) -> None:
        self._account, self._resource, self._path = account, "", ""

    def begin(self, resource: str, path: str) -> None:
        """What the next answers are to."""
        self._resource, self._path = resource, path

    def headers(self) -> dict[str, str]:
        """Credentials, as UTF-8: users have Cyrillic names."""
        pair = f"{self._account.setting('username')}:{self._account.setting('password')}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

    def __call__(self, answer: Answer) -> None:
        """Raises Transient or VendorError for a refusal."""
        if answer.status < 400:
            _let_in.add(self._account)
            return
        told = refusal(answer.body)
        if answer.status == 500:
            raise Transient(f"{self._path} answered 500, {told}")
        if answer.status == 401 and told.code != NO_RIGHT:
            if self._account in _let_in:
                _let_in.discard(self._account)
                raise Transient("the user was refused with 401, and had been let in before", pause=0.0)
            raise self._error(f"1C does not let the user in (401): check {self._named('username')} and {self._named('password')}, and that "
                              "the user may log in with «Аутентификация 1С:Предприятия»")
        if told.code == NO_RIGHT:
            raise self._error(f"1C says that the user of {self._named('username')} has no right to {self._path} ({answer.status}, {told}). "
                              "Give the user the right to read it, by a role of its own, and publish it for OData "
                              "(УстановитьСоставСтандартногоИнтерфейсаOData)")
        if told.code == NO_SET:
            raise self._error(f"1C publishes no {self._path} ({answer.status}, {told}). Publish it for OData "
                              f"(УстановитьСоставСтандартногоИнтерфейсаOData) or name another object in "
                              f"{self._named(self._setting)}")
        raise self._error(f"{self._path} answered {answer.status}, {told}")

    @property
    def _setting(self) -> str:
        """Which setting names what was asked for."""
        return self._resource if self._path.startswith("ExchangePlan_") else f"object_{self._resource}"

    def _named(self, key: str) -> str:
        return self._account.variable(key)

    def _error(self, sentence: str) -> VendorError:
        return VendorError(f"{self._account.vendor}/{self._account.name} {self._resource}: {sentence}. {KEPT}.")


def _short(text: str) -> str:
    return " ".join(without_queries(text).split())[:300]
