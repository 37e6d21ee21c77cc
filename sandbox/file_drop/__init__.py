"""The drop folder as the sandbox serves it: directory index pages and files over HTTP, as a web server in front of a folder does.

    World ──► records.py (rows by month) ──► files.py (formats) ──► routes: /file_drop/ , /file_drop/<dataset>/… , files with ETag

There is no vendor whose documents could be followed: the folder is the retailer's own. The pages have the shape of nginx's autoindex.
The file of the current month grows with the clock; that of an older month changes when one of its messages is opened late.
Loyalty accounts and points are told by other stand-ins already, so they are here only where the option `file_drop.loyalty` is set.

Run it with the rest: `python -m sandbox serve`.
"""

from __future__ import annotations

import hashlib
import html
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sandbox.file_drop.files import ENCODING, content, listing, paths
from sandbox.file_drop.records import Drop

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.server import Sandbox


def settings(base_url: str, *, rate: float = 1.0) -> dict[str, str]:
    """The environment that points the warehouse at this stand-in, which is served under `base_url`."""
    return {"SOURCES__FILE_DROP__FOLDER": f"{base_url.rstrip('/')}/", "SOURCES__FILE_DROP__ENCODING": ENCODING,
            "SOURCES__FILE_DROP__TIMEZONE": "Europe/Moscow"}


def routes(sandbox: Sandbox) -> list[Route]:
    """The routes to mount under `/file_drop`."""
    drop = Drop(sandbox.world)
    written: dict[tuple[str, datetime], bytes] = {}

    def body(path: str, dataset: str, month: str, now: datetime) -> bytes:
        if not sandbox.tampering.is_clean:
            return content(sandbox, drop, dataset, month, now)
        if (path, now) not in written:
            for old in [key for key in written if key[1] != now]:
                written.pop(old, None)
            written[path, now] = content(sandbox, drop, dataset, month, now)
        return written[path, now]

    def answer(request: Request) -> Response:
        path, now = request.path_params["path"].lstrip("/"), sandbox.now()
        known = paths(drop, now, has_loyalty=bool(sandbox.options.get("file_drop.loyalty")))
        if path in known:
            whole = body(path, *known[path], now)
            return Response(whole, media_type="application/octet-stream", headers={"ETag": f'"{hashlib.md5(whole).hexdigest()}"'})
        folder = f"{path.rstrip('/')}/" if path else ""
        if folder and not any(one.startswith(folder) for one in known):
            return HTMLResponse("<html><body><h1>404 Not Found</h1></body></html>", status_code=404)
        links = "".join(f'<a href="{quote(name)}">{html.escape(name)}</a>\n' for name in listing(known, folder))
        title = f"Index of /{html.escape(folder)}"
        return HTMLResponse(f'<html><head><title>{title}</title></head><body><h1>{title}</h1><hr><pre><a href="../">../</a>\n'
                            f"{links}</pre><hr></body></html>")

    return [Route("/{path:path}", answer, methods=["GET", "HEAD"])]
