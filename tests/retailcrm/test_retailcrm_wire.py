"""The stand-in speaks RetailCRM v5: the official client reads it, and its answers have the documented members."""

import base64
import json

import pytest
import retailcrm

from sandbox.retailcrm.wire import API_KEYS, nested


def words(text: str) -> set[str]:
    """The words of a text."""
    return set(text.split())


# Members of the records as the vendor's official PHP client declares them (apis/retailcrm.md, "Record shapes").
CUSTOMER = words(
    "id externalId type isContact createdAt managerId vip bad site browserId firstClientId lastClientId firstName lastName patronymic "
    "sex presumableSex email emailMarketingUnsubscribedAt phones birthday address source tags segments customerSubscriptions "
    "marginSumm avgMarginSumm totalSumm averageSumm ordersCount costSumm personalDiscount cumulativeDiscount discountCardNumber "
    "maturationTime customFields mgCustomerId mgCustomers contragent"
)
ORDER = words(
    "id slug number externalId orderType orderMethod countryIso createdAt statusUpdatedAt site status statusComment summ totalSumm "
    "prepaySum purchaseSumm currency discountManualAmount discountManualPercent personalDiscountPercent bonusesCreditTotal "
    "bonusesChargeTotal privilegeType loyaltyAccount loyaltyLevel loyaltyEventDiscount firstName lastName patronymic phone "
    "additionalPhone email customer contact company contragent managerId marketplace source items payments fullPaidAt delivery "
    "shipmentStore shipmentDate shipped links customFields clientId mark markDatetime call expired fromApi"
)
LINE = words(
    "id externalIds externalId offer productName initialPrice discountTotal discounts prices vatRate createdAt quantity status "
    "isCanceled comment properties purchasePrice bonusesCreditTotal bonusesChargeTotal markingCodes priceType"
)
ACCOUNT = words(
    "active id status phoneNumber cardNumber amount ordersSum nextLevelSum createdAt activatedAt confirmedPhoneAt lastCheckId "
    "customer level loyalty customFields"
)
OPERATION = {"type", "createdAt", "amount", "order", "bonus", "event", "loyaltyAccount", "loyalty"}
HISTORY = words(
    "id createdAt created deleted source user apiKey field oldValue newValue order customer item payment address combinedTo ancestor"
)


@pytest.fixture
def client(crm):
    """The vendor's own Python client."""
    return retailcrm.v5(f"{crm.url}/retailcrm", API_KEYS[0])


def everything(read, name, **arguments):
    """All pages of a list, read with the official client."""
    records, page = [], 1
    while True:
        answer = read(page=page, limit=100, **arguments)
        assert answer.is_successful(), answer.get_error_msg()
        body = answer.get_response()
        records += body[name]
        if page >= body["pagination"]["totalPageCount"]:
            assert len(records) == body["pagination"]["totalCount"]
            return records
        page += 1


def test_the_official_client_reads_customers(client, small_world):
    profiles = small_world.profiles_at("retailcrm", small_world.until)
    alive = profiles[(profiles["kind"] != "company") & profiles["merged_at"].isna()]
    customers = everything(client.customers, "customers")
    assert {each["id"] for each in customers} == set(alive["record_id"])
    assert {member for each in customers for member in each} - CUSTOMER == set()


def test_the_official_client_reads_orders(client, small_world):
    world = small_world.orders
    world = world[(world["kind"] == "online") & (world["created_at"] <= small_world.until.replace(tzinfo=None))]
    orders = everything(client.orders, "orders")
    assert {each["id"] for each in orders} == set(world["order_id"])
    assert {member for each in orders for member in each} - ORDER == set()
    assert {member for each in orders for line in each["items"] for member in line} - LINE == set()
    owed = sum(round(100 * (each["totalSumm"] - each["delivery"]["cost"])) for each in orders)
    assert owed == world["net_kop"].sum()
    lines = sum(
        round(100 * (line["initialPrice"] - line["discountTotal"]) * line["quantity"])
        for each in orders
        for line in each["items"]
        if not line["isCanceled"]
    )
    assert lines == world["net_kop"].sum()


def test_the_official_client_reads_both_histories_by_since_id(client):
    for read, subject in ((client.orders_history, "order"), (client.customers_history, "customer")):
        since, rows = 0, []
        while True:
            body = read({"sinceId": since}, limit=100).get_response()
            rows += body["history"]
            if body["pagination"]["totalPageCount"] <= 1:
                break
            since = body["history"][-1]["id"]
        assert [row["id"] for row in rows] == list(range(1, len(rows) + 1))
        assert {member for row in rows for member in row} - HISTORY == set()
        assert all(row[subject]["id"] for row in rows)


def test_the_official_client_reads_the_loyalty_programme(client, small_world):
    accounts = everything(client.loyalty_accounts, "loyaltyAccounts")
    assert {member for each in accounts for member in each} - ACCOUNT == set()
    ledger, cursor = [], None
    while True:
        body = client.loyalty_bonus_operations(limit=100, cursor=cursor).get_response()
        ledger += body["bonusOperations"]
        cursor = (body["pagination"] or {}).get("nextCursor")
        if not cursor:
            break
    assert {member for each in ledger for member in each} - OPERATION == set()
    world = small_world.loyalty_operations
    assert sum(each["amount"] for each in ledger) == world[world["created_at"] <= small_world.until.replace(tzinfo=None)]["points"].sum()
    one = accounts[0]["id"]
    own = everything(lambda **given: client.loyalty_account_bonus_operations(one, **given), "bonusOperations")
    assert [each["amount"] for each in own] == [each["amount"] for each in ledger if each["loyaltyAccount"]["id"] == one]


def test_one_record_is_read_by_its_own_or_the_shops_id(client):
    order = client.orders(limit=20).get_response()["orders"][0]
    assert client.order(order["id"], "id").get_response()["order"] == order
    assert client.order(order["externalId"]).get_response()["order"] == order
    missing = client.order("nobody")
    assert (missing.get_status_code(), missing.get_error_msg()) == (404, "Not found")


def test_the_key_comes_as_header_or_parameter(ask):
    assert ask("/orders", key=None, apiKey=API_KEYS[0]).status_code == 200
    missing, wrong = ask("/orders", key=None), ask("/orders", key="nonsense")
    assert (missing.status_code, missing.json()) == (403, {"success": False, "errorMsg": '"apiKey" is missing.'})
    assert (wrong.status_code, wrong.json()) == (403, {"success": False, "errorMsg": 'Wrong "apiKey" value.'})


def test_limits_are_a_list_and_the_official_clients_filter_none_is_no_filter(ask):
    assert ask("/orders", limit=37).status_code == 400
    assert ask("/orders", limit=250).status_code == 400
    assert ask("/orders/history", limit=250).status_code == 200
    assert ask("/orders", filter="None").json()["pagination"] == ask("/orders").json()["pagination"]


def test_a_history_by_since_id_refuses_further_pages(ask):
    refused = ask("/orders/history", page=2, **{"filter[sinceId]": 1})
    assert (refused.status_code, refused.json()["errorMsg"]) == (400, "Use the shift of the `filter[sinceId]` instead of `page` parameter")
    assert ask("/orders/history", page=2, **{"filter[startDate]": "2026-10-01 00:00:00"}).status_code == 200


def test_more_than_ten_requests_a_second_are_answered_503(serve):
    running = serve(rate=1.0)
    client = retailcrm.v5(f"{running.url}/retailcrm", API_KEYS[0])
    answers = [client.statuses() for _ in range(14)]
    refused = [answer.get_error_msg() for answer in answers if answer.get_status_code() == 503]
    assert refused
    assert set(refused) == {"Rate limit exceeded"}


def test_php_leaves_its_marks(ask):
    orders = ask("/orders", limit=100).json()["orders"]
    assert {type(each["customFields"]) for each in orders} == {list, dict}
    assert [] in [each["customFields"] for each in orders]
    assert all(key == str(payment["id"]) for each in orders if each["payments"] for key, payment in each["payments"].items())
    statuses, stores = ask("/reference/statuses").json()["statuses"], ask("/reference/stores").json()["stores"]
    assert (type(statuses), type(stores), statuses["new"]["group"]) == (dict, list, "new")
    assert ask("/settings").json()["settings"]["timezone"]["value"] == "Europe/Moscow"


def test_times_are_the_accounts_own_without_an_offset(serve):
    moscow, omsk = serve(), serve(**{"retailcrm.timezone": "Asia/Omsk"})
    clients = [retailcrm.v5(f"{each.url}/retailcrm", API_KEYS[0]) for each in (moscow, omsk)]
    first = [each.orders().get_response()["orders"][0]["createdAt"] for each in clients]
    hours = [int(each[11:13]) for each in first]
    assert (hours[1] - hours[0]) % 24 == 3
    assert all(len(each) == len("2026-10-31 07:45:06") for each in first)


def test_the_ledgers_cursor_is_opaque_base64_of_a_place_and_a_time(ask):
    cursor = ask("/loyalty/bonus/operations", limit=20).json()["pagination"]["nextCursor"]
    place, moment = json.loads(base64.b64decode(cursor))
    assert place == 20
    assert moment.endswith("+03:00")
    assert ask("/loyalty/bonus/operations", cursor="nonsense").status_code == 400


def test_brackets_nest_as_in_php():
    assert nested([("filter[ids][]", "1"), ("filter[ids][]", "2"), ("filter[site]", "a"), ("limit", "20"), ("limit", "50")]) == {
        "filter": {"ids": {"0": "1", "1": "2"}, "site": "a"},
        "limit": "50",
    }


def test_a_merged_customer_leaves_the_list_and_his_orders_show_the_survivor(ask, small_world):
    profiles = small_world.profiles_at("retailcrm", small_world.until)
    merged = profiles[profiles["merged_at"].notna()].iloc[0]
    survivor = small_world.survivors_at("retailcrm", small_world.until)[merged["record_id"]]
    assert ask("/customers", **{"filter[ids][]": [merged["record_id"]]}).json()["customers"] == []
    rows = ask("/customers/history", **{"filter[customerId]": merged["record_id"], "limit": 100}).json()["history"]
    gone = [row for row in rows if row.get("deleted")]
    assert [row["combinedTo"]["id"] for row in gone] == [merged["merged_into"]]
    orders = small_world.orders
    for number in orders[(orders["crm_record_id"] == merged["record_id"]) & (orders["kind"] == "online")]["order_id"].head(3):
        assert ask(f"/orders/{number}", by="id").json()["order"]["customer"]["id"] == survivor
