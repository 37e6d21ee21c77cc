"""A link that a vendor tells, such as that of an export's file: followed only to where a vendor's files can lie.

    link + the vendor's own address ──► `followed` ──► the link, or Unfollowable

Whoever can write a vendor's answer could otherwise have this machine ask its own network, the cloud's metadata service or a file. A vendor
that itself answers on a private address (a sandbox, a system in the house) may name others there. A name may be looked up as one address
and connected to as another, so a `session` for links judges the address that it is connected to, before a byte is sent. `staying` holds
redirects of a web folder to its own server; those of an API are not followed at all (http.py).
"""

import ipaddress
import re
import socket
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from yarl import URL

LONGEST = 8192
LONG = 20  # signs: a signature or a key's name is longer than a date or a page's number
PLAIN = re.compile(r"[!-~]+")
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Elsewhere(aiohttp.ClientError):
    """The server sends us to another one, where what we know of this one (a header with a key, a path) has no business."""


class Unfollowable(ValueError):
    """The link is not followed; the text says why, without its query."""


def followed(link: Any, *, home: str) -> str:
    """The link as it is. home: the vendor's own address, whose scheme and kind of network say what is allowed. Raises Unfollowable."""
    if not isinstance(link, str) or not PLAIN.fullmatch(link) or len(link) > LONGEST:
        raise Unfollowable("it is no address")
    try:
        parts, own = urlsplit(link), urlsplit(home)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Unfollowable("it is no address") from None
    if (parts.scheme != "https" and parts.scheme != own.scheme) or parts.scheme not in ("http", "https"):
        raise Unfollowable(f"{parts.scheme}: is no way to read it")
    if not host or "@" in parts.netloc or "\\" in link:
        raise Unfollowable("it names a user, or no host")
    if not _is_outside(host, port):
        _demand_inside(home, host)
    return link


def session(home: str) -> requests.Session:
    """A session whose connections raise Unfollowable where the address that answered lies inside the network and `home` does not. What
    goes through a proxy is the proxy's to judge."""
    def demand_allowed(connection: HTTPConnection, made: socket.socket) -> socket.socket:
        try:
            if not _is_global(made.getpeername()[0]):
                _demand_inside(home, connection.host)
        except BaseException:
            made.close()
            raise
        return made

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return demand_allowed(self, super()._new_conn())

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return demand_allowed(self, super()._new_conn())

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    made = requests.Session()
    for scheme in ("http://", "https://"):
        adapter = HTTPAdapter()
        adapter.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}
        made.mount(scheme, adapter)
    return made


def signature(link: str) -> tuple[str, ...]:
    """What of a link opens the file: each long value in its query, as a store quotes it alone; where none is long, the query."""
    query = urlsplit(link).query
    long = [word for pair in parse_qsl(query, keep_blank_values=True) for word in pair if len(word) >= LONG]
    return tuple(long or filter(None, [query]))


def is_of(url: str, base_url: str) -> bool:
    """Whether an absolute address lies below a base, and not beside it (`https://vendor.example.com.evil.net`)."""
    return url == base_url or (url.startswith((f"{base_url}/", f"{base_url}?")) and bool(base_url))


def staying() -> aiohttp.TraceConfig:
    """Redirects are followed on the same server, to https on it too, and to no other."""
    async def look(session: Any, context: Any, told: aiohttp.TraceRequestRedirectParams) -> None:
        location = told.response.headers.get("Location") or told.response.headers.get("URI") or ""
        to = told.response.url.join(URL(location))
        if to.host != told.url.host or to.scheme not in (told.url.scheme, "https"):
            raise Elsewhere(f"{to.scheme}://{to.host}")

    staying = aiohttp.TraceConfig()
    staying.on_request_redirect.append(look)
    return staying


def _demand_inside(home: str, host: str) -> None:
    """Raises Unfollowable unless home itself lies inside the network."""
    own = urlsplit(home)
    if _is_outside(own.hostname or "", own.port):
        raise Unfollowable(f"{host} lies inside the network")


def _is_outside(host: str, port: int | None) -> bool:
    """Whether all addresses of a host are the internet's. One that cannot be looked up here is: a proxy may know it, or nobody."""
    try:
        told = {found[4][0] for found in socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return True
    return all(map(_is_global, told))


def _is_global(told: str) -> bool:
    address = ipaddress.ip_address(told.partition("%")[0])
    inner = _inner(address)
    return inner.is_global and not (inner.is_multicast or inner.is_reserved or getattr(inner, "is_site_local", False))


def _inner(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address of IPv4 that one of IPv6 leads to: mapped, by 6to4, or by the translation of a network that has IPv6 alone."""
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None) or address
