"""The stand-in answers as the call tracker does, field by field; where a shape comes from stands beside it."""

import pytest
import tracker

TODAY, YESTERDAY = "01/11/2026", "31/10/2026"
WHOLE = {"dateFrom": "01/10/2026", "dateTo": "30/11/2026", "page": 1, "limit": 1000}
# Members of the structures Call and Lead in mg-realcom/calltouch-sdk, entity.go (2024-03).
CALL_OF_CLIENT = {
    "callId", "callphase", "attribution", "callTags", "date", "duration", "callerNumber", "redirectNumber", "phoneNumber", "manager",
    "successful", "uniqueCall", "targetCall", "uniqTargetCall", "callbackCall", "city", "source", "medium", "keyword", "url", "callUrl",
    "ref", "hostname", "utmSource", "utmMedium", "utmCampaign", "utmContent", "utmTerm", "sessionId", "ctCallerId", "clientId",
    "yaClientId", "sipCallId", "userAgent", "ip", "waitingConnect", "callReferenceId", "mapVisits", "attrs", "comments", "phrases",
    "additionalTags", "orders", "yandexDirect", "googleAdWords", "callbackInfo", "ctClientId", "dcm", "phonesInText", "ctGlobalId",
    "subPoolName", "statusDetails",
}
LEAD_OF_CLIENT = {
    "date", "comments", "dateStr", "manager", "session", "subject", "uniqTargetRequest", "uniqueRequest", "yandexDirect",
    "googleAdWords", "requestNumber", "requestId", "client", "orders", "targetRequest", "mapVisits", "ctClientId", "dcm", "ctGlobalId",
    "widgetInfo", "RequestTags",
}
SESSION_OF_CLIENT = {
    "sessionId", "keywords", "city", "ip", "source", "medium", "ref", "url", "utmSource", "utmMedium", "utmTerm", "utmContent",
    "utmCampaign", "guaClientId", "attrs", "attribution", "yaClientId", "ctGlobalId",
}


def test_a_call_is_told_field_by_field(site, ask):
    listed = {one["callId"]: one for one in ask(site, "calls", **WHOLE, withOrders="true").json()["records"]}
    call = listed[tracker.ON_VISIT]
    assert CALL_OF_CLIENT - set(call) == set()
    assert {name: value for name, value in call.items() if value not in (None, "", [])} == {
        "callId": 600004, "siteId": 41207, "siteName": "shop.example", "date": "06/10/2026 1:00:04", "timestamp": 1791237604000,
        "callerNumber": "79160600004", "phoneNumber": "74995550004", "redirectNumber": "78005550101", "duration": 60,
        "waitingConnect": 12, "successful": True, "statusDetails": "answered", "callphase": "callcompleted", "uniqueCall": True,
        "targetCall": True, "uniqTargetCall": True, "callbackCall": False, "attribution": 1, "source": "google", "medium": "organic",
        "utmSource": "<не указано>", "utmMedium": "<не указано>", "utmCampaign": "<не указано>", "utmContent": "<не указано>",
        "utmTerm": "<не указано>", "keyword": "<не указано>", "city": "Тверь", "url": "https://shop.example/catalog",
        "callUrl": "https://shop.example/delivery", "ref": "https://www.google.com/", "hostname": "shop.example", "device": "phone",
        "sessionId": 654650077933, "sessionDate": "03/10/2026 2:00:00", "ctCallerId": f"{600004:032x}", "ctClientId": 136466034985619,
        "yaClientId": "16571136466034985619", "sipCallId": f"{600004:032x}",
    }
    static = listed[tracker.CALLS + 600_000 - 1]
    assert (static["source"], static["medium"], static["utmSource"], static["utmMedium"]) == ("2gis", "static", "2gis", "static")
    assert (static["sessionId"], static["yaClientId"], static["url"]) == (None, None, None)
    missed = listed[600_003]
    assert (missed["successful"], missed["statusDetails"], missed["duration"], missed["targetCall"]) == (False, "no answer", 0, False)
    assert tracker.UNTRACKED not in listed


def test_a_lead_is_told_field_by_field(site, ask):
    listed = {one["requestId"]: one for one in ask(site, "leads", dateFrom="10/01/2026", dateTo="11/30/2026").json()}
    lead = listed[tracker.ORDERED_LEAD]
    assert LEAD_OF_CLIENT - set(lead) == set()
    assert SESSION_OF_CLIENT - set(lead["session"]) == set()
    assert {name: lead[name] for name in ("requestId", "requestNumber", "date", "dateStr", "subject", "client", "orders")} == {
        "requestId": 310101, "requestNumber": "310101", "date": 1793379600000, "dateStr": "30/10/2026 20:00:00",
        "subject": "Обратный звонок", "orders": [],
        "client": {"clientId": 9000001, "fio": "Анна 310101", "phones": [{"phoneNumber": "8 (916) 001-00-00", "phoneType": "MOBILE"}],
                   "contacts": [{"contactType": "EMAIL", "contactValue": "a1@post.example"}]},
    }
    assert [lead["session"][name] for name in ("source", "medium", "utmCampaign", "yaClientId")] == [
        "yandex", "cpc", "brand", tracker.CLIENT_ID]
    assert listed[tracker.EVENING_LEAD]["session"] is None
    assert listed[310_002]["client"]["contacts"] == [{"contactType": "EMAIL", "contactValue": "a2@post.example"}]


def test_without_paging_a_day_is_a_bare_array_and_more_is_refused(site, ask):
    day = ask(site, "calls", dateFrom=YESTERDAY, dateTo=YESTERDAY).json()
    assert tracker.NIGHT in [one["callId"] for one in day]
    assert tracker.EVENING not in [one["callId"] for one in day]
    refused = ask(site, "calls", dateFrom="30/10/2026", dateTo=YESTERDAY)
    assert (refused.status_code, refused.json()) == (400, {"errorCode": 400, "message": "dateFrom and dateTo must be the same day"})


def test_with_paging_a_range_is_an_envelope_and_the_newest_comes_first(site, ask):
    first = ask(site, "calls", **{**WHOLE, "limit": 25}).json()
    total = tracker.CALLS + 3
    assert {name: first[name] for name in first if name != "records"} == {"page": 1, "pageTotal": 3, "pageSize": 25, "recordsTotal": total}
    pages = [ask(site, "calls", **{**WHOLE, "limit": 25, "page": page}).json()["records"] for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [25, 25, total - 50]
    times = [one["timestamp"] for page in pages for one in page]
    assert times == sorted(times, reverse=True)
    empty = ask(site, "calls", dateFrom="01/01/2020", dateTo="31/12/2020", page=1).json()
    assert empty == {"page": 1, "pageTotal": 1, "pageSize": 0, "recordsTotal": 0, "records": []}


def test_leads_want_the_month_first(site, ask):
    assert ask(site, "leads", dateFrom="31/10/2026", dateTo="31/10/2026").status_code == 400
    evening, night = ([one["requestId"] for one in ask(site, "leads", dateFrom=day, dateTo=day).json()]
                      for day in ("10/30/2026", "10/31/2026"))
    assert (tracker.EVENING_LEAD in evening, tracker.NIGHT_LEAD in night) == (True, True)
    assert tracker.NIGHT_LEAD not in evening
    late = ask(site, "leads", dateFrom="10/30/2026", dateTo="10/30/2026", timeFrom="23:00:00").json()
    assert [one["requestId"] for one in late] == [tracker.EVENING_LEAD]


def test_a_call_appears_when_it_has_ended_and_its_tags_and_order_later(site, ask):
    def told(number, **flags):
        listed = ask(site, "calls", **WHOLE, **flags).json()["records"]
        return next((one for one in listed if one["callId"] == number), None)

    flags = {"withCallTags": "true", "withOrders": "true"}
    assert told(tracker.LONG_CALL) is None
    assert (told(tracker.ORDERED)["callTags"], told(tracker.ORDERED)["orders"]) == (None, None)
    assert told(tracker.ORDERED, **flags)["orders"] == []
    site.sandbox.advance(hours=5)
    assert told(tracker.LONG_CALL, **flags)["callTags"] == []
    site.sandbox.advance(hours=6)
    assert told(tracker.LONG_CALL, **flags)["callTags"] == [{"category": "Предикт", "type": "AUTO_PR", "names": ["Целевой"]}]
    assert told(tracker.ORDERED, **flags)["orders"] == [{
        "orderId": 50009001, "orderNumber": "9001A", "orderDate": "01/11/2026 7:00:00", "plannedAmount": 1999, "completedAmount": 0,
        "createdDate": "01/11/2026 7:00:00", "completedDate": None}]
    (lead,) = [one for one in ask(site, "leads", dateFrom="10/30/2026", dateTo="10/30/2026", withRequestTags="true").json()
               if one["requestId"] == tracker.ORDERED_LEAD]
    assert lead["orders"] == [{"orderId": 50009001, "dateCreated": 1793505600000, "status": "NEW", "sum": "1999.50",
                               "orderNumber": "9001A"}]
    assert [tag["names"] for tag in lead["RequestTags"]] == [["Целевой"]]


def test_flags_narrow_and_widen(site, ask):
    targets = ask(site, "calls", **WHOLE, targetOnly="true", withMapVisits="true").json()["records"]
    assert {one["targetCall"] for one in targets} == {True}
    (visit,) = next(one for one in targets if one["callId"] == tracker.ON_VISIT)["mapVisits"]
    assert (visit["source"], visit["medium"], visit["sessionId"]) == ("google", "organic", 654650077933)


@pytest.mark.parametrize(("params", "status"), [
    ({"clientApiId": "another"}, 403), ({"clientApiId": None}, 401), ({"site": 1}, 403), ({"dateFrom": "2026-10-31"}, 400),
    ({"dateFrom": "30/11/2026", "dateTo": "01/10/2026"}, 400), ({"page": "last"}, 400),
])
def test_what_cannot_be_answered_is_refused(site, ask, params, status):
    assert ask(site, "calls", **{**WHOLE, **params}).status_code == status


def test_whoever_asks_too_often_is_refused(serve, ask):
    running = serve(rate=0.2)
    statuses = [ask(running, "calls", dateFrom=TODAY, dateTo=TODAY).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
