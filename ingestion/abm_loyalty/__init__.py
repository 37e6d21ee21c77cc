"""ABM Loyalty: cards, accounts and points, asked customer by customer.

    last publication's cards and phones, or a file  ->  user-info and history of each  ->  raw_abm_loyalty in the lake

Run alone: python -m ingestion.abm_loyalty

| resource | read by | key |
|---|---|---|
| settings | the account's own zone, which staging needs | `settings` |
| accounts | user-info by card, else by phone; landed when it differs | id, else `card:` and the card |
| operations | history of accruals and write-offs of each account | id, else a hash of what happened |
| answers | who was asked, when, and what came | keyed hash of the card or phone |

What is documented: an API for tills and shops, `GET /partner/operation/user/{type}/{token}/user-info` by card or phone among it, and that
there is a history of accruals and write-offs. What is not: any list of accounts or operations, the history's path, the header of the key,
the bodies of questions and answers. So customers are asked one by one, paths and header are settings, and the names of members are
assumed (`api.py` and the base models of staging are the two places that spell them). A vendor who gives a dump instead: docs/file-drop.md,
datasets loyalty_accounts and loyalty_operations.

Who is asked: the customers of the last publication (published/contacts.duckdb) and of __CUSTOMERS_FILE (CSV of card,phone), those never
asked first, then those asked longest ago, as many questions as __CALLS_PER_NIGHT allows; the next night goes on. Before the first
publication nobody is known, and the contact succeeds with nothing. Who never was a member rests for __REASK_DAYS, a member for half a day.
The state of it all is `answers`: it is landed with what was told or not at all, it grows by one small row a question, and no card or
phone stands in it. The vendor learns the cards and phones of those who are asked, so __ASK_BY (`card`) may leave phones out.

What is not believed: a balance that later operations do not explain (the history is read whole again, once a week at most: offline tills
tell late), a night in which many members are none any more, or in which a fifth was not answered. Customers whom the vendor refuses, by
whatever status, are tried and go to the end, as long as he answers for others.

Left out, with reasons: methods that change anything (registration, checks, cards), receipts (the till and the shop tell them), accounts
that no other system knows (nobody to ask for; a dump has them), operations that vanish (a ledger cancels by another operation).

Settings: SOURCES__ABM_LOYALTY__BASE_URL, __API_KEY (the whole value of the header); optional __AUTH_HEADER (Authorization), __INFO_PATH,
__HISTORY_PATH (templates with {type}, {token}, the latter with {since}; `none`: balances only), __PHONE_FORMAT (digits or e164),
__TIMEZONE, __START_DATE, __CUSTOMERS_FILE, __ASK_BY (card,phone), __CALLS_PER_NIGHT (5000), __REASK_DAYS (30), __OVERLAP_DAYS (7),
__REQUESTS_PER_SECOND (5).
"""

from datetime import datetime
from typing import Any

from ingestion.accounts import Account
from ingestion.settings import DAYS, RATE, Address, Moment, Number, OneOf, Text, Told, Zone
from ingestion.vendor import Contact, Resource, Vendor


def _source(account: Account, contact: Contact) -> Any:
    from ingestion.abm_loyalty.source import abm_loyalty

    return abm_loyalty(account, contact)


def _oldest(account: Account) -> datetime | None:
    """None: a customer's history comes whole with the first question about him."""
    return None


def _paths(account: Account) -> None:
    from ingestion.abm_loyalty.api import paths_of

    paths_of(account)


def _kinds(account: Account) -> None:
    from ingestion.abm_loyalty.customers import kinds_of

    kinds_of(account)


VENDOR = Vendor(
    name="abm_loyalty",
    title="ABM Loyalty",
    role="loyalty programme",
    url="https://bookstack.abmloyalty.app/",
    resources=(
        Resource("settings", "full_list", "What the account's own settings say of its zone."),
        Resource("accounts", "changes", "Members as user-info tells them, by account."),
        Resource("operations", "changes", "Movements of points, by operation."),
        Resource("answers", "changes", "Who was asked, when, and whether there is an account; by keyed hash of the card or phone."),
    ),
    source=_source,
    required_settings=("base_url", "api_key"),
    oldest=_oldest,
    settings={
        "base_url": Address(), "api_key": Text(r"[ -~]+", "one line of Latin letters, digits and signs", quotes=False),
        "auth_header": Text(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", "the name of an HTTP header"),
        "info_path": Told(_paths), "history_path": Told(_paths), "phone_format": OneOf(("digits", "e164")), "timezone": Zone(),
        "start_date": Moment(), "customers_file": Text(meant="the path of a CSV file"), "ask_by": Told(_kinds),
        "calls_per_night": Number(0, 10_000_000), "reask_days": DAYS, "overlap_days": DAYS, "requests_per_second": RATE,
    },
)
