"""MoySklad's stand-in against the documentation, member by member. Source: the vendor's md/documents/* and md/dictionaries/*, where
`+Обязательное при ответе` marks a member that every answer has."""

import base64
import json
import re
from datetime import UTC, datetime

import httpx
import pytest
from starlette.requests import Request

from sandbox.moysklad import methods
from sandbox.moysklad.gate import LOGIN, PASSWORD, SOLUTION_TOKEN, Gate
from sandbox.server import Sandbox, serve_in_thread

UNTIL = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
PAPER = {
    "accountId", "agent", "applicable", "created", "externalCode", "group", "id", "meta", "moment", "name", "organization", "positions",
    "printed", "published", "rate", "shared", "sum", "updated", "vatEnabled",
}
ALWAYS = {
    "retaildemand": PAPER | {
        "advancePaymentSum", "cashSum", "files", "noCashSum", "payedSum", "prepaymentCashSum", "prepaymentNoCashSum", "prepaymentQrSum",
        "qrSum", "retailShift", "retailStore", "store", "taxSystem",
    },
    "retailsalesreturn": PAPER | {
        "cashSum", "noCashSum", "qrSum", "retailShift", "retailStore", "store",
    },
    "salesreturn": PAPER | {
        "files", "store",
    },
    "demand": PAPER | {
        "files", "payedSum", "store",
    },
    "customerorder": PAPER | {
        "files", "invoicedSum", "payedSum", "reservedSum", "shippedSum",
    },
    "counterparty": {
        "accountId", "accounts", "archived", "companyType", "created", "externalCode", "files", "group", "id", "meta", "name",
        "salesAmount", "shared", "updated",
    },
    "product": {
        "accountId", "archived", "discountProhibited", "externalCode", "files", "group", "id", "meta", "name", "pathName", "shared",
        "updated", "variantsCount",
    },
    "productfolder": {
        "accountId", "archived", "externalCode", "group", "id", "meta", "name", "pathName", "shared", "updated",
    },
    "store": {
        "accountId", "archived", "externalCode", "group", "id", "meta", "name", "pathName", "shared", "updated",
    },
    "retailstore": {
        "accountId", "acquire", "active", "allowCustomPrice", "archived", "authTokenAttached", "cashiers", "controlCashierChoice",
        "createCashInOnRetailShiftClosing", "defaultTaxSystem", "discountEnable", "environment", "externalCode", "fiscalType", "group",
        "id", "issueOrders", "lastOperationNames", "meta", "name", "ofdEnabled", "orderTaxSystem", "organization", "priceType",
        "printAlways", "sellReserves", "shared", "store", "updated",
    },
    "employee": {
        "accountId", "archived", "created", "externalCode", "group", "id", "lastName", "meta", "name", "owner", "shared", "updated",
    },
    "bonustransaction": {
        "accountId", "agent", "applicable", "created", "externalCode", "group", "id", "meta", "shared", "transactionType", "updated",
    },
    "bonusprogram": {
        "accountId", "earnWhileRedeeming", "id", "meta", "welcomeBonusesEnabled",
    },
}
POSITION = {"accountId", "assortment", "id", "price", "quantity", "vat"}
MOMENT = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$")


def code_of(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["errors"][0]["code"]


@pytest.mark.parametrize("kind", ALWAYS)
def test_every_documented_member_is_there(ask, kind):
    answer = ask(f"/entity/{kind}", limit=100)
    rows = answer.json()["rows"]
    assert answer.headers["content-encoding"] == "gzip"
    assert rows
    assert {member for row in rows for member in ALWAYS[kind] - row.keys()} == set()
    for row in rows:
        assert row["meta"]["href"] == f"https://api.moysklad.ru/api/remap/1.2/entity/{kind}/{row['id']}"
        assert (row["meta"]["type"], row["meta"]["mediaType"]) == (kind, "application/json")
        assert all(MOMENT.match(row[name]) for name in ("created", "updated", "moment", "deleted") if name in row)
        assert None not in row.values()


def test_a_receipt_counts_kopecks_and_minutes(ask, small_world):
    receipt = ask("/entity/retaildemand", limit=1, order="updated,desc", expand="positions", fields="stock").json()["rows"][0]
    order = next(row for row in small_world.rows("orders") if row["uuid"] == receipt["id"])
    lines = small_world.grouped("order_lines", "order_id")[order["order_id"]]
    positions = receipt["positions"]["rows"]
    assert receipt["moment"].endswith(":00.000")
    assert receipt["sum"] == order["net_kop"]
    paid = sum(receipt[name] for name in ("cashSum", "noCashSum", "qrSum", "advancePaymentSum"))
    assert paid == receipt["sum"]
    assert [round(p["price"] * p["quantity"] * (100 - p["discount"]) / 100) for p in positions] == [line["net_kop"] for line in lines]
    assert [p["stock"]["cost"] for p in positions] == [line["cost_kop"] for line in lines]
    assert all(set(p) >= POSITION for p in positions)


@pytest.mark.parametrize("kind", ["retailsalesreturn", "salesreturn", "bonustransaction"])
def test_drafts_are_not_posted(ask, small_world, kind):
    rows = ask(f"/entity/{kind}", filter="updated>=2020-01-01 00:00:00").json()["rows"]
    books = small_world.loyalty_operations if kind == "bonustransaction" else small_world.returns
    drafts = {row["id"] for row in rows if not row["applicable"]}
    assert drafts == {row["id"] for row in rows} - set(books["uuid"]) != set()
    assert all("cheque" not in row for row in rows if row["id"] in drafts)


def test_the_apps_orders_are_not_posted_and_have_their_state(ask, small_world):
    rows = ask("/entity/customerorder", limit=100, expand="state").json()["rows"]
    channels = small_world.orders.set_index("uuid")["sales_channel"]
    assert {row["id"]: row["applicable"] for row in rows} == {row["id"]: channels[row["id"]] != "app" for row in rows}
    assert {row["applicable"] for row in rows} == {True, False}
    assert all(row["state"]["name"] for row in rows)


def test_gzip_is_mandatory(ask):
    for encoding in (None, "identity", "deflate"):
        answer = ask("/entity/product", headers={"Accept-Encoding": encoding})
        assert (answer.status_code, answer.content) == (415, b"")


def test_a_new_token_revokes_the_one_before(ask):
    basic = "Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
    first = ask("/security/token", method="POST", headers={"Authorization": basic}).json()["access_token"]
    assert ask("/context/employee", headers={"Authorization": f"Bearer {first}"}).status_code == 200
    second = ask("/security/token", method="POST", headers={"Authorization": basic}).json()["access_token"]
    assert code_of(ask("/context/employee", headers={"Authorization": f"Bearer {first}"})) == (401, 1056)
    assert ask("/context/employee", headers={"Authorization": f"Bearer {second}"}).status_code == 200


def test_pages_name_their_neighbours(ask):
    page = ask("/entity/product", limit=10, offset=10).json()["meta"]
    assert (page["limit"], page["offset"]) == (10, 10)
    assert page["nextHref"].startswith("https://api.moysklad.ru/api/remap/1.2/entity/product?")
    assert "offset=20" in page["nextHref"]
    assert "offset=0" in page["previousHref"]
    assert "nextHref" not in ask("/entity/product").json()["meta"]
    assert code_of(ask("/entity/product", limit=1001)) == (400, 1040)


def test_expand_is_ignored_above_a_hundred(ask):
    assert "rows" in ask("/entity/retaildemand", limit=100, expand="positions").json()["rows"][0]["positions"]
    assert "rows" not in ask("/entity/retaildemand", limit=101, expand="positions").json()["rows"][0]["positions"]
    order = ask("/entity/customerorder", limit=1, expand="state,salesChannel,agent,positions.assortment").json()["rows"][0]
    assert order["state"]["name"]
    assert order["agent"]["companyType"]
    assert order["positions"]["rows"][0]["assortment"]["article"]


def test_a_long_paper_shows_its_first_positions_only(ask, monkeypatch):
    monkeypatch.setattr(methods, "EXPANDED_POSITIONS", 1)
    papers = ask("/entity/retaildemand", limit=100, expand="positions").json()["rows"]
    long = next(paper for paper in papers if paper["positions"]["meta"]["size"] > 1)
    assert len(long["positions"]["rows"]) == 1
    whole = ask(f"/entity/retaildemand/{long['id']}/positions").json()
    assert (whole["meta"]["size"], len(whole["rows"])) == (long["positions"]["meta"]["size"],) * 2


def test_filters(ask):
    rows = ask("/entity/retaildemand", limit=5, order="updated,asc").json()["rows"]
    size = ask("/entity/retaildemand", limit=1).json()["meta"]["size"]
    two = ask("/entity/retaildemand", filter=f"name={rows[0]['name']};name={rows[1]['name']}").json()
    assert {row["id"] for row in two["rows"]} == {rows[0]["id"], rows[1]["id"]}
    later = ask("/entity/retaildemand", limit=1, filter=f"updated>={rows[2]['updated']}").json()
    assert later["meta"]["size"] == size - 2
    only_first_counts = ask("/entity/retaildemand", limit=1, filter=f"updated>={rows[2]['updated']};updated>={rows[4]['updated']}").json()
    assert only_first_counts["meta"]["size"] == size - 2
    assert ask("/entity/retaildemand", filter=f"agent={rows[0]['agent']['meta']['href']}").json()["meta"]["size"] >= 1
    assert code_of(ask("/entity/retaildemand", filter="sum=100;sum>99")) == (400, 1034)
    assert code_of(ask("/entity/retaildemand", filter="updated>=yesterday")) == (400, 1035)
    assert code_of(ask("/entity/retaildemand", filter="isDeleted=perhaps")) == (400, 1014)
    assert code_of(ask("/entity/retaildemand", order="colour")) == (400, 1063)
    assert code_of(ask("/entity/demand2")) == (412, 1005)
    assert code_of(ask("/entities")) == (404, 1002)


def test_the_bin_is_hidden_until_asked_for(ask):
    shown = ask("/entity/retaildemand", limit=1).json()["meta"]["size"]
    key = ask("/entity/retaildemand", limit=1).json()["rows"][0]["id"]
    before = ask("/entity/retaildemand", limit=1, filter="isDeleted=true").json()["meta"]["size"]
    assert ask(f"/entity/retaildemand/{key}/trash", method="POST").status_code == 200
    assert ask("/entity/retaildemand", limit=1).json()["meta"]["size"] == shown - 1
    binned = ask("/entity/retaildemand", filter=f"isDeleted=true;id={key}").json()["rows"]
    assert [row["deleted"] for row in binned] == ["2026-11-01 02:00:00.000"]
    both = ask("/entity/retaildemand", limit=1, filter="isDeleted=true;isDeleted=false").json()["meta"]["size"]
    assert both == shown + before


def test_archived_things_are_hidden_until_asked_for(ask):
    every = ask("/entity/employee", filter="archived=true;archived=false").json()["meta"]["size"]
    gone = ask("/entity/employee", filter="archived=true").json()["meta"]["size"]
    assert ask("/entity/employee").json()["meta"]["size"] == every - gone


def test_stock_reports(ask, small_world):
    report = ask("/report/stock/bystore").json()
    places = len(small_world.stores) + len(small_world.warehouses)
    assert report["rows"][0]["meta"]["href"].endswith("?expand=supplier")
    assert {len(row["stockByStore"]) for row in report["rows"]} == {places}
    short = ask("/report/stock/bystore/current").json()
    assert isinstance(short, list)
    assert all(line["stock"] for line in short)
    total = sum(element["stock"] for row in report["rows"] for element in row["stockByStore"])
    assert sum(line["stock"] for line in short) == total
    assert code_of(ask("/report/stock/all/current", changedSince="2026-10-01 00:00:00")) == (400, 1040)


def test_the_limit_is_counted_in_weights_and_the_wait_in_milliseconds(small_world, own_data):
    sandbox = Sandbox(world=small_world, clock_file=own_data / "clock", rate=1 / 3)  # 15 units in 3 s
    sandbox.set_clock(UNTIL)
    with serve_in_thread(sandbox) as running, httpx.Client(base_url=f"{running.url}/moysklad/api/remap/1.2") as client:
        client.headers = httpx.Headers({"Accept-Encoding": "gzip", "Authorization": f"Bearer {SOLUTION_TOKEN}"})
        answers = [client.get("/report/stock/bystore") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert code_of(answers[-1]) == (429, 1049)
        assert 0 < int(answers[-1].headers["X-Lognex-Retry-After"]) <= 3000
        assert answers[0].headers["X-RateLimit-Limit"] == "15"
        # A password's request weighs 3 units from September 2026, so 5 of them fill the same basket.
        client.headers["Authorization"] = "Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
        statuses = [client.get("/context/employee").status_code for _ in range(6)]
        assert statuses == [200, 200, 200, 200, 200, 429]


def test_six_requests_at_once_are_one_too_many(small_world, own_data):
    sandbox = Sandbox(world=small_world, clock_file=own_data / "clock", rate=100)
    sandbox.set_clock(UNTIL)
    gate = Gate(sandbox)
    request = request_with({"accept-encoding": "gzip", "authorization": f"Bearer {SOLUTION_TOKEN}"})

    def nested(depth: int):
        return gate.admit(request, lambda _: nested(depth - 1)) if depth else gate.admit(request, lambda _: None)

    refused = nested(5)
    assert refused.status_code == 429
    assert json.loads(refused.body)["errors"][0]["code"] == 1073


def request_with(headers: dict[str, str]):
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": raw, "server": ("127.0.0.1", 80),
                    "scheme": "http"})
