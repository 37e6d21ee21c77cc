"""RetailCRM's words in the canonical columns: sums as the world has them, and poison set aside with its reason."""

from datetime import datetime, timedelta
from decimal import Decimal

from crm_nights import night

from ingestion.retailcrm import VENDOR
from sandbox.faults import Poison
from sandbox.retailcrm import references


def money(kopecks):
    """Kopecks of the world as the decimal that staging gives."""
    return Decimal(int(kopecks)) / 100


def test_staging_says_what_the_world_says(crm, small_world, staging):
    night()
    staging.build()
    orders_are_the_worlds(small_world, staging)
    ledger_is_the_worlds(small_world, staging)
    people_are_the_worlds(small_world, staging)


def orders_are_the_worlds(small_world, staging):
    """Sums of the orders, their lines, discounts and payments."""
    orders = small_world.orders
    orders = orders[(orders["kind"] == "online") & (orders["created_at"] <= small_world.until.replace(tzinfo=None))]
    personal = orders["personal_discount_kop"].sum()
    discounts = personal + orders["mass_discount_kop"].sum() + orders["promo_discount_kop"].sum()
    assert staging.rows("""
        select count(*), sum(net_revenue), sum(gross_amount), sum(discount_amount), sum(points_discount_amount), sum(delivery_amount),
            sum(points_redeemed), count(*) filter (is_test), count(*) filter (is_b2b)
        from stg_retailcrm__orders
    """) == [
        (
            len(orders),
            money(orders["net_kop"].sum()),
            money(orders["gross_kop"].sum()),
            money(discounts),
            money(orders["points_discount_kop"].sum()),
            money(orders["delivery_kop"].sum()),
            float(orders["points_redeemed"].sum()),
            int(orders["is_test"].sum()),
            int(orders["is_b2b"].sum()),
        )
    ]
    assert staging.rows("select sum(amount) from stg_retailcrm__order_discounts where discount_type = 'personal'") == [(money(personal),)]
    by_lines = staging.rows("""
        select count(*)
        from stg_retailcrm__orders as orders
        inner join (
            select order_record_id, sum(net_amount) as net_amount from stg_retailcrm__order_lines where not is_cancelled group by 1
        ) as lines on orders.source_record_id = lines.order_record_id
        where lines.net_amount <> orders.net_revenue
    """)
    assert by_lines == [(0,)]
    assert staging.rows("select count(distinct order_record_id) from stg_retailcrm__payments") == [(len(orders),)]
    hand_overs_are_the_worlds(small_world, staging, account="main", since=small_world.until - timedelta(days=90))
    # Local time becomes UTC: the world holds UTC.
    first = orders.sort_values(["created_at", "order_id"]).iloc[0]
    assert staging.rows(f"select ordered_at from stg_retailcrm__orders where source_record_id = '{first['order_id']}'") == [
        (first["created_at"].to_pydatetime().replace(microsecond=0),)
    ]


def hand_overs_are_the_worlds(small_world, staging, *, account, since):
    """received_at of every order handed over since the history of the account begins, those that came back among them."""
    orders = small_world.orders
    orders = orders[(orders["kind"] == "online") & (orders["received_at"] <= small_world.until.replace(tzinfo=None))]
    orders = orders[orders["received_at"] >= since.replace(tzinfo=None)]
    columns, told_by = "source_record_id, received_at", f"source_account = '{account}'"
    told = dict(staging.rows(f"select {columns} from stg_retailcrm__orders where {told_by} and received_at is not null"))
    seconds = [at.to_pydatetime().replace(microsecond=0) for at in orders["received_at"]]
    truth = dict(zip(orders["order_id"].astype(str), seconds, strict=True))
    assert {number: told.get(number) for number in truth} == truth
    # What came back has left the completed status: its hand-over is known from the history alone.
    back = staging.rows(f"select source_record_id from stg_retailcrm__orders where {told_by} and raw_status = 'return'")
    assert {number for (number,) in back} & set(truth), "nothing came back in the small retailer"


def ledger_is_the_worlds(small_world, staging):
    """Points by type, what is pending, and the vendor's own balances."""
    ledger = small_world.loyalty_operations
    ledger = ledger[ledger["created_at"] <= small_world.until.replace(tzinfo=None)]
    types = {
        "credit_for_order": "earned",
        "credit_for_event": "earned",
        "charge_for_order": "redeemed",
        "burn": "expired",
        "credit_manual": "adjusted",
        "charge_manual": "adjusted",
        "cancel_of_charge": "cancelled",
        "cancel_of_credit": "cancelled",
    }
    expected = ledger.groupby(ledger["type"].map(types))["points"].sum()
    assert dict(staging.rows("select operation_type, sum(points) from stg_retailcrm__loyalty_operations group by operation_type")) == {
        kind: float(points) for kind, points in expected.items()
    }
    # 02:00 on 1 November in Moscow is the business day of the refresh.
    pending = ledger[(ledger["points"] > 0) & (ledger["activates_on"] > datetime.fromisoformat("2026-11-01"))]["points"].sum()
    assert staging.rows("select coalesce(sum(points), 0) from stg_retailcrm__loyalty_operations where is_pending") == [(float(pending),)]
    balances = staging.rows("""
        select accounts.source_record_id, accounts.vendor_balance - ledger.points
        from stg_retailcrm__loyalty_accounts as accounts
        inner join (
            select loyalty_account_record_id, sum(case when is_pending then 0 else points end) as points
            from stg_retailcrm__loyalty_operations group by 1
        ) as ledger on accounts.source_record_id = ledger.loyalty_account_record_id
        where ledger.points <> accounts.vendor_balance
    """)
    accounts = small_world.loyalty_accounts
    astray = accounts[(accounts["astray_points"] != 0) & (accounts["activated_at"] <= small_world.until.replace(tzinfo=None))]
    assert set(balances) == {(str(row.account_id), float(row.astray_points)) for row in astray.itertuples()}


def test_poison_is_set_aside_with_its_reason_and_stops_nothing(crm, small_world, staging, monkeypatch):
    monkeypatch.setitem(references.STATUSES, "gift-wrapped", ("Упакован в подарок", "assembling"))
    orders = small_world.orders
    orders = orders[(orders["kind"] == "online") & (orders["created_at"] <= small_world.until.replace(tzinfo=None))]
    total = len(orders)
    keys = [str(number) for number in orders["order_id"].tail(13)]
    poison = {
        keys[0]: {"set": {"id": Poison.GONE}},
        keys[1]: {"set": {"totalSumm": "twelve"}},
        keys[2]: {"set": {"createdAt": "0001-01-01 00:00:00"}},
        keys[3]: {"set": {"status": "dict-statuses-1575878862"}},
        keys[4]: {"set": {"neverSeenBefore": {"deep": [1, 2]}}},
        keys[5]: {"find": b'"countryIso":"RU"', "raw": b'"countryIso":"\\ud83d"'},
        keys[6]: {"find": b'"countryIso":"RU"', "raw": b'"countryIso":"\xcc\xee\xf1"'},
        keys[7]: {"set": {"items": {"0": "not a list"}}},
        keys[8]: {"set": {"items.0.initialPrice": "cheap"}},
        keys[9]: {"set": {"delivery": []}},
        keys[10]: {"set": {"payments": []}},
        keys[11]: {"set": {"site": {"code": "omnimart-ru"}}},
        keys[12]: {"set": {"status": "gift-wrapped"}},
    }
    for key, how in poison.items():
        crm.sandbox.tampering.plant(Poison("retailcrm", "orders", key, **how))
    crm.sandbox.tampering.plant(Poison("retailcrm", "orders_history", "40", set={"newValue": "complete"}))
    report = night()
    assert (report.status, report.error) == ("success", "")
    staging.build()
    problems = dict(staging.rows("select document_key, problem from base_retailcrm__orders where not is_accepted"))
    nameless = [key for key in problems if key.startswith("sha256:")]
    assert {problems[key] for key in nameless} == {"order_id: missing"}
    assert problems[keys[1]] == "total_amount: not money"
    assert problems[keys[2]] == "ordered_at: impossible date"
    assert problems[keys[7]] == "items: not rows"
    assert problems[keys[8]] == "items[].initial_price: not a number"
    assert problems[keys[11]] == "site: not text"
    assert problems[keys[5]] == "payload: cannot be read as JSON"
    # A row of the history in another shape, and the history of an order that is not there, stop nothing.
    told = staging.rows("select document_key, problem from base_retailcrm__order_history where not is_accepted")
    assert told == [("40", "newValue: not an object")]
    # An unknown status, an unknown member and PHP's empty maps are no breach.
    fine = [keys[3], keys[4], keys[9], keys[10], keys[12]]
    assert set(fine) & set(problems) == set()
    assert staging.rows(f"select raw_status from stg_retailcrm__orders where source_record_id = '{keys[3]}'") == [
        ("dict-statuses-1575878862",)
    ]
    # A status of the account's own, which the seed does not know, is read by its group in the account's dictionary.
    assert staging.rows(f"select raw_status from stg_retailcrm__orders where source_record_id = '{keys[12]}'") == [("group:assembling",)]
    mapped = staging.rows("select mapped_to from seeds.value_mappings where source_system = 'retailcrm' and value = 'group:assembling'")
    assert mapped == [("in_progress",)]
    # Bytes of another encoding stand in a member that nobody reads here; what came is kept as escapes.
    assert staging.rows("select count(*) from base_retailcrm__orders where is_accepted") == [(total - len(problems),)]
    received = staging.rows("select count(distinct document_key) from stg_retailcrm__receipts where resource = 'orders'")[0][0]
    verdicts = staging.rows("select count(*) from stg_retailcrm__verdicts where resource = 'orders'")[0][0]
    assert received == verdicts == total


def people_are_the_worlds(small_world, staging):
    """People and companies, merges, consents and cards."""
    profiles = small_world.profiles_at("retailcrm", small_world.until)
    alive = profiles[profiles["merged_at"].isna()]
    assert dict(staging.rows("select kind, count(*) from stg_retailcrm__profiles group by kind")) == {
        "person": int((alive["kind"] != "company").sum()),
        "company": int((alive["kind"] == "company").sum()),
    }
    assert staging.rows("select count(*) from stg_retailcrm__profiles where is_employee") == [(int((alive["kind"] == "employee").sum()),)]
    assert staging.rows("select count(*) from stg_retailcrm__profiles where is_test") == [(int((alive["kind"] == "test").sum()),)]
    since = small_world.until - timedelta(days=90)
    merged = profiles[profiles["merged_at"] >= since.replace(tzinfo=None)]
    assert set(staging.rows("select merged_record_id, source_record_id from stg_retailcrm__profile_merges")) == {
        (str(loser), str(survivor)) for loser, survivor in zip(merged["record_id"], merged["merged_into"], strict=True)
    }
    events = small_world.crm_consent_events
    events = events[(events["created_at"] <= small_world.until.replace(tzinfo=None)) & events["crm_record_id"].isin(alive["record_id"])]
    latest = events.drop_duplicates(["crm_record_id", "channel", "subscription"], keep="last")
    assert staging.rows("select count(*), count(*) filter (is_subscribed), count(changed_at) from stg_retailcrm__consents") == [
        (len(latest), int(latest["is_subscribed"].sum()), int(latest["changed_at"].notna().sum()))
    ]
    accounts = small_world.loyalty_accounts
    accounts = accounts[accounts["enrolled_at"] <= small_world.until.replace(tzinfo=None)]
    cards = {
        card for (card,) in staging.rows("select identifier_value from stg_retailcrm__identifiers where identifier_type = 'loyalty_card'")
    }
    assert set(accounts["card_number"]) <= cards


def test_two_accounts_in_two_zones_meet_in_one_staging(serve, small_world, staging, monkeypatch):
    far_east = serve(**{"retailcrm.timezone": "Asia/Vladivostok", "retailcrm.history_days": "30"})
    for name, value in far_east.environment(vendors=(VENDOR.name,)).items():
        monkeypatch.setenv(name.replace("RETAILCRM__", "RETAILCRM__FAR_EAST__"), value)
    # The second account was read once before: what was handed over and came back since then did both between two nights.
    earlier = small_world.until - timedelta(days=25)
    far_east.sandbox.set_clock(earlier)
    [_, eastern] = VENDOR.accounts()
    assert night(eastern).status == "success"
    far_east.sandbox.set_clock(small_world.until)
    serve()
    for account in VENDOR.accounts():
        assert night(account).status == "success"
    staging.build()
    hand_overs_are_the_worlds(small_world, staging, account="far_east", since=earlier - timedelta(days=30))
    zones = dict(staging.rows("select source_account, time_zone from base_retailcrm__settings"))
    assert zones == {"main": "Europe/Moscow", "far_east": "Asia/Vladivostok"}
    orders = small_world.orders
    orders = orders[(orders["kind"] == "online") & (orders["created_at"] <= small_world.until.replace(tzinfo=None))]
    seconds = [at.to_pydatetime().replace(microsecond=0) for at in orders["created_at"]]
    expected = dict(zip(orders["order_id"].astype(str), seconds, strict=True))
    for name in zones:
        told = staging.rows(f"select source_record_id, ordered_at from stg_retailcrm__orders where source_account = '{name}'")
        assert dict(told) == expected


def test_who_leaves_left_at_the_contact_that_saw_it(crm, small_world, staging):
    """Week by week, as all accounts are asked for once a week; or on the day that the retailer's own field tells, if it can be that day."""
    first = small_world.until.replace(tzinfo=None)
    accounts = small_world.loyalty_accounts
    known = [str(key) for key in accounts[accounts["activated_at"] <= first - timedelta(days=20)]["account_id"].head(5)]
    stays, left_before, leaves, tells, errs = known
    gone = {"status": "deactivated", "active": False}
    for who, day in ((tells, "2026-10-21"), (errs, "2026-01-21")):  # the second was no member yet
        crm.sandbox.tampering.plant(Poison("retailcrm", "loyalty_accounts", who, set=gone | {"customFields": {"left_on": day}}))
    told = {}
    for week, who in enumerate((left_before, leaves, None)):
        if week:
            crm.sandbox.advance(days=7)
        if who:
            crm.sandbox.tampering.plant(Poison("retailcrm", "loyalty_accounts", who, set=gone))
        assert night().status == "success"
        staging.build()
        told[week] = {account: exit for account, *exit in staging.rows(
            "select source_record_id, status, closed_at, is_closed_at_assumed from stg_retailcrm__loyalty_accounts "
            f"where source_record_id in {tuple(known)}")}
    there, gone_at_first_sight = ["active", None, None], ["inactive", first, True]
    always = {stays: there, left_before: gone_at_first_sight, errs: gone_at_first_sight}
    always[tells] = ["inactive", datetime(2026, 10, 20, 21), False]  # noqa: DTZ001  midnight in Moscow
    assert told[0] == always | {leaves: there}
    assert told[1] == told[2] == always | {leaves: ["inactive", first + timedelta(days=7), False]}
