"""The sandbox's answers against the documented shapes, member by member.

Golden members are those of the vendor's pages export-mailing-statuses, export-mailings and export-customer-merges (May 2026) and, for
customers and actions, of the public clients named in the sandbox's docstring.
"""

import gzip
import json
from typing import Any

import pytest
import requests

from sandbox.faults import Poison
from sandbox.server import Running

KEY = {"Authorization": "SecretKey sandbox-mindbox-secret"}
OCTOBER = {"sinceDateTimeUtc": "2026-10-01 00:00", "tillDateTimeUtc": "2026-10-31 23:00"}


def ask(running: Running, operation: str, body: Any, *, headers: dict[str, str] = KEY, mode: str = "sync",
        endpoint: str = "Omnimart.Warehouse") -> requests.Response:
    """One call of an operation."""
    return requests.post(f"{running.url}/mindbox/v3/operations/{mode}", params={"endpointId": endpoint, "operation": operation},
                         headers=headers, json=body, timeout=10)


def ready(running: Running, operation: str, window: dict[str, str]) -> list[str]:
    """The links of an export that was waited for."""
    export_id = ask(running, operation, window).json()["exportId"]
    for _ in range(20):
        result = ask(running, operation, {"exportId": export_id}).json()["exportResult"]
        if result["processingStatus"] == "Ready":
            return result["urls"]
    raise AssertionError("the export was never ready")


def exported(running: Running, operation: str, member: str, window: dict[str, str] = OCTOBER) -> list[dict[str, Any]]:
    """All records of an export."""
    records = []
    for url in ready(running, operation, window):
        body = requests.get(url, timeout=10).content
        document = json.loads(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
        assert list(document) == [member]
        records += document[member]
    return records


@pytest.mark.parametrize("header", ["SecretKey sandbox-mindbox-secret", 'Mindbox secretKey="sandbox-mindbox-secret"'])
def test_both_forms_of_the_key_are_taken(serve, header):
    answer = ask(serve(), "Omnimart.ExportMailings", OCTOBER, headers={"Authorization": header})
    assert (answer.status_code, answer.json()["status"]) == (200, "Success")


def test_a_job_is_not_ready_then_ready_and_the_same_request_is_a_duplicate_while_it_forms(serve):
    running = serve(polls_until_ready=1)
    first = ask(running, "Omnimart.ExportMailings", OCTOBER).json()
    again = ask(running, "Omnimart.ExportMailings", OCTOBER).json()
    assert first == {"status": "Success", "exportId": first["exportId"], "isDuplicate": False}
    assert again == {"status": "Success", "exportId": first["exportId"], "isDuplicate": True}
    waiting = ask(running, "Omnimart.ExportMailings", {"exportId": first["exportId"]}).json()
    assert waiting["exportResult"] == {"processingStatus": "NotReady"}
    done = ask(running, "Omnimart.ExportMailings", {"exportId": first["exportId"]}).json()
    assert sorted(done["exportResult"]) == ["processingStatus", "urls"]
    assert done["exportResult"]["processingStatus"] == "Ready"
    assert ask(running, "Omnimart.ExportMailings", OCTOBER).json()["isDuplicate"] is False


def test_a_third_job_waits_until_one_of_two_is_ready(serve):
    running = serve(polls_until_ready=1)
    names = ["Omnimart.ExportMailings", "Omnimart.ExportCustomers", "Omnimart.ExportCustomerActions"]
    ids = {name: ask(running, name, OCTOBER).json()["exportId"] for name in names}

    def state(name: str) -> str:
        return ask(running, name, {"exportId": ids[name]}).json()["exportResult"]["processingStatus"]

    assert [state(name) for name in names] == ["NotReady", "NotReady", "NotReady"]
    assert state(names[2]) == "NotReady"
    assert state(names[0]) == "Ready"
    assert [state(names[2]), state(names[2])] == ["NotReady", "Ready"]


def test_mailing_statuses_have_the_documented_members_and_no_customer(serve):
    records = exported(serve(), "Omnimart.ExportMailingStatuses", "customerMessageStatuses")
    assert records[0] == {
        "dateTimeUtc": "2026-10-10T09:00:00.000Z",
        "ids": {"id": 0},
        "customerMessage": {"dateTimeUtc": "2026-10-10T09:00:00.000Z", "ids": {"id": 11}},
        "mailing": {"name": "Осень", "variantNum": 1, "ids": {"id": 1}, "brand": {"ids": {"systemName": "Omni"}},
                    "channel": {"ids": {"systemName": "Email"}}},
        "mailingSource": {"entityType": "Mailing", "entityId": "1", "entityName": "Осень"},
        "mailingStatus": {"ids": {"systemName": "Sent"}},
    }
    bounced = next(record for record in records if record["mailingStatus"]["ids"]["systemName"] == "NotDelivered")
    assert bounced["mailing"]["notDeliveredReason"] == {"name": "Адрес не существует", "ids": {"systemName": "InvalidRecipient"}}
    unsent = next(record for record in records if record["mailingStatus"]["ids"]["systemName"] == "NotSent")
    assert unsent["mailing"]["notSentReason"] == {"name": "Клиент отписан", "ids": {"systemName": "CustomerUnsubscribed"}}


def test_mailing_statuses_carry_the_customer_when_the_export_is_told_to(serve):
    records = exported(serve(statuses_with_customer="true"), "Omnimart.ExportMailingStatuses", "customerMessageStatuses")
    assert [record["customer"]["ids"]["mindboxId"] for record in records] == [100, 101, 100, 101, 100, 100, 100, 101]


def test_mailings_have_the_documented_members(serve):
    autumn, receipt = exported(serve(), "Omnimart.ExportMailings", "mailings")
    assert autumn == {
        "name": "Осень", "mailingUtmName": "autumn", "type": "mass", "channel": "Email", "creationDateTimeUtc": "2026-10-01T08:00:00.000Z",
        "lastChangedDateTimeUtc": "2026-10-02T08:00:00.000Z", "ids": {"systemName": "autumn", "id": 1},
        "subscriptionTopic": {"name": "promo", "ids": {"externalId": "promo"}}, "folder": None,
        "brand": {"name": "Omni", "ids": {"systemName": "Omni"}},
        "utm": {"utmSource": "mindbox", "utmMedium": "email", "utmCampaign": "autumn"}, "tags": [],
    }
    assert receipt["type"] == "transaction"


def test_customers_have_a_phone_without_plus_ids_of_both_kinds_and_stand_as_of_now(serve):
    merged, anna = exported(serve(), "Omnimart.ExportCustomers", "customers")
    assert anna == {
        "ids": {"mindboxId": 100, "crmId": "9"}, "firstName": "Анна", "lastName": "Петрова", "email": "anna@example.com",
        "mobilePhone": 79161234567, "birthDate": "1990-05-01", "sex": "female", "changeDateTimeUtc": "2026-10-31T20:00:00.000Z",
        "area": {"name": "Москва"}, "customFields": {"city": "Тверь"},
        "subscriptions": [{"brand": "Omni", "pointOfContact": "Email", "topic": "promo", "isSubscribed": False}],
        "segmentations": [], "balances": [],
        "discountCards": [{"ids": {"number": "7700001"}, "status": {"ids": {"systemName": "Activated"}}}],
        "lastActivatedCard": {"ids": {"number": "7700001"}},
    }
    assert (merged["ids"], merged["mobilePhone"]) == ({"mindboxId": "101"}, "позвонить")


def test_actions_name_the_message_and_the_customer_who_is_left_after_a_merge(serve):
    records = exported(serve(), "Omnimart.ExportCustomerActions", "customerActions")
    to_the_merged = next(record for record in records if record.get("customerMessage") == {"ids": {"id": "12"}})
    assert to_the_merged == {
        "ids": {"mindboxId": 24}, "actionTemplate": {"ids": {"systemName": "MailingSent"}, "name": "Отправка рассылки"},
        "dateTimeUtc": "2026-10-10T09:00:00.000Z", "creationDateTimeUtc": "2026-10-10T09:00:00.000Z",
        "customer": {"ids": {"mindboxId": 101}}, "products": [], "productCategories": [], "customerMessage": {"ids": {"id": "12"}},
    }
    assert [record["actionTemplate"]["ids"]["systemName"] for record in records if "subscriptions" in record] == [
        "SubscriptionCreated", "SubscriptionCancelled"]


def test_what_is_done_in_the_app_is_an_action_with_its_product_and_no_device(serve):
    """Assumed: no source shows such an action; products are written as the vendor's operations take them."""
    actions = exported(serve(), "Omnimart.ExportCustomerActions", "customerActions")
    assert next(action for action in actions if action["ids"]["mindboxId"] == 10_000_000_002) == {
        "ids": {"mindboxId": 10_000_000_002}, "actionTemplate": {"ids": {"systemName": "CartAdded"}, "name": "Добавление в корзину"},
        "dateTimeUtc": "2026-10-12T20:12:00.000Z", "creationDateTimeUtc": "2026-10-12T20:12:03.000Z",
        "customer": {"ids": {"mindboxId": 100}},
        "products": [{"product": {"ids": {"website": "P000001"}}, "count": 2, "pricePerItem": 1299.0}], "productCategories": [],
        "channel": {"ids": {"externalId": "mobile-app"}, "name": "Мобильное приложение"}}


def test_windows_go_by_creation_since_inclusive_till_exclusive(serve):
    running = serve()
    running.sandbox.advance(days=1)
    late = {"sinceDateTimeUtc": "2026-11-01 05:00", "tillDateTimeUtc": "2026-11-01 05:01"}
    assert [record["dateTimeUtc"] for record in exported(running, "Omnimart.ExportMailingStatuses", "customerMessageStatuses", late)] == [
        "2026-10-30T21:00:00.000Z"]
    until = {"sinceDateTimeUtc": "2026-11-01T00:00:00Z", "tillDateTimeUtc": "01.11.2026 05:00:00"}
    assert exported(running, "Omnimart.ExportMailingStatuses", "customerMessageStatuses", until) == []


def test_merges_come_by_page_until_five_minutes_ago(serve):
    running = serve()
    page = {"pageNumber": 1, "itemsPerPage": 10, "sinceDateTimeUtc": "2026-10-01 00:00", "tillDateTimeUtc": "2026-10-31 22:55"}
    assert ask(running, "Omnimart.GetCustomerMerges", {"customerMergesPage": page}).json() == {
        "status": "Success",
        "customerMerges": [{
            "resultingCustomer": {"ids": {"mindboxId": "101"}, "changeDateTimeUtc": "2026-10-30 12:00:00.000"},
            "mergedCustomers": [{"ids": {"mindboxId": 102}}],
        }],
    }
    second = ask(running, "Omnimart.GetCustomerMerges", {"customerMergesPage": {**page, "pageNumber": 2}})
    assert second.json()["customerMerges"] == []
    early = ask(running, "Omnimart.GetCustomerMerges", {"customerMergesPage": {**page, "tillDateTimeUtc": "2026-10-31 22:56"}})
    assert (early.status_code, early.json()["status"]) == (200, "ValidationError")
    assert early.json()["validationMessages"][0]["location"] == "/customerMergesPage/tillDateTimeUtc"
    wide = ask(running, "Omnimart.GetCustomerMerges", {"customerMergesPage": {**page, "itemsPerPage": 10_001}})
    assert wide.json()["status"] == "ValidationError"


def test_refusals_have_their_status_codes(serve):
    running = serve()
    unknown = ask(running, "Website.Nothing", OCTOBER)
    assert (unknown.status_code, unknown.json()["status"]) == (200, "ProtocolError")
    assert ask(running, "Omnimart.ExportMailings", OCTOBER, headers={}).status_code == 401
    assert ask(running, "Omnimart.ExportMailings", OCTOBER, endpoint="Other").status_code == 403
    assert ask(running, "Omnimart.ExportMailings", [1]).status_code == 400
    assert ask(running, "Omnimart.ExportMailings", OCTOBER, mode="async").json()["status"] == "ProtocolError"
    muddled = ask(running, "Omnimart.ExportMailings", {"sinceDateTimeUtc": "yesterday"})
    assert (muddled.status_code, muddled.json()["status"]) == (200, "ValidationError")


def test_links_are_signed_expire_and_take_no_credentials(serve):
    running = serve(rows_per_file=3, dead_links=1)
    urls = ready(running, "Omnimart.ExportMailingStatuses", OCTOBER)
    assert len(urls) == 3
    expired = requests.get(urls[0], timeout=10)
    assert (expired.status_code, "<Code>AccessDenied</Code>" in expired.text) == (403, True)
    assert requests.get(urls[0], headers=KEY, timeout=10).status_code == 400
    assert requests.get(urls[0].split("?")[0], timeout=10).status_code == 403
    assert [requests.get(url, timeout=10).content[:2] for url in urls] == [b'{"', b"\x1f\x8b", b'{"']


def test_too_many_requests_are_told_when_to_come_back(serve):
    running = serve()
    limiter = running.sandbox.limiter("mindbox", units=10, per_seconds=1.0)
    limiter.units = 0
    refused = ask(running, "Omnimart.ExportMailings", OCTOBER)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")


def test_every_record_can_be_spoiled(serve):
    running = serve()
    running.sandbox.tampering.plant(Poison("mindbox", "mailings", "1", set={"name": "spoiled"}))
    assert exported(running, "Omnimart.ExportMailings", "mailings")[0]["name"] == "spoiled"
