"""What Metrica's stand-in answers, field by field, and to a client that others wrote."""

import gzip
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from tapi_yandex_metrika import YandexMetrikaLogsapi, exceptions
from tapi_yandex_metrika.tapi_yandex_metrika import YandexMetrikaClientAdapterAbstract

from sandbox.server import Running
from sandbox.yandex_metrica.gate import COUNTER_ID, TOKEN

ANNA = "17606471059053862401"
DAY = {"date1": "2026-10-29", "date2": "2026-10-29", "source": "visits"}
PURCHASE = "ym:s:visitID,ym:s:clientID,ym:s:goalsPrice,ym:s:purchaseID,ym:s:purchaseRevenue,ym:s:productsName,ym:s:productsPrice"


def ask(running: Running, method: str, path: str, *, token: str | None = TOKEN, counter: int = COUNTER_ID,
        **params: str) -> requests.Response:
    headers = {"Accept-Encoding": "identity", **({} if token is None else {"Authorization": f"OAuth {token}"})}
    return requests.request(method, f"{running.url}/yandex_metrica/management/v1/counter/{counter}{path}", headers=headers, params=params,
                            timeout=10)


def log(running: Running, fields: str, **params: str) -> str:
    """The text of a log, from creation to the first part."""
    made = ask(running, "POST", "/logrequests", fields=fields, **{**DAY, **params}).json()["log_request"]
    for _ in range(4):
        told = ask(running, "GET", f"/logrequest/{made['request_id']}").json()["log_request"]
    assert told["status"] == "processed"
    return ask(running, "GET", f"/logrequest/{made['request_id']}/part/0/download").text


def error_of(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert (body["code"], body["message"]) == (answer.status_code, body["errors"][0]["message"])
    return answer.status_code, body["errors"][0]["error_type"]


def test_a_request_goes_its_way_from_created_to_cleaned(serve):
    running = serve()
    assert ask(running, "GET", "/logrequests/evaluate", fields=PURCHASE, **DAY).json() == {
        "log_request_evaluation": {"possible": True, "max_possible_day_quantity": 1}}
    made = ask(running, "POST", "/logrequests", fields=PURCHASE, **DAY).json()
    assert made == {"log_request": {"request_id": 1000001, "counter_id": COUNTER_ID, "source": "visits", "date1": "2026-10-29",
                                    "date2": "2026-10-29", "fields": PURCHASE.split(","), "status": "created",
                                    "attribution": "CROSS_DEVICE_LAST_SIGNIFICANT"}}
    here = "/logrequest/1000001"
    early = ask(running, "GET", f"{here}/part/0/download")
    assert (early.status_code, early.json()["message"]) == (400, "Only log of requests in status 'processed' can be downloaded")
    assert [ask(running, "GET", here).json()["log_request"]["status"] for _ in range(3)] == ["created", "created", "processed"]
    told = ask(running, "GET", here).json()["log_request"]
    part = ask(running, "GET", f"{here}/part/0/download")
    assert (told["size"], told["parts"]) == (len(part.content), [{"part_number": 0, "size": len(part.content)}])
    # Arrays as ClickHouse writes them, quotes escaped; goals by 1 000, prices by 1 000 000, revenue by nothing.
    header, anna, boris, end = part.text.split("\n")
    assert (header.replace("\t", ","), end) == (PURCHASE, "")
    assert anna.split("\t") == ["6500000000000000002", ANNA, "[1234560]", r"[\'web-51\']", "[1234.56]",
                                r"[\'Кружка «O\\\'Нил» \\\\ синяя\']", "[410500000]"]
    assert boris.split("\t")[2:4] == ["[0]", "[]"]
    assert ask(running, "GET", f"{here}/part/1/download").json()["message"] == "Incorrect part number"
    assert ask(running, "POST", f"{here}/clean").json()["log_request"]["status"] == "cleaned_by_user"
    assert [one["status"] for one in ask(running, "GET", "/logrequests").json()["requests"]] == ["cleaned_by_user"]
    ask(running, "POST", "/logrequests", fields=PURCHASE, **DAY)
    assert ask(running, "POST", "/logrequest/1000002/cancel").json()["log_request"]["status"] == "canceled"


def test_the_model_of_attribution_stands_in_the_header(serve):
    running = serve()
    field = "ym:s:<attribution>TrafficSource"
    assert log(running, field).split("\n")[:2] == ["ym:s:cross_device_last_significantTrafficSource", "email"]
    assert log(running, field, attribution="FIRST").split("\n")[0] == "ym:s:cross_device_firstTrafficSource"
    assert log(running, "ym:s:lastTrafficSource").split("\n")[0] == "ym:s:lastTrafficSource"
    running.sandbox.set_clock(datetime(2026, 6, 17, tzinfo=UTC))
    day = {"date1": "2025-10-30", "date2": "2025-10-30"}
    assert log(running, field, **day).split("\n")[:2] == ["ym:s:lastsignTrafficSource", "organic"]


def test_times_are_the_counters_and_utc_is_not_utc(serve):
    running = serve(time_zone="Asia/Yekaterinburg")
    fields = "ym:s:date,ym:s:dateTime,ym:s:dateTimeUTC,ym:s:<attribution>Messenger"
    # 20:58 UTC is the next day in Yekaterinburg; the field called UTC is UTC+3, as its description says.
    assert log(running, fields, date1="2026-10-30", date2="2026-10-30").split("\n")[1].split("\t") == [
        "2026-10-30", "2026-10-30 01:58:00", "2026-10-29 23:58:00", "[,,,telegram]"]


@pytest.mark.parametrize(("asked", "refusal"), [
    ({"token": None}, (401, "unauthorized")), ({"token": "stolen"}, (403, "invalid_token")), ({"counter": 1}, (404, "not_found")),
    ({"date2": "2026-11-01"}, (400, "invalid_parameter")), ({"date1": "2025-10-01"}, (400, "invalid_parameter")),
    ({"fields": "ym:s:visitID,ym:s:shoeSize"}, (400, "invalid_parameter")), ({"fields": ",".join(["ym:s:visitID"] * 300)},
                                                                              (400, "invalid_parameter")),
    ({"source": ""}, (400, "missing_parameter")), ({"attribution": "best"}, (400, "invalid_parameter"))], ids=str)
def test_what_is_refused(serve, asked: dict[str, Any], refusal: tuple[int, str]):
    assert error_of(ask(serve(), "POST", "/logrequests", **{**DAY, "fields": "ym:s:visitID", **asked})) == refusal


def test_quotas(serve):
    running = serve(rate=1.0)
    told = [ask(running, "GET", "/logrequests") for _ in range(12)]
    assert [one.status_code for one in told[:10]] == [200] * 10
    assert error_of(told[11]) == (429, "quota_requests_by_ip")
    assert error_of(ask(serve(requests_per_day=0), "GET", "/logrequests")) == (429, "quota_requests_by_uid")
    assert error_of(ask(serve(requests_at_once=0), "GET", "/logrequests")) == (429, "quota_parallel_requests")
    full = serve(storage_bytes=50)
    two_days = {**DAY, "date1": "2026-10-28", "fields": "ym:s:visitID"}
    assert ask(full, "GET", "/logrequests/evaluate", **two_days).json() == {
        "log_request_evaluation": {"possible": True, "max_possible_day_quantity": 2}}
    assert ask(full, "POST", "/logrequests", **two_days).status_code == 200
    assert ask(full, "GET", "/logrequests/evaluate", **two_days).json() == {
        "log_request_evaluation": {"possible": False, "max_possible_day_quantity": 0}}
    assert error_of(ask(full, "POST", "/logrequests", **two_days)) == (400, "invalid_parameter")


def test_gzip_for_those_who_take_it(serve):
    running = serve()
    plain = log(running, "ym:s:visitID")
    url = f"{running.url}/yandex_metrica/management/v1/counter/{COUNTER_ID}/logrequest/1000001/part/0/download"
    with requests.get(url, headers={"Authorization": f"OAuth {TOKEN}", "Accept-Encoding": "gzip"}, stream=True, timeout=10) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(answer.raw.read()).decode() == plain


def test_the_clients_package_reads_visits(serve, monkeypatch):
    running = serve(looks_until_processed=1, rows_per_part=1)
    root = f"{running.url}/yandex_metrica/"
    monkeypatch.setattr(YandexMetrikaClientAdapterAbstract, "get_api_root", lambda self, api_params, resource_name: root)
    client = YandexMetrikaLogsapi(access_token=TOKEN, default_url_params={"counterId": COUNTER_ID})
    params = {**DAY, "fields": "ym:s:visitID,ym:s:clientID,ym:s:<attribution>TrafficSource"}
    assert client.evaluate().get(params=params).data["log_request_evaluation"]["possible"] is True
    request = client.create().post(params=params)["log_request"]["request_id"]
    with pytest.raises(exceptions.YandexMetrikaDownloadReportError):
        client.download(requestId=request).get()
    assert [client.info(requestId=request).get()["log_request"]["status"] for _ in range(2)] == ["created", "processed"]
    report = client.download(requestId=request).get()
    assert list(report().iter_dicts()) == [
        {"ym:s:visitID": "6500000000000000002", "ym:s:clientID": ANNA, "ym:s:cross_device_last_significantTrafficSource": "email"},
        {"ym:s:visitID": "6500000000000000003", "ym:s:clientID": "9007199254740993",
         "ym:s:cross_device_last_significantTrafficSource": "messenger"}]
    assert client.clean(requestId=request).post()["log_request"]["status"] == "cleaned_by_user"
    with pytest.raises(exceptions.YandexMetrikaTokenError):
        YandexMetrikaLogsapi(access_token="stolen", default_url_params={"counterId": COUNTER_ID}).allinfo().get()
