"""UseDesk: the help desk. Tickets with their comments and changes of status, the people who wrote, the agents, ratings.

    POST {method} (pages counted by number, bare arrays; one call per ticket and per client) ──┐
    webhook «user rating» ► receiver ► folder of JSON lines ───────────────────────────────────┴─► raw_usedesk ► staging/usedesk

| resource | read by | key |
|---|---|---|
| settings | the account's own settings, which staging needs | `settings` |
| agents | whole, landed when changed | id |
| tickets | windows of creation; at night those changed since, with an overlap | id |
| ticket_details | one call per ticket of that list: comments, changes of status, SLA timers | ticket id |
| clients | windows of creation; at night those made since; once a week all of them | id |
| client_details | one call per client of those tickets: every e-mail, phone and messenger | client id |
| ratings | new and grown files of the folder named in the settings | hash of the line |

The API tells no change of a client, so a client is read again with each of his tickets that changes, and all clients once a week. Ratings
cannot be asked for: they come by webhook (`receiver.py`, docs/operations.md) or stand in a custom field of the ticket. A ticket that was
deleted, merged or marked as spam keeps its row with that status. Not read: the text of comments is landed and goes no further; tags,
companies, knowledge base, blocks.

Settings: SOURCES__USEDESK__BASE_URL (https://api.usedesk.ru, or https://<your host>/uapi), __API_TOKEN (of an API channel); optional
__TIMEZONE (of the times written), __RATINGS_FOLDER and __RATINGS_OPTIONS (JSON, what fsspec takes for that store), __RATING_FIELD and
__ORDER_FIELD (id or name of a custom field), __CHANNELS (`66235:chat,66240:email`, what each channel id is), __START_DATE,
__REQUESTS_PER_SECOND, __CLIENTS_SWEEP_DAYS. Run alone: `python -m ingestion.usedesk`.
"""

from ingestion.settings import DAYS, FOLDER, KEY, RATE, SECRET, Address, Moment, Options, Text, Told, Zone
from ingestion.usedesk import source
from ingestion.usedesk.history import oldest
from ingestion.vendor import Resource, Vendor

VENDOR = Vendor(
    name="usedesk",
    title="UseDesk",
    role="help desk",
    url="https://api.usedocs.ru",
    resources=(
        Resource("settings", "full_list", "What the account's own settings say of its fields, channels and zone"),
        Resource("agents", "full_list", "Agents with their e-mail"),
        Resource("tickets", "changes", "Tickets with status, client, assignee and custom fields",
                 window="creation", together="tickets"),
        Resource("ticket_details", "changes", "A ticket's comments, changes of status and SLA timers",
                 window="creation of the ticket", together="tickets"),
        Resource("clients", "changes", "Clients as the list tells them: name, one e-mail, one phone",
                 window="creation"),
        Resource("client_details", "changes", "A client with every e-mail, phone and messenger",
                 window="creation of the ticket", together="tickets"),
        Resource("ratings", "changes", "Ratings of the service as webhooks told them"),
    ),
    source=source.usedesk,
    required_settings=("base_url", "api_token"),
    oldest=oldest,
    settings={
        "base_url": Address(), "api_token": KEY, "webhook_secret": SECRET, "timezone": Zone(), "start_date": Moment(),
        "requests_per_second": RATE, "clients_sweep_days": DAYS, "ratings_folder": FOLDER, "ratings_options": Options(),
        "rating_field": Text(), "order_field": Text(), "channels": Told(source.channels_of),
    },
)
