"""Secrets that are planted, a vendor that says them back, and the search for them in every file that was written.

    settings ──► `planted` ──► a run ──► `found(folder, canaries)`: (file, whose canary, as what it stands there)

Parquet and DuckDB files are searched in every text of every table, gzip unpacked, everything else byte by byte (SQLite and pickles hold
texts as they are); a canary counts however it is spelled: in an address, in JSON, in HTML, in hex or in base64 at any offset.
"""

import base64
import gzip
import json
import re
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

import duckdb
import pyarrow.parquet as pq

from sandbox import server

HASH_KEY = "canary-of-the-hashes-0123456789"
HOOK = "canary-in-an-address-0123456789"
SECRET = re.compile(r"__(API_KEY|CLIENT_API_ID|CLIENT_ID|CLIENT_SECRET|SECRET_KEY|TOKEN|API_TOKEN|PASSWORD|LOGIN|WEBHOOK_SECRET)$")


def planted(settings: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The settings with a value of its own for each credential, and {variable: canary}. Odd signs are what spellings differ by."""
    canaries = {name: f"canary+{number:02d}/{name.split('__')[1].lower()}&<äж>={'q7Zk' * 3}" if name.endswith("PASSWORD") else
                f"canary+{number:02d}/{name.split('__')[1].lower()}=={'q7Zk' * 3}"
                for number, name in enumerate(sorted(name for name in settings if SECRET.search(name)), start=11)}
    return settings | canaries, canaries


def spelled(canary: str) -> dict[str, bytes]:
    """How a canary may stand in a file: the spelling's name and its bytes."""
    plain = canary.encode()
    texts = {"plain": canary, "in an address": quote(canary), "in a query": quote(canary, safe=""), "in a form": quote_plus(canary),
             "in JSON": json.dumps(canary)[1:-1], "in HTML": escape(canary), "in hex": plain.hex(), "repr": repr(plain)[2:-1],
             "in JSON in JSON": json.dumps(json.dumps(canary)[1:-1])[1:-1], "in an address twice": quote(quote(canary)),
             "in a query twice": quote(quote(canary, safe=""), safe=""), "in HTML twice": escape(escape(canary)),
             "in hex, capitals": plain.hex().upper()}
    found = {how: text.encode() for how, text in texts.items()}
    found["in half a query"] = canary[: len(canary) * 2 // 3].encode()
    found["cp1251"] = canary.encode("cp1251", "replace")
    for offset in range(3):
        packed = base64.b64encode(b"x" * offset + plain)
        # The first and the last signs hold bits of what stands beside it.
        found[f"in base64, {offset} on"] = packed[(0, 2, 3)[offset]: len(packed) // 4 * 4 - 4]
    return found


def sign_by_sign(canary: str) -> re.Pattern[bytes]:
    """The canary, each of its signs in any spelling: PHP's \\/ and \\u002f, %2f, &#47;, &#x2F;, &amp;; makers mix them."""
    return re.compile(b"".join(map(_ways, canary)))


def _ways(sign: str) -> bytes:
    if sign.isascii() and sign.isalnum():
        return sign.encode()
    number = ord(sign)
    ways = {sign, f"\\{sign}", quote(sign, safe=""), f"\\u{number:04x}", f"&#{number};", f"&#x{number:x};", escape(sign)}
    return b"(?i:%s)" % b"|".join(re.escape(way.encode()) for way in sorted(ways, key=len, reverse=True))


def found(folder: Path, canaries: dict[str, str], *, but: tuple[str, ...] = ()) -> list[tuple[str, str, str]]:
    """(file, canary's name, spelling) of every canary in every file below a folder, but in those whose path begins with one of `but`."""
    sought = {(name, how): text for name, canary in canaries.items() for how, text in spelled(canary).items()}
    signs = {name: sign_by_sign(canary) for name, canary in canaries.items()}
    told = []
    for path in sorted(folder.rglob("*")):
        where = path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink() and not where.startswith(but):
            content = b"\n".join(texts(path)) + where.encode()
            told += [(where, name, how) for (name, how), text in sought.items() if text in content]
            told += [(where, name, "sign by sign") for name, pattern in signs.items() if pattern.search(content)]
    return told


def texts(path: Path) -> Iterator[bytes]:
    """All that a file holds: its bytes, unpacked, or every text of its tables."""
    plain = path.read_bytes()
    yield plain
    if plain[:4] == b"PAR1":
        table = pq.read_table(path)
        yield from (str(column.to_pylist()).encode() for column in table.columns)
    elif plain[8:12] == b"DUCK":
        yield from _database(path)
    elif plain[:2] == b"\x1f\x8b":
        yield gzip.decompress(plain)
    elif plain[:1] == b"\x78":
        try:
            yield zlib.decompress(plain)
        except zlib.error:
            return


def _database(path: Path) -> Iterator[bytes]:
    with duckdb.connect(str(path), read_only=True) as connection:
        yield str(connection.execute("select sql, comment from duckdb_tables() union all select sql, comment from duckdb_views()")
                  .fetchall()).encode()
        for schema, table in connection.execute("select schema_name, table_name from duckdb_tables()").fetchall():
            yield str(connection.execute(f'select t::varchar from "{schema}"."{table}" as t').fetchall()).encode()


Refusal = tuple[int, str, Callable[[str], str]]


class _Echo(BaseHTTPRequestHandler):
    """Refuses whatever it is asked, and says all of it back."""

    protocol_version = "HTTP/1.1"

    def _refuse(self) -> None:
        self.server.asked.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        told = [f"{name}: {value}" for name, value in self.headers.items()]
        credentials = self.headers.get("Authorization", "").partition(" ")[2]
        # What is told of an answer is short: credentials first.
        told.sort(key=lambda header: header.split(":")[0] in ("Host", "User-Agent", "Accept-Encoding", "Accept", "Connection"))
        said = f"{credentials} {_unpacked(credentials)} {' '.join(told)} {self.command} {self.path} {unquote(self.path)} {body}"
        status, kind, page = self.server.refusal(self.path)
        page = page(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(page)))
        self.send_header("X-Request-Was", quote(said)[:4000])
        if 300 <= status < 400:
            self.send_header("Location", f"/elsewhere?{quote(said)[:4000]}")
        self.end_headers()
        self.wfile.write(page)

    do_GET = do_POST = do_PUT = do_HEAD = _refuse  # noqa: N815  (http.server's names)

    def log_message(self, *_: object) -> None:
        """Nothing: what it was asked holds the canaries."""


def _unpacked(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode()
    except ValueError:
        return ""


class Echo(ThreadingHTTPServer):
    """A vendor that refuses. `refusal` says how, by the path: status, type, and what was asked -> the body; `asked` lists the paths."""

    daemon_threads = True

    def __init__(self, refusal: Callable[[str], Refusal]) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.refusal, self.asked = refusal, []

    def handle_error(self, *_: object) -> None:
        """Who was told enough hangs up."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


REFUSALS: dict[str, Refusal] = {
    "401, JSON": (401, "application/json", lambda said: json.dumps({"success": False, "errorMsg": said, "error": said, "errors": [{
        "error": said, "code": 1073, "moreInfo": said}], "odata.error": {"code": "-1", "message": {"lang": "ru", "value": said}}})),
    "400, a page": (400, "text/html", lambda said: f"<html><h1>Bad request</h1><pre>{escape(said)}</pre></html>"),
    "500, plain": (500, "text/plain", lambda said: said),
    "200, a page": (200, "text/html", lambda said: f"<html>{said}</html>"),
    "200, an error": (200, "application/json", lambda said: json.dumps(
        {"success": False, "status": said, "errorMessage": said, "error": said})),
    "200, no list": (200, "application/json", lambda said: json.dumps({said: [{said: said}]})),
    "400, JSON in JSON": (400, "text/plain", lambda said: json.dumps(json.dumps({"said": said}))),
    "400, an address in an address": (400, "text/plain", lambda said: quote(quote(said, safe=""), safe="")),
    "400, a page in a page": (400, "text/html", lambda said: escape(escape(said))),
    "400, base64": (400, "text/plain", lambda said: base64.b64encode(f"x{said}".encode()).decode()),
    "400, hex": (400, "text/plain", lambda said: said.encode().hex().upper()),
    "302": (302, "text/plain", lambda said: said),
}


@contextmanager
def echo(refusal: Callable[[str], Refusal]) -> Iterator[Echo]:
    """A vendor on loopback that says everything back, by path as `refusal` says."""
    server = Echo(refusal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def configured(clock: Path, customers: Path, refusal: Callable[[str], Refusal]) -> Iterator[tuple[dict[str, str], dict[str, str], Echo]]:
    """Every vendor with canaries for credentials, all of them refusing; gives (settings, canaries, the vendors' stand-in). The two files
    are written: where the clock stands, and a customer for the vendor who is asked one by one."""
    clock.write_text("2026-10-31T23:00:00+00:00", encoding="utf-8")
    customers.write_text("card,phone\n2900000000017,+79161234567\n", encoding="utf-8")
    with echo(refusal) as vendors:
        settings, canaries = planted(server.settings(vendors.url, clock_file=clock))
        settings |= {f"SOURCES__{name.upper()}__RETRY_PAUSE_SECONDS": "0.001" for name in server.VENDORS}
        settings |= {"SOURCES__FILE_DROP__FOLDER": f"{vendors.url}/file_drop/?signature={HOOK}", "OMNIMART_HASH_KEY": HASH_KEY,
                     "SOURCES__ABM_LOYALTY__CUSTOMERS_FILE": str(customers)}
        yield settings, canaries | {"hash key": HASH_KEY, "folder's signature": HOOK}, vendors
