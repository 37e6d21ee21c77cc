"""The retailer's people and messages as Mindbox records.

World frames + the present moment ──► bytes of one JSON object per record, in the order of creation, ready for a file or a page. Nothing
later than the present exists: profiles are wound back to the moment, a status appears when it was created and not when it happened.

Documented shapes: mailings, mailing statuses, merges. From a client's tests: the required members of customers and actions, `mobilePhone`
as an integer without "+", ids that are numbers in one record and text in the next. Assumed, since no source shows it: the inside of
`subscriptions` and `discountCards`, the system names of statuses, reasons and action templates, `customerMessage.ids.id` inside a
sending's action, that actions and statuses follow a customer who was merged away, and the app's actions: the names of their templates
and their products, written as the vendor's operations of the same purpose take them (product.ids, count, pricePerItem). No source
shows a device in an exported action, so none is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sandbox.mindbox.moments import as_numpy, page_stamp, stamp, stamps
from sandbox.mindbox.profiles import POINT, Profiles

if TYPE_CHECKING:
    from sandbox.server import Sandbox

MAILING_TYPE = {"mass": "mass", "trigger": "trigger", "transactional": "transaction"}
STATUS = {
    "sent": "Sent", "delivered": "Delivered", "opened": "Opened", "machine_opened": "OpenedByMachine", "clicked": "Clicked",
    "machine_clicked": "Clicked",
    "unsubscribed": "Unsubscribed", "spam": "MarkedAsSpam", "hard_bounced": "NotDelivered", "soft_bounced": "NotDelivered",
    "not_sent": "NotSent",
}
REASON = {
    "hard_bounced": ("notDeliveredReason", "InvalidRecipient", "Адрес не существует"),
    "soft_bounced": ("notDeliveredReason", "MailboxFull", "Почтовый ящик переполнен"),
    "not_sent": ("notSentReason", "CustomerUnsubscribed", "Клиент отписан"),
}
APP_TEMPLATE = {
    "app_opened": ("AppOpened", "Открытие приложения"), "category_viewed": ("CategoryViewed", "Просмотр категории"),
    "product_viewed": ("ProductViewed", "Просмотр товара"), "cart_add": ("CartAdded", "Добавление в корзину"),
    "cart_remove": ("CartRemoved", "Удаление из корзины"), "checkout": ("CheckoutStarted", "Начало оформления"),
}
APP_CHANNEL = {"ids": {"externalId": "mobile-app"}, "name": "Мобильное приложение"}
SENDING, CONSENT, APP = range(3)
# Sendings and consents are numbered apart by even and odd; the app's actions follow from here.
APP_ACTIONS_FROM = 10_000_000_000
SENT_TEMPLATE, SUBSCRIBED_TEMPLATE, UNSUBSCRIBED_TEMPLATE = "MailingSent", "SubscriptionCreated", "SubscriptionCancelled"


class Records:
    """All record kinds of one project. Methods take [since, till) and the present, aware UTC or None, and yield JSON bytes."""

    def __init__(self, sandbox: Sandbox, *, with_customer: bool) -> None:
        self._world, self._spoil, self._with_customer = sandbox.world, sandbox.tampering.apply, with_customer
        self._profiles = Profiles(sandbox.world)

    def export(self, resource: str, since: datetime | None, till: datetime | None, now: datetime) -> Iterator[bytes]:
        """The records of an export's window; `resource` is customers, mailings, mailing_statuses or customer_actions."""
        return getattr(self, f"_{resource}")(_edge(since), _edge(till), as_numpy(now))

    def merges(self, since: datetime | None, till: datetime | None, now: datetime) -> Iterator[bytes]:
        """The merges page's members, by the survivor's change."""
        for survivor, merged_at, gone in self._profiles.merges(_edge(since), _edge(till), as_numpy(now)):
            record = {
                "resultingCustomer": {"ids": self._profiles.ids(survivor), "changeDateTimeUtc": page_stamp(merged_at)},
                "mergedCustomers": [{"ids": self._profiles.ids(number)} for number in gone],
            }
            yield self._spoil("mindbox", "customer_merges", f"{survivor}:{page_stamp(merged_at)}", record)

    def _customers(self, since: Any, till: Any, now: np.datetime64) -> Iterator[bytes]:
        for number in self._profiles.changed(since, till, now):
            yield self._spoil("mindbox", "customers", str(number), self._profiles.record(number, now))

    def _mailings(self, since: Any, till: Any, now: np.datetime64) -> Iterator[bytes]:
        for row in self._world.campaigns.itertuples():
            changed = row.changed_at if pd.notna(row.changed_at) and np.datetime64(row.changed_at) <= now else row.created_at
            at = np.datetime64(changed)
            if np.datetime64(row.created_at) <= now and (since is None or at >= since) and (till is None or at < till):
                yield self._spoil("mindbox", "mailings", str(row.campaign_id), _mailing(row, changed))

    def _mailing_statuses(self, since: Any, till: Any, now: np.datetime64) -> Iterator[bytes]:
        events, mailings = self._events, self._status_mailings
        first, last = _slice(events["created"], since, till, now)
        happened, sent = stamps(events["happened"][first:last]), stamps(events["sent"][first:last])
        told = (events[name][first:last].tolist() for name in ("number", "message", "event", "campaign", "customer"))
        resolve = self._profiles.resolver(now)
        for at, sent_at, number, message, event, campaign, customer in zip(happened, sent, *told, strict=True):
            mailing, source = mailings[campaign]
            if STATUS[event] == "Clicked":
                mailing = {**mailing, "link": f"https://shop.example/catalog?utm_campaign={campaign}"}
            elif event in REASON:
                member, name, words = REASON[event]
                mailing = {**mailing, member: {"name": words, "ids": {"systemName": name}}}
            record = {
                "dateTimeUtc": at,
                "ids": {"id": number},
                "customerMessage": {"dateTimeUtc": sent_at, "ids": {"id": message}},
                "mailing": mailing,
                "mailingSource": source,
                "mailingStatus": {"ids": {"systemName": STATUS[event]}},
            }
            if self._with_customer:
                record["customer"] = {"ids": {"mindboxId": resolve(customer)}}
            yield self._spoil("mindbox", "mailing_statuses", str(number), record)

    def _customer_actions(self, since: Any, till: Any, now: np.datetime64) -> Iterator[bytes]:
        actions = self._actions
        first, last = _slice(actions["created"], since, till, now)
        happened, created = stamps(actions["happened"][first:last]), stamps(actions["created"][first:last])
        resolve = self._profiles.resolver(now)
        rows = zip(happened, created, actions["number"][first:last].tolist(), actions["customer"][first:last].tolist(),
                   actions["kind"][first:last].tolist(), actions["about"][first:last].tolist(), strict=True)
        for at, created_at, number, customer, kind, about in rows:
            record = {
                "ids": {"mindboxId": number},
                "actionTemplate": {"ids": {"systemName": SENT_TEMPLATE}, "name": "Отправка рассылки"},
                "dateTimeUtc": at,
                "creationDateTimeUtc": created_at,
                "customer": {"ids": {"mindboxId": resolve(customer)}},
                "products": [],
                "productCategories": [],
            }
            if kind == APP:
                record |= self._app_members[about]
            elif kind == SENDING:
                # Number in a status, text in an action: the vendor's ids come as both.
                record["customerMessage"] = {"ids": {"id": str(about)}}
            else:
                subscription = self._profiles.subscriptions[about]
                record["actionTemplate"] = {
                    "ids": {"systemName": SUBSCRIBED_TEMPLATE if subscription["isSubscribed"] else UNSUBSCRIBED_TEMPLATE},
                    "name": "Подписка" if subscription["isSubscribed"] else "Отписка",
                }
                record["subscriptions"] = [subscription]
            yield self._spoil("mindbox", "customer_actions", str(number), record)

    @cached_property
    def _events(self) -> dict[str, np.ndarray]:
        messages = self._world.messages[["message_id", "campaign_id", "mindbox_id", "sent_at"]]
        joined = self._world.message_events.merge(messages, on="message_id").sort_values(["created_at", "event_id"], kind="stable")
        return {
            "created": _times(joined.created_at), "happened": _times(joined.happened_at), "sent": _times(joined.sent_at),
            "number": joined.event_id.to_numpy(np.int64), "message": joined.message_id.to_numpy(np.int64),
            "event": joined.event.to_numpy(object),
            "campaign": joined.campaign_id.to_numpy(object), "customer": joined.mindbox_id.to_numpy(np.int64),
        }

    @cached_property
    def _actions(self) -> dict[str, np.ndarray]:
        """Sendings have even numbers and tell their message; dated subscription changes have odd ones and tell their consent event.

        What was done in the app tells its row of app_actions.
        """
        # A sending is an action as soon as anything is known of its message: a status "sent" itself may be told late.
        went_out = self._world.message_events.query("event != 'not_sent'").groupby("message_id", as_index=False).created_at.min()
        sendings = went_out.merge(self._world.messages, on="message_id")
        consents = self._world.consent_events.reset_index(drop=True)
        dated = consents[consents.changed_at.notna()]
        in_app = self._world.app_actions
        parts = (
            (SENDING, sendings, sendings.sent_at, sendings.message_id * 2, sendings.message_id),
            (CONSENT, dated, dated.changed_at, dated.index * 2 + 1, dated.index),
            (APP, in_app, in_app.happened_at, in_app.action_id + APP_ACTIONS_FROM, in_app.index),
        )
        joined = pd.DataFrame({
            "created": np.concatenate([_times(rows.created_at) for _, rows, _, _, _ in parts]),
            "happened": np.concatenate([_times(happened) for _, _, happened, _, _ in parts]),
            "number": np.concatenate([number.to_numpy(np.int64) for _, _, _, number, _ in parts]),
            "customer": np.concatenate([rows.mindbox_id.to_numpy(np.int64) for _, rows, _, _, _ in parts]),
            "kind": np.concatenate([np.full(len(rows), kind) for kind, rows, _, _, _ in parts]),
            "about": np.concatenate([about.to_numpy(np.int64) for _, _, _, _, about in parts]),
        }).sort_values(["created", "number"], kind="stable")
        return {name: joined[name].to_numpy() for name in joined}

    @cached_property
    def _app_members(self) -> list[dict[str, Any]]:
        """By row of app_actions, the members that only such an action has."""
        told = self._world.app_actions
        codes = dict(zip(self._world.products.product_id, self._world.products.external_code, strict=True))
        found = []
        for action, product, quantity, price in zip(told.action, told.product_id, told.quantity, told.price_kop, strict=True):
            template, name = APP_TEMPLATE[action]
            goods = [] if pd.isna(product) else [
                {"product": {"ids": {"website": codes[product]}}, "count": int(quantity), "pricePerItem": int(price) / 100}]
            found.append({"actionTemplate": {"ids": {"systemName": template}, "name": name}, "channel": APP_CHANNEL, "products": goods})
        return found

    @cached_property
    def _status_mailings(self) -> dict[Any, tuple[dict[str, Any], dict[str, Any]]]:
        """The parts of a status that only its mailing decides."""
        found = {}
        for row in self._world.campaigns.itertuples():
            found[row.campaign_id] = (
                {"name": row.name, "variantNum": 1, "ids": {"id": row.campaign_id}, "brand": {"ids": {"systemName": row.brand}},
                 "channel": {"ids": {"systemName": POINT[row.channel]}}},
                {"entityType": "Mailing" if row.type == "mass" else "Scenario", "entityId": str(row.campaign_id), "entityName": row.name},
            )
        return found


def _mailing(row: Any, changed: Any) -> dict[str, Any]:
    return {
        "name": row.name,
        "mailingUtmName": _text(row.utm_campaign) or row.system_name,
        "type": MAILING_TYPE[row.type],
        "channel": POINT[row.channel],
        "creationDateTimeUtc": stamp(row.created_at),
        "lastChangedDateTimeUtc": stamp(changed),
        "ids": {"systemName": row.system_name, "id": row.campaign_id},
        "subscriptionTopic": {"name": row.topic, "ids": {"externalId": row.topic}} if _text(row.topic) else None,
        "folder": {"name": "Триггеры", "ids": {"systemName": "triggers"}} if row.type == "trigger" else None,
        "brand": {"name": row.brand, "ids": {"systemName": row.brand}},
        "utm": {"utmSource": _text(row.utm_source), "utmMedium": _text(row.utm_medium), "utmCampaign": _text(row.utm_campaign)},
        "tags": [{"name": row.trigger_name, "ids": {"systemName": row.trigger_name}}] if _text(row.trigger_name) else [],
    }


def _slice(created: np.ndarray, since: Any, till: Any, now: np.datetime64) -> tuple[int, int]:
    first = 0 if since is None else int(np.searchsorted(created, since, side="left"))
    present = int(np.searchsorted(created, now, side="right"))
    last = present if till is None else min(present, int(np.searchsorted(created, till, side="left")))
    return first, max(first, last)


def _edge(moment_at: datetime | None) -> np.datetime64 | None:
    return None if moment_at is None else as_numpy(moment_at)


def _times(column: pd.Series) -> np.ndarray:
    return column.to_numpy("datetime64[us]")


def _text(value: Any) -> str | None:
    return None if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NaT else str(value)


