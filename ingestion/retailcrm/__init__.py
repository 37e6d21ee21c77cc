"""RetailCRM (Simla): the CRM. Customers, online orders, the loyalty programme, subscriptions, dictionaries.

    API v5 (histories ► records by id; lists by page; the bonus ledger by cursor) ──► raw_retailcrm ──► staging/retailcrm

| resource | read by | key |
|---|---|---|
| customers, customers_corporate, orders | windows of creation; at night the history's ids, read again | id |
| customer_merges | rows of the customers' history with combinedTo | id of the history row |
| order_history | rows of the orders' history that tell a status entered | id of the history row |
| loyalty_accounts | creation; at night those whose points moved; all once a week | id |
| bonus_operations | the ledger's cursor | hash of the operation and its number among equals: the vendor gives none |
| products | filter[sinceUpdatedAt] | id |
| settings, references, stores, segments, loyalties | whole, landed when changed | code |

Not read: offers and stock (the tills' system is nearer to both), costs, tasks, notes, users, packs, telephony. Merges and statuses from
before the history's reach (about three months before the first contact) are not told by the API. An order deleted while the nightly was
silent for longer than that stays in the warehouse. The day on which a member left the programme has no place in the API: keep it in a
field of your own on the account, code left_on (a date), and it is read. The key needs the rights to read orders, customers, references,
loyalty, segments and products.

Settings: SOURCES__RETAILCRM__BASE_URL (https://<account>.retailcrm.ru), __API_KEY; optional __SITE, __TIMEZONE, __START_DATE,
__REQUESTS_PER_SECOND, __HISTORY_DAYS, __ACCOUNTS_SWEEP_DAYS. Run alone: `python -m ingestion.retailcrm`.
"""

from datetime import UTC, datetime

from ingestion.accounts import Account
from ingestion.retailcrm import source
from ingestion.retailcrm.conversation import LIMIT, Conversation
from ingestion.settings import DAYS, KEY, RATE, SEGMENT, Address, Moment, Number, Zone
from ingestion.vendor import Resource, Vendor


def oldest(account: Account) -> datetime | None:
    """Where the account's history begins: the setting start_date, else its oldest order, customer or loyalty account."""
    if start := account.moment("start_date"):
        return start
    api = Conversation(account)
    found = []
    for path, rows in (("/orders", "orders"), ("/customers", "customers"), ("/loyalty/accounts", "loyaltyAccounts")):
        names = {"resource": rows, "rows": rows, "cursor": "createdAt"}
        first = api.part(path, params={"limit": LIMIT}, **names)
        pages = (first.envelope.get("pagination") or {}).get("totalPageCount") or 0
        last = api.part(path, params={"limit": LIMIT, "page": pages}, **names) if pages > 1 else first
        # The lists' order is not promised, so both ends are looked at; a date before 1990 is a slip of the pen.
        found += [record.cursor for part in (first, last) for record in part.records if record.cursor and record.cursor >= "1990"]
    return datetime.fromisoformat(min(found)).replace(tzinfo=api.zone).astimezone(UTC) if found else None


VENDOR = Vendor(
    name="retailcrm",
    title="RetailCRM",
    role="CRM",
    url="https://docs.retailcrm.ru/Developers/API/APIVersions/APIv5",
    resources=(
        Resource("settings", "full_list", "The account's settings, its time zone among them"),
        Resource("references", "full_list", "Dictionaries: statuses, methods, types, sites, subscriptions"),
        Resource("stores", "full_list", "Stores and warehouses of the dictionary"),
        Resource("segments", "full_list", "Customer segments"),
        Resource("loyalties", "full_list", "Loyalty programmes"),
        Resource("customers", "changes", "Customers with their contacts, subscriptions and segments",
                 window="creation"),
        Resource("customers_corporate", "changes", "Companies that buy",
                 window="creation"),
        Resource("customer_merges", "changes", "Which customers were combined into which",
                 window="when it was combined"),
        Resource("orders", "changes", "Orders with lines, payments and delivery",
                 window="creation"),
        Resource("order_history", "changes", "Which order entered which status when",
                 window="when it entered the status"),
        Resource("products", "changes", "The catalogue with its offers",
                 window="last change"),
        Resource("loyalty_accounts", "changes", "Participations in the loyalty programme",
                 window="creation"),
        Resource("bonus_operations", "changes", "The ledger of bonus points",
                 window="creation"),
    ),
    source=source.retailcrm,
    required_settings=("base_url", "api_key"),
    oldest=oldest,
    settings={
        "base_url": Address(), "api_key": KEY, "site": SEGMENT, "timezone": Zone(), "start_date": Moment(), "requests_per_second": RATE,
        "history_days": DAYS, "accounts_sweep_days": DAYS, "ledger_pages_per_window": Number(1, 1_000_000, is_whole=True),
    },
)
