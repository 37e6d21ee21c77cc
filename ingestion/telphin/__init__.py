"""Telphin: the telephone exchange. Calls with their legs, and the extensions they rang, through API 1.0.

    /client/{owner}/call_history/ by time, /client/{owner}/extension/  ->  raw_telphin in the lake    run alone: python -m ingestion.telphin

Resources and keys: calls by `call_uuid`, extensions (sets, queues, menus) by `id` as a full list.

Change capture: the exchange writes a call down when it ends, so a call shows up later than the time it is asked for by. Every contact
reads the last twelve hours before its cursor again, oldest first up to a fixed end, and lands only what it has not landed yet.
There are no totals: an empty page is the end, and a short one that others follow lacked rows and is asked for once more.

What is documented, what a client's code shows, and what is assumed stands in `api.py`.

Left out, with reasons: recordings (voices of people, no figure needs them; `/record/` names them), statistics (counted here from the
calls), agents and quality rates (no mart reads them), events (they need an address that the exchange can reach).

Settings: SOURCES__TELPHIN__BASE_URL (the API's host), __CLIENT_ID and __CLIENT_SECRET (a trusted application's App ID and App Secret);
optional __OWNER_ID (the client whose calls are read; `@me`), __START_DATE (where the history begins), __LONGEST_WAIT_SECONDS (how long
one load may wait for the hourly budget; 3600), __REQUESTS_PER_SECOND.
"""

from datetime import datetime
from typing import Any

from ingestion.accounts import Account
from ingestion.settings import KEY, RATE, SECONDS, SEGMENT, Address, Moment
from ingestion.vendor import Contact, Resource, Vendor


def _source(account: Account, contact: Contact) -> Any:
    from ingestion.telphin.source import telphin

    return telphin(account, contact)


def _oldest(account: Account) -> datetime | None:
    """Where the history begins: the setting start_date, else the first call. None for an exchange that nobody called."""
    if start := account.moment("start_date"):
        return start
    from ingestion.telphin.source import first_call_at

    return first_call_at(account)


VENDOR = Vendor(
    name="telphin",
    title="Telphin",
    role="telephony",
    url="https://ringme-confluence.atlassian.net/wiki/spaces/RAL",
    resources=(
        Resource("calls", "changes", "Calls that have ended, with their legs, by call_uuid.",
                 window="when it began"),
        Resource("extensions", "full_list", "Sets, queues and menus with their names."),
    ),
    source=_source,
    required_settings=("base_url", "client_id", "client_secret"),
    oldest=_oldest,
    settings={
        "base_url": Address(), "client_id": KEY, "client_secret": KEY, "owner_id": SEGMENT, "start_date": Moment(),
        "longest_wait_seconds": SECONDS, "requests_per_second": RATE,
    },
)
