"""Where an account's history begins.

    the setting start_date, or quarters of calls asked for backwards until a year is empty  ->  the beginning of a day, UTC
"""

from datetime import UTC, date, datetime, time, timedelta

from ingestion import clock
from ingestion.accounts import Account
from ingestion.calltouch.api import Api
from ingestion.http import VendorError

# One of the clients asks for ninety days at a time; whether more is allowed is told nowhere.
QUARTER, EMPTY_QUARTERS = timedelta(days=90), 4
BEFORE_EVERYTHING = date(2009, 1, 1)


def oldest(account: Account) -> datetime | None:
    """The earliest quarter of an unbroken history, to the quarter; None for an account without calls and leads. Raises SettingError."""
    if start := account.moment("start_date", zone=account.zone()):
        return begins(account, start.astimezone(account.zone()).date())
    api = Api(account)
    until, empty, found = clock.now().astimezone(account.zone()).date(), 0, None
    try:
        while empty < EMPTY_QUARTERS and until > BEFORE_EVERYTHING:
            since = until - QUARTER + timedelta(days=1)
            if api.calls_counted(since, until) or api.leads(since, until).records:
                empty, found = 0, since
            else:
                empty += 1
            until = since - timedelta(days=1)
    except VendorError as error:
        raise VendorError(f"{error} When the first call was is not known; if the vendor will not look back so far, set "
                          f"{account.variable('start_date')} to the day where the history should begin.") from error
    return found and begins(account, found)


def begins(account: Account, day: date) -> datetime:
    """The moment at which the site's day begins."""
    return datetime.combine(day, time(), account.zone()).astimezone(UTC)
