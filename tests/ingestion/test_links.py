"""Where a vendor may send us: its files over https, and nowhere inside; credentials go to its own address alone."""

import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from ingestion.accounts import Account
from ingestion.files import listed
from ingestion.http import Http, VendorError
from ingestion.links import Unfollowable, followed, is_of

HOME = "https://203.0.113.7/api"  # documentation's network: nobody answers, and nothing looks it up
INSIDE = ("127.0.0.1", "localhost", "[::1]", "10.1.2.3", "192.168.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433",
          "0x7f.1", "127.1", "100.64.0.1", "[fe80::1]", "224.0.0.1", "[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::8.8.8.8]",
          "[2002:7f00:1::]", "[2002:a00:1::1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[fec0::1]", "[fc00::1]",
          "[2001:0:7f00:1::]", "[::]", "240.0.0.1")


@pytest.mark.parametrize("host", INSIDE)
def test_no_address_inside_is_followed(host):
    with pytest.raises(Unfollowable, match="lies inside the network"):
        followed(f"https://{host}/latest/meta-data?x=1", home="https://93.184.216.34")


@pytest.mark.parametrize("link", ["file:///etc/passwd", "ftp://93.184.216.34/a", "gopher://93.184.216.34/_", "//93.184.216.34/a", "a/b", "",
                                  "http://93.184.216.34/a", "https://me@93.184.216.34/", "https:///a", "https://93.184.216.34:bad/",
                                  "https://93.184.216.34/a\r\nHost: b", "https://93.184.216.34\\@10.0.0.1/", "https://" + "a" * 9000,
                                  None, 7])
def test_what_is_no_plain_https_address_is_not_followed(link):
    with pytest.raises(Unfollowable):
        followed(link, home="https://93.184.216.34")


def test_a_signed_link_of_the_internet_is_followed_and_a_house_may_name_its_own():
    assert followed("https://93.184.216.34/a.json.gz?sig=1", home="https://93.184.216.34")
    assert followed("http://127.0.0.1:9/part", home="http://127.0.0.1:8/api")
    for outside in ("[2a00:1450:4001::1]", "[64:ff9b::93.184.216.34]", "[2002:5db8:d822::1]", "[::ffff:93.184.216.34]"):
        assert followed(f"https://{outside}/a", home="https://93.184.216.34")


@pytest.mark.parametrize("url", ["https://shop.test.evil.net/a", "https://shop.test@evil.net/", "https://shop.testify.net", "http://shop.test/"])
def test_an_address_that_begins_like_ours_is_anothers(url):
    assert not is_of(url, "https://shop.test")
    assert is_of("https://shop.test/a", "https://shop.test")


@pytest.fixture
def two():
    """Two servers: the first answers as it is told, and both keep what they were asked."""
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append((self.path, dict(self.headers)))
            status, headers, body = self.server.answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    servers = []
    for host in ("127.0.0.1", "127.0.0.2"):
        server = ThreadingHTTPServer((host, 0), Answers)
        server.asked, server.answer = [], lambda path: (200, {}, b"{}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(SimpleNamespace(url=f"http://{host}:{server.server_port}", server=server, asked=server.asked))
    yield servers
    for one in servers:
        one.server.shutdown()
        one.server.server_close()


def conversation(url):
    return Http(Account("shop"), base_url=url, headers=lambda: {"Authorization": "Bearer key-0123"}, attempts=2, first_pause=0.01)


def test_a_signature_that_a_store_quotes_alone_is_not_told(two):
    shop, other = two
    key = "7f83b1657ff1fc53b92dc18148a1d65d"
    other.server.answer = lambda path: (403, {}, f"<Error>{key} is not a=1&sig={key}</Error>".encode())
    with pytest.raises(VendorError, match="403 <Error>… is not a=1&sig=…</Error>"):
        conversation(shop.url).get(f"{other.url}/part?a=1&sig={key}", resource="orders", whole="bytes")


@pytest.fixture
def inside():
    """A server on loopback: its port, and what each who connected sent it."""
    told = []

    class Listens(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.settimeout(5)
            told.append(self.request.recv(1 << 16))
            self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Listens) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield SimpleNamespace(port=server.server_address[1], told=told)
        server.shutdown()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("base_url", ["http://93.184.216.34/api", ""])
def test_a_name_that_is_looked_up_outside_and_connected_to_inside_is_asked_nothing(inside, monkeypatch, scheme, base_url):
    monkeypatch.setenv("SOURCES__SHOP__BASE_URL", "http://93.184.216.34/api")
    looked_up, looked = [], socket.getaddrinfo

    def twice(host, port, *given, **more):
        if host != "files.test":
            return looked(host, port, *given, **more)
        looked_up.append(host)
        return looked("93.184.216.34" if len(looked_up) == 1 else "127.0.0.1", port, *given, **more)

    monkeypatch.setattr(socket, "getaddrinfo", twice)
    with pytest.raises(VendorError, match=r"a link to https?://files\.test:\d+/part\?… was told .* files\.test lies inside the network"):
        conversation(base_url).get(f"{scheme}://files.test:{inside.port}/part?sig=1", resource="orders")
    assert len(looked_up) == 2, "looked up once to judge the link and once to connect, and not tried again"
    assert b"".join(inside.told) == b""


def test_a_proxy_inside_the_network_fetches_a_link(inside, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{inside.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert conversation("http://93.184.216.34/api").get("http://93.184.216.35/part", resource="orders").body == b"{}"
    assert inside.told[0].startswith(b"GET http://93.184.216.35/part ")


@pytest.mark.parametrize("to", ["other", "itself", "file:///etc/passwd"])
def test_a_redirect_is_not_followed_and_its_body_not_believed(two, to):
    shop, other = two
    location = {"other": f"{other.url}/a", "itself": f"{shop.url}/a"}.get(to, to)
    shop.server.answer = lambda path: (302, {"Location": location}, b'{"orders": []}')
    with pytest.raises(VendorError, match="answered 302 and sends elsewhere"):
        conversation(shop.url).get("/orders", resource="orders")
    assert (len(shop.asked), other.asked) == (1, [])


def test_a_link_to_another_gets_no_credentials(two):
    shop, other = two
    conversation(shop.url).get(f"{other.url}/part", resource="orders")
    assert [headers.get("Authorization") for _, headers in other.asked] == [None]


def test_a_folder_that_sends_to_another_server_is_not_followed_and_on_its_own_it_is(two):
    shop, other = two
    options = {"client_kwargs": {"headers": {"X-Api-Key": "key-0123"}}}
    shop.server.answer = lambda path: (302, {"Location": f"{other.url}/a/"}, b"")
    with pytest.raises(VendorError, match=r"sends to http://127\.0\.0\.2, which is not followed"):
        listed(f"{shop.url}/drop", suffixes=(".csv",), who="shop/main", first_pause=0.01, attempts=2, options=options)
    assert other.asked == []
    page = b'<a href="a.csv">a.csv</a>'
    shop.server.answer = lambda path: (200, {"Content-Type": "text/csv"}, b"a\n") if path.endswith(".csv") else (
        (302, {"Location": f"{shop.url}/new/"}, b"") if path == "/drop/" else (200, {"Content-Type": "text/html"}, page))
    found = listed(f"{shop.url}/drop", suffixes=(".csv",), who="shop/main", first_pause=0.01, attempts=2)
    assert [file.name for file in found] == ["a.csv"]


def test_a_folder_that_sends_round_and_round_ends(two):
    shop, _ = two
    shop.server.answer = lambda path: (302, {"Location": f"{shop.url}/drop/"}, b"")
    with pytest.raises(VendorError, match="the server redirects without end"):
        listed(f"{shop.url}/drop", suffixes=(".csv",), who="shop/main", first_pause=0.01, attempts=2)
    assert len(shop.asked) < 50


@pytest.mark.parametrize(("headers", "said"), [
    ({"X-Long": "a" * 2_000_000}, "the connection failed|headers that cannot be read"),
    ({f"X-{n}": "a" for n in range(2000)}, "the connection failed|headers that cannot be read"),
    ({"Content-Encoding": ", ".join(["gzip"] * 50)}, "the connection failed"),
    ({"Content-Length": "99999999999999999999999"}, "the connection failed"),
])
def test_headers_of_megabytes_and_coats_without_end_are_faults(two, headers, said):
    shop, _ = two
    shop.server.answer = lambda path: (200, headers, b"{}")
    with pytest.raises(VendorError, match=said):
        conversation(shop.url).get("/orders", resource="orders")
