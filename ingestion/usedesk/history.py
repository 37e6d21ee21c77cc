"""Where an account's history begins: no list can be sorted, so the question is halved until it is narrow enough.

Account -> «is there anything before …?» -> the beginning, to the month.
"""

from datetime import UTC, datetime, timedelta

from ingestion import clock
from ingestion.accounts import Account
from ingestion.usedesk.api import Api

FOUNDED = datetime(2012, 1, 1, tzinfo=UTC)
NARROW = timedelta(days=31)


def oldest(account: Account) -> datetime | None:
    """The setting start_date, else at most a month before the oldest ticket or client. None for an empty account."""
    if start := account.moment("start_date"):
        return start
    api, known = Api(account), clock.now()

    def anything_before(moment: datetime) -> bool:
        before = {"created_before": api.since(moment)}
        return any(api.holds_any(method, resource=method, params=before) for method in ("tickets", "clients"))

    if not anything_before(known + NARROW):
        return None
    empty, back = FOUNDED, timedelta(days=366)
    while known - back > FOUNDED:
        if not anything_before(known - back):
            empty = known - back
            break
        known -= back
    while known - empty > NARROW:
        middle = empty + (known - empty) / 2
        if anything_before(middle):
            known = middle
        else:
            empty = middle
    return empty


def epoch(text: str) -> datetime:
    """An ISO text as aware UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
