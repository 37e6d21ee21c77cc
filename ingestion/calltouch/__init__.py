"""Calltouch: call tracking. Calls over tracked numbers and site forms, with the visit that brought them.

    /{site}/calls-diary/calls (pages), /requests (arrays), by days  ->  raw_calltouch in the lake   run alone: python -m ingestion.calltouch

| resource | read by | key |
|---|---|---|
| settings | the account's own zone, which staging needs | `settings` |
| calls | days of the diary, with their tags and orders | callId |
| leads | days of the list of forms, with their tags and orders | requestId |

Change capture: the vendor tells no changes, and a record gets its tags and orders later, so every contact reads the last days again
(__REREAD_DAYS, 3) and lands what is new, what differs and, as deletions, the calls that are no longer there. Leads tell no total, so one
that is missing may only not have been told: it stays. A change after those days is not seen; a backfill of them brings it.

What is documented, what a client's code shows, and what is assumed stands in `api.py`.

Left out, with reasons: the orders' diary (the retailer's own systems tell orders; that one joins here by its number), the history of
visits and statistics (web analytics tells them, for the same browsers), talks as text and recordings (voices of people; no figure needs
them), comments (free text that no mart reads), codes of advertising systems.

Settings: SOURCES__CALLTOUCH__BASE_URL (the API's address with /calls-service/RestAPI), __CLIENT_API_ID (the token) and __SITE_ID;
optional __TIMEZONE (the site's; the business time zone), __START_DATE (where the history begins), __REREAD_DAYS,
__REQUESTS_PER_SECOND (2; no limit is told).
"""

from datetime import datetime
from typing import Any

from ingestion.accounts import Account
from ingestion.settings import KEY, RATE, SEGMENT, Address, Moment, Number, Zone
from ingestion.vendor import Contact, Resource, Vendor


def _source(account: Account, contact: Contact) -> Any:
    from ingestion.calltouch.source import calltouch

    return calltouch(account, contact)


def _oldest(account: Account) -> datetime | None:
    from ingestion.calltouch.history import oldest

    return oldest(account)


VENDOR = Vendor(
    name="calltouch",
    title="Calltouch",
    role="call tracking",
    url="https://www.calltouch.ru/support/api-metod-vygruzki-zhurnala-zvonkov/",
    resources=(
        Resource("settings", "full_list", "What the account's own settings say of its zone."),
        Resource("calls", "changes", "Calls over tracked numbers, with what brought them, by callId.",
                 window="day"),
        Resource("leads", "changes", "Site forms with their client and visit, by requestId.",
                 window="day"),
    ),
    source=_source,
    required_settings=("base_url", "client_api_id", "site_id"),
    oldest=_oldest,
    settings={
        "base_url": Address(), "client_api_id": KEY, "site_id": SEGMENT, "timezone": Zone(), "start_date": Moment(),
        "reread_days": Number(0, 366), "requests_per_second": RATE,
    },
)
