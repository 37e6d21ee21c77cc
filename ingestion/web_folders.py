"""A folder that a web server serves: how its client asks, and what an index page must be to be believed.

    fsspec's HTTP file system ── client ──► index pages that end, sizes as they are, redirects on the same server only
"""

from typing import Any

import aiohttp

from ingestion.links import staying


class BrokeOff(aiohttp.ClientPayloadError):
    """A page without its end."""


class _WholePage(aiohttp.ClientResponse):
    """An index that breaks off where no length was told names some of the files, so a page of HTML must end as one."""

    async def text(self, *args: Any, **more: Any) -> str:
        page = await super().text(*args, **more)
        if "<html" in page.lower() and "</html" not in page.lower():
            raise BrokeOff
        return page


def client(given: dict[str, Any]) -> dict[str, Any]:
    """What aiohttp's session is made with, `given` on top. Nothing is compressed on the way, since sizes are compared; a big file may take
    its time as long as it moves. The session raises BrokeOff and links.Elsewhere."""
    return {"trust_env": True, "trace_configs": [staying()], "headers": {"Accept-Encoding": "identity"}, "response_class": _WholePage,
            "timeout": aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=120), **given}
