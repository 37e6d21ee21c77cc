"""Yandex.Metrica: web analytics. Visits and hits of a counter through the Logs API.

    evaluate ► log request ► poll ► parts of TSV ► clean  ──►  raw_yandex_metrica  ──►  staging/yandex_metrica

| resource | asked by | key | where it is documented |
|---|---|---|---|
| visits | whole days in the counter's time zone | counterID:year:visitID | https://yandex.ru/dev/metrika/ru/logs/fields/visits |
| hits | the same days | watchID | https://yandex.ru/dev/metrika/ru/logs/fields/hits |
| exported_days | written by us: the days that a load brought whole | source:day | |
| counters | each contact, landed when it changed | id | https://yandex.ru/dev/metrika/ru/management/openapi/counter/counter |

A row becomes a document whose members are the asked field names and the TSV text of their values, escapes and all; ids stay text, since
they need 64 unsigned bits. The attribution model stands in the header's names (`ym:s:lastsignTrafficSource`), and the vendor renamed models
in June 2026; so the member keeps the asked name (`ym:s:<attribution>TrafficSource`) and the model stands beside it as `attribution`.

Visits change for three days, so a night reads the last four complete days again, and `exported_days` lets staging drop what vanished from
them. Today is never asked: the vendor refuses it. The counter's time zone and the names of its goals come from its own record.

Not read: dateTimeUTC (documented as UTC+3, which helps nobody who has dateTime and the zone), products of purchases (the shop's orders tell
them first hand), offline calls (telephony tells them), search engines, advertisement ids, IP addresses. The Logs API has no user id of the
site's own; a login is read from the hit's params, where the site's tag puts it (`setUserID`). One account reads one counter.

Run alone: `python -m ingestion.yandex_metrica`.
"""

from datetime import datetime

from ingestion.accounts import Account
from ingestion.settings import KEY, RATE, SECONDS, Address, Moment, Number, Text, Told
from ingestion.vendor import Resource, Vendor
from ingestion.yandex_metrica import source


def oldest(account: Account) -> datetime:
    """Where the account's history begins: the setting start_date, else the day the counter was made."""
    return source.history_begins(account)


VENDOR = Vendor(
    name="yandex_metrica",
    title="Yandex.Metrica",
    role="web analytics",
    url="https://yandex.ru/dev/metrika/ru/logs/",
    resources=(
        Resource("counters", "full_list", "The counter's own record with its time zone and goals"),
        Resource("visits", "changes", "Visits with source, landing page, goals and purchases",
                 window="day of the counter", together="days"),
        Resource("hits", "changes", "Hits: page views, e-commerce steps and logins",
                 window="day of the counter", together="days"),
        Resource("exported_days", "changes", "Which days of visits and hits a load brought whole",
                 window="day of the counter", together="days"),
    ),
    source=source.yandex_metrica,
    required_settings=("base_url", "token", "counter_id"),
    oldest=oldest,
    settings={
        "base_url": Address(), "token": KEY, "counter_id": Text(r"[0-9]+", "the counter's number, in digits"), "start_date": Moment(),
        "requests_per_second": RATE, "reread_days": Number(0, 366), "poll_seconds": SECONDS, "patience_minutes": Number(0, 10_000),
        "attribution": Text(r"\w+", "the name of a model of attribution"), "extra_fields": Told(source.shapes_of),
    },
)
