"""Mindbox: marketing automation. Customers, mailings, what became of every message, customer actions, merges.

    v3 operations (export job ► poll ► signed files; merges by page) ──► raw_mindbox ──► staging/mindbox

| resource | asked by | key | where it is documented |
|---|---|---|---|
| customers | last change | ids.mindboxId | export-customers, through its public clients |
| mailings | last change | ids.id | export-mailings |
| mailing_statuses | creation of the status | ids.id | export-mailing-statuses |
| customer_actions | creation of the action, not when it happened | ids.mindboxId | export-customer-actions, through its public clients |
| customer_merges | change of the survivor, till five minutes ago | survivor and time | export-customer-merges |

Operation names are invented in every Mindbox project, so they are settings (defaults in source.py). Not read: orders and products, since
the CRM and the tills tell them first hand; bonus balances, since the loyalty programme lives in the CRM. A deleted customer is not told
by any export. If the status export does not carry the customer, staging finds him through customer actions; to be sure of every message
add the customer's ids to the export step of the status operation («Экспорт статусов рассылок» ► fields ► customer ► ids ► mindboxId).

Run alone: `python -m ingestion.mindbox`.
"""

from datetime import datetime

from ingestion import clock
from ingestion.accounts import Account
from ingestion.mindbox import source
from ingestion.settings import KEY, RATE, SECONDS, Address, Moment, Number, Text
from ingestion.vendor import Resource, Vendor


def oldest(account: Account) -> datetime:
    """Where the account's history begins: the setting start_date, else three years ago."""
    return source.history_begins(account, clock.now())


VENDOR = Vendor(
    name="mindbox",
    title="Mindbox",
    role="marketing automation",
    url="https://developers.mindbox.ru/docs/exports-overview",
    resources=(
        Resource("customers", "changes", "Customers with their ids, contacts, subscriptions and cards",
                 window="last change", together="exports"),
        Resource("mailings", "changes", "Mailings: mass, trigger and transactional",
                 window="last change", together="exports"),
        Resource("mailing_statuses", "changes", "What became of every message: sent, delivered, opened, clicked …",
                 window="creation", together="exports"),
        Resource("customer_actions", "changes", "What customers did and what was sent to them, with the customer",
                 window="creation", together="exports"),
        Resource("customer_merges", "changes", "Which customers were merged into which",
                 window="change of the survivor"),
    ),
    source=source.mindbox,
    required_settings=("base_url", "secret_key", "endpoint_id"),
    oldest=oldest,
    settings={
        "base_url": Address(), "secret_key": KEY, "endpoint_id": Text(), "start_date": Moment(), "requests_per_second": RATE,
        "poll_seconds": SECONDS, "export_budget_minutes": Number(0, 10_000), "reread_minutes": Number(0, 1_000_000),
        "merges_per_page": Number(1, 100_000, is_whole=True), "customer_merges_operation": Text(),
        **{f"export_{name}_operation": Text() for name in source.EXPORTS},
    },
)
