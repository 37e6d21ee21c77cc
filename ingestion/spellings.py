"""The texts as which a secret may come back, and one pattern that finds them all.

    secret ──► sign by sign, as any writer of JSON, addresses and HTML spells it, one within another ─┐
           └─► its bytes in hex, and in base64 at each of the three offsets ──────────────────────────┴─► a tree ──► `pattern`

A sign is looked for behind any backslashes (JSON within JSON), with `%` and `&` themselves spelled again (an address in an address, HTML
in HTML, either in JSON). In base64 three bytes make four signs, so a secret within a longer text begins at one of three places; the signs
at its ends hold bits of its neighbours too, and are compared by the bits that are its own.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html.entities import html5

CODES = ("utf-8", "cp1251", "latin-1")  # in which a secret that is not of ASCII alone is written as bytes
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
LONG = 96  # bytes: of a longer secret in hex and base64, such as a key in PEM, so many are compared, and what follows them goes too
# Each loop has an end, so that a long run of what begins an escape is read in time that grows with its length alone.
PERCENT = "%(?:25){0,5}"
BACKSLASH = rf"(?:\\|{PERCENT}5[Cc]|&(?:amp;){{0,4}}(?:#92|#[xX]5[cC]|bsol);)"
BACKSLASHES = 16  # JSON five deep
AGAIN = f"{BACKSLASH}{{0,{BACKSLASHES}}}"
AMPERSAND = rf"(?:&|{BACKSLASH}{{1,{BACKSLASHES}}}u0026|{PERCENT}26)(?:(?:amp|#38|#[xX]26)(?:;|{PERCENT}3[bB])){{0,4}}"
HASH, SEMICOLON = f"(?:#|{PERCENT}23)", f"(?:;|{PERCENT}3[bB])"
CONTROLS = {"\b": "b", "\t": "t", "\n": "n", "\f": "f", "\r": "r"}
NAMES: dict[str, list[str]] = {}
for _name, _sign in html5.items():
    if _name.endswith(";"):
        NAMES.setdefault(_sign, []).append(_name[:-1])

Tree = dict[str, "Tree"]


def pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """One pattern for every spelling of every secret; None where there is none."""
    tree: Tree = {}
    for secret in secrets:
        for spelled in _spellings(secret):
            branch = tree
            for token in spelled:
                branch = branch.setdefault(token, {})
            branch[""] = {}
    return re.compile(_text(tree)) if tree else None


def _text(tree: Tree) -> str:
    """The pattern of a tree, the longer before what it begins with. What is shared is written once, so a text is walked through once."""
    straight = []
    while len(tree) == 1 and "" not in tree:
        (token, tree), = tree.items()
        straight.append(token)
    ways = [f"{token}{_text(branch)}" for token, branch in tree.items() if token]
    ends = "?" if "" in tree else ""
    return "".join(straight) + (f"(?:{'|'.join(ways)}){ends}" if ways else "")


def _spellings(secret: str) -> Iterator[list[str]]:
    """Each way to write a secret, as patterns one after the other."""
    yield _signs(secret)
    for packed in sorted({secret.encode(code, "surrogateescape") for code in CODES if _has(secret, code)}):
        rest = [r"[0-9A-Fa-f]*"] if len(packed) > LONG else []
        yield [*map(_hex, packed[:LONG].hex()), *rest]
        yield from (_base64(packed, offset) for offset in range(3))


def _signs(secret: str) -> list[str]:
    """Sign by sign. Backslashes in a row are one pattern: each may be any number of them."""
    return [_sign(run[0]) if run[0] != "\\" else f"{BACKSLASH}{{{len(run)},{BACKSLASHES * len(run)}}}"
            for run in re.findall(r"\\+|[^\\]", secret)]


@lru_cache(maxsize=1024)
def _sign(sign: str) -> str:
    """How one sign may come back."""
    if sign.isascii() and sign.isalnum():
        return sign
    number = ord(sign)
    units = sign.encode("utf-16-be", "surrogatepass").hex()
    names = [*NAMES.get(sign, ()), f"{HASH}0{{0,4}}{number}", f"{HASH}[xX]0{{0,4}}{_hex(f'{number:x}')}"]
    ways = [re.escape(sign), AGAIN.join(f"u{_hex(units[at:at + 4])}" for at in range(0, len(units), 4)),
            *(_percent(packed) for packed in sorted(_bytes(sign))),
            f"{AMPERSAND}(?:{'|'.join(names)}){SEMICOLON}"]
    if not (sign.isascii() and sign.isprintable()):  # as Python writes it
        ways += [f"U{_hex(f'{number:08x}')}", *(AGAIN.join(f"x{_hex(f'{byte:02x}')}" for byte in packed) for packed in _bytes(sign))]
    ways += [CONTROLS[sign]] if sign in CONTROLS else []
    ways += [r"\+", _percent(b"+")] if sign == " " else []
    ways += [r"\?", _percent(b"?"), "\ufffd"] if "\ud800" <= sign <= "\udfff" else []
    return f"{AGAIN}(?:{'|'.join(ways)})"


def _hex(digits: str) -> str:
    return "".join(digit if digit.isdigit() else f"[{digit}{digit.upper()}]" for digit in digits)


def _percent(packed: bytes) -> str:
    return "".join(f"{PERCENT}{_hex(f'{byte:02x}')}" for byte in packed)


def _bytes(sign: str) -> set[bytes]:
    return {sign.encode(code, "surrogateescape") for code in CODES if _has(sign, code)}


def _has(text: str, code: str) -> bool:
    try:
        text.encode(code, "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _base64(packed: bytes, offset: int) -> list[str]:
    """The signs of bytes that begin so many bytes after a group of three. The first and the last are whatever their own bits allow."""
    told = packed[:LONG]
    signs = base64.b64encode(bytes(offset) + told).decode().rstrip("=")
    begun, ended = 8 * offset, 8 * (offset + len(told))
    tokens = []
    for place in range(begun // 6, len(signs)):
        before, after = max(begun - 6 * place, 0), max(6 * (place + 1) - ended, 0)
        value = ALPHABET.index(signs[place]) >> after << after
        allowed = (value | high << 6 - before | low for high in range(1 << before) for low in range(1 << after))
        tokens.append(_packed("".join(ALPHABET[one] for one in allowed)))
    if len(packed) > LONG:
        return [*tokens, r"[\w+/-]*"]
    return [*tokens, f"(?:{_sign('=')}){{0,2}}"] if ended % 24 else tokens


@lru_cache(maxsize=1024)
def _packed(signs: str) -> str:
    """Any of some signs of base64, in either alphabet, its own odd signs spelled as in an address."""
    plain = "".join(sign for sign in signs if sign.isalnum())
    odd = [_sign(sign) for sign in ("+-" if "+" in signs else "") + ("/_" if "/" in signs else "")]
    if not odd:
        return plain if len(plain) == 1 else f"[{plain}]"
    return f"(?:{'|'.join([f'[{plain}]'] * bool(plain) + odd)})"
