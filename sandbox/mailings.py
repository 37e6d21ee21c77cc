"""Messages, what became of them, and who agreed to get them.

    readers (mindbox customers), campaigns, occasions -> messages -> message_events; consent_events, crm_consent_events

Sendings are walked through in the order of time, since who unsubscribes or bounces today is not written to tomorrow;
all the rest (opens, clicks, late arrivals) is drawn at once.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sandbox import traps
from sandbox.campaigns import BRAND
from sandbox.dice import Dice
from sandbox.trade import NEVER, seconds
from sandbox.world import table

TOPICS = {("email", "promo"): 0.80, ("email", "digest"): 0.45, ("push", "promo"): 0.36, ("sms", "promo"): 0.45}   # subscribed at the start
UNSUBSCRIBES = {"email": 0.0022, "push": 0.0012, "sms": 0.0018}      # of delivered
BOTH_TOPICS, COMES_BACK = 0.35, 0.12
DEAD_MAILBOX_A_YEAR = 0.03
NOT_SENT, SOFT = 0.008, {"email": 0.011, "push": 0.035, "sms": 0.02}
OPENS, WARM = 0.172, {"mass": 1.0, "trigger": 1.5, "transactional": 2.4}
CLICKS_OF_OPENS, CLICKS = 0.105, {"push": 0.022, "sms": 0.016}
SPAM = 0.0003
MACHINE_OPENS, OPENS_AGAIN, CLICKS_AGAIN = 0.6, 0.25, 0.2
PURPOSES = {"promo": 1, "digest": 2}


@dataclass
class _Consent:
    """One topic of one channel: since when each reader takes it, and when he left and came back."""
    since: np.ndarray
    left: np.ndarray
    back: np.ndarray

    def takes(self, at: np.ndarray, who: np.ndarray | slice = slice(None)) -> np.ndarray:
        return (self.since[who] <= at) & (~(self.left[who] <= at) | (self.back[who] <= at))


def readers(dice: Dice, records: pd.DataFrame, folk: pd.DataFrame) -> pd.DataFrame:
    """mindbox's own customer records: mindbox_id, person, person_id, created_at, email, phone, birth_date, uses_app."""
    own = records[(records["system"] == "mindbox") & (records["slot"] == 0) & (records["person"] >= 0)].reset_index(drop=True)
    person = own["person"].to_numpy()
    return pd.DataFrame({"mindbox_id": own["record_id"].astype("int64"), "person": person, "person_id": own["person_id"], "created_at": own["created_at"],
                         "email": own["email"], "phone": own["phone"], "birth_date": folk["birth_date"].to_numpy()[person],
                         "uses_app": dice.happens(0.36, "app user", person)})


def mail(dice: Dice, readers: pd.DataFrame, campaigns: pd.DataFrame, occasions: pd.DataFrame, *,
         ends: np.datetime64) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """-> messages, message_events, consent_events. `readers`: mindbox_id, person, person_id, created_at, email, phone, uses_app."""
    who = readers["person"].to_numpy()
    created = readers["created_at"].to_numpy().astype("datetime64[us]")
    contact = {"email": readers["email"].notna().to_numpy(), "sms": readers["phone"].notna().to_numpy(), "push": readers["uses_app"].to_numpy()}
    consents = {name: _Consent(np.where(contact[name[0]] & dice.happens(share, "subscribes " + "/".join(name), who), created, NEVER),
                               np.full(len(who), NEVER), np.full(len(who), NEVER)) for name, share in TOPICS.items()}
    dies = created + seconds(dice.exponential(365 * 86400 / DEAD_MAILBOX_A_YEAR, "mailbox dies", who))
    bounced = np.full(len(who), NEVER)
    sent: list[pd.DataFrame] = []

    def send(reader: np.ndarray, campaign: pd.Series | pd.DataFrame, at: np.ndarray, number: np.ndarray) -> None:
        """Send to those who may get it; note who leaves and whose mailbox is dead."""
        keys = (who[reader], campaign["campaign_id"] + 0 * reader, number)
        channel = np.broadcast_to(np.asarray(campaign["channel"]), len(reader))
        hard = (channel == "email") & (dies[reader] <= at)
        leaves = ~hard & dice.happens(pd.Series(channel).map(UNSUBSCRIBES).to_numpy(), "unsubscribes", *keys)
        leaves &= np.broadcast_to(np.asarray(campaign["type"]), len(reader)) != "transactional"
        off = at + seconds(120 + dice.exponential(8 * 3600.0, "leaves after", *keys))
        bounced[reader[hard]] = at[hard]
        for place in np.flatnonzero(leaves):
            name = channel[place]
            all_topics = dice.happens(BOTH_TOPICS, "leaves all", *(k[place:place + 1] for k in keys))[0]
            topic = np.broadcast_to(np.asarray(campaign["topic"]), len(reader))[place]
            for (c, t), consent in consents.items():
                if c == name and (t == topic or all_topics) and np.isnat(consent.left[reader[place]]) and not np.isnat(consent.since[reader[place]]):
                    consent.left[reader[place]] = off[place]
        sent.append(pd.DataFrame({"reader": reader, "campaign_id": keys[1], "sent_at": at, "number": number, "hard": hard, "leaves": leaves, "left_at": off}))

    def may(channel: str, topic: str | None, at: np.ndarray, reader: np.ndarray, *keys: object) -> np.ndarray:
        reachable = contact[channel][reader] & (created[reader] <= at)
        if channel == "email":
            reachable &= ~(bounced[reader] < at)
        if topic is None:
            return reachable
        consent = consents[channel, topic]
        slips = (consent.left[reader] <= at) & dice.happens(traps.SENT_AFTER_OPT_OUT, "slips", who[reader], *keys)
        return reachable & (consent.takes(at, reader) | slips)

    by_code = campaigns[campaigns["share"].isna()].set_index("system_name")
    chosen = by_code.loc[occasions["system_name"]].reset_index(drop=True) if len(occasions) else by_code.head(0)
    waits = occasions.assign(campaign_id=chosen["campaign_id"], channel=chosen["channel"], type=chosen["type"], topic=chosen["topic"].astype(object))
    moments = waits["sent_at"].to_numpy()
    done, everybody = 0, np.arange(len(who))
    for mass in [*campaigns[campaigns["share"].notna()].sort_values("sent_at", kind="stable").to_dict("records"), None]:
        upto = len(waits) if mass is None else int(np.searchsorted(moments, np.datetime64(mass["sent_at"]), side="right"))
        batch, done = waits.iloc[done:upto], upto
        for (channel, topic, _), part in batch.groupby(["channel", "topic", "campaign_id"], dropna=False, sort=True):
            at, reader = part["sent_at"].to_numpy(), part["reader"].to_numpy()
            ok = may(channel, None if pd.isna(topic) else topic, at, reader, part["campaign_id"].to_numpy(), part["number"].to_numpy())
            send(reader[ok], part[ok].reset_index(drop=True), at[ok], part["number"].to_numpy()[ok])
        if mass is not None:
            moment = np.full(len(who), np.datetime64(mass["sent_at"], "us"))
            ok = may(mass["channel"], mass["topic"], moment, everybody, mass["campaign_id"], 0)
            reader = np.flatnonzero(ok & dice.happens(mass["share"], "targeted", who, mass["campaign_id"]))
            at = moment[reader] + seconds(dice.index(900, "sending takes", who[reader], mass["campaign_id"]))
            send(reader, mass, at, np.zeros(len(reader), dtype=np.int64))
        for consent in consents.values():
            gone = np.flatnonzero(~np.isnat(consent.left) & np.isnat(consent.back) & dice.happens(COMES_BACK, "comes back", who))
            consent.back[gone] = consent.left[gone] + seconds(86400 * (15 + dice.exponential(60.0, "back after", who[gone])))
    posted = pd.concat(sent, ignore_index=True).sort_values(["sent_at", "campaign_id", "reader"], kind="stable").reset_index(drop=True)
    posted["message_id"] = np.arange(1, len(posted) + 1)
    info = campaigns.set_index("campaign_id").loc[posted["campaign_id"]]
    posted["channel"], posted["type"] = info["channel"].to_numpy(), info["type"].to_numpy()
    posted["who"] = who[posted["reader"]]
    points = pd.DataFrame({"email": readers["email"], "sms": readers["phone"], "push": [f"device-{i}" for i in readers["mindbox_id"]]})
    place = pd.Series(posted["channel"]).map({n: i for i, n in enumerate(points.columns)}).to_numpy()
    at = posted["reader"].to_numpy()
    messages = table("messages", {
        "message_id": posted["message_id"], "campaign_id": posted["campaign_id"], "person_id": readers["person_id"].to_numpy()[at],
        "mindbox_id": readers["mindbox_id"].to_numpy()[at].astype(np.int64), "sent_at": posted["sent_at"],
        "contact_point": points.to_numpy(dtype=object)[at, place]})
    return messages, events(dice, posted, ends=ends), consent_events(dice, readers, consents, points, ends=ends)


def events(dice: Dice, posted: pd.DataFrame, *, ends: np.datetime64) -> pd.DataFrame:
    key = (posted["who"].to_numpy(), posted["campaign_id"].to_numpy(), posted["number"].to_numpy())
    channel, at = posted["channel"].to_numpy(), posted["sent_at"].to_numpy().astype("datetime64[us]")
    email, hard, leaves = channel == "email", posted["hard"].to_numpy(), posted["leaves"].to_numpy()
    dropped = dice.happens(NOT_SENT, "not sent", *key) & ~leaves & ~hard
    soft = ~hard & ~dropped & ~leaves & dice.happens(posted["channel"].map(SOFT).to_numpy(), "soft", *key)
    delivered = ~hard & ~soft & ~dropped
    keen = 2.4 * dice.uniform("keen", key[0]) ** 1.4
    lure = 0.75 + 0.5 * dice.uniform("lure", key[1])
    warm = posted["type"].map(WARM).to_numpy()
    opened = email & delivered & (dice.happens(np.minimum(OPENS * keen * lure * warm, 0.9), "opens", *key) | leaves)
    machine = email & delivered & dice.happens(traps.APPLE_MAIL, "apple", key[0]) & dice.happens(MACHINE_OPENS, "prefetch", *key)
    clicked = np.where(email, opened & dice.happens(CLICKS_OF_OPENS, "clicks", *key),
                       delivered & dice.happens(posted["channel"].map(CLICKS).fillna(0).to_numpy(), "clicks", *key))
    unseen = clicked & email & ~leaves & dice.happens(traps.CLICK_WITHOUT_OPEN, "blocked images", *key)
    arrived = at + seconds(1 + dice.exponential(8.0, "arrives", *key))
    read = arrived + seconds(30 + dice.exponential(6 * 3600.0, "reads after", *key))
    read = np.where(leaves, np.minimum(read, posted["left_at"].to_numpy().astype("datetime64[us]") - np.timedelta64(60, "s")), read)
    click = read + seconds(5 + dice.exponential(90.0, "clicks after", *key))
    kinds = (
        ("not_sent", dropped, at), ("sent", ~dropped, at), ("hard_bounced", hard, arrived), ("soft_bounced", soft, arrived), ("delivered", delivered, arrived),
        ("machine_opened", machine, arrived + seconds(60 + dice.exponential(900.0, "prefetched after", *key))), ("opened", opened & ~unseen, read),
        ("opened", opened & ~unseen & dice.happens(OPENS_AGAIN, "again", *key), read + seconds(600 + dice.exponential(86400.0, "again after", *key))),
        ("clicked", clicked, click), ("clicked", clicked & dice.happens(CLICKS_AGAIN, "clicks again", *key), click + np.timedelta64(47, "s")),
        ("unsubscribed", leaves, posted["left_at"].to_numpy().astype("datetime64[us]")),
        ("spam", email & delivered & dice.happens(SPAM, "spam", *key), read + np.timedelta64(15, "s")),
    )
    ids = posted["message_id"].to_numpy()
    parts = [(np.full(int(hit.sum()), number), ids[hit], when[hit], key[0][hit], key[1][hit], key[2][hit]) for number, (_, hit, when) in enumerate(kinds)]
    number, message, when, *keys = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    late = dice.happens(traps.LATE_EVENT, "late", number, *keys)
    lag = np.where(late, 3600 + dice.uniform("how late", number, *keys) * 46 * 3600, 1 + dice.uniform("how soon", number, *keys) * 8)
    recorded = when + seconds(lag)
    kept = recorded <= ends
    order = np.lexsort((number[kept], message[kept], recorded[kept]))
    names = np.array([name for name, _, _ in kinds], dtype=object)
    return table("message_events", {"event_id": np.arange(1, len(order) + 1), "message_id": message[kept][order], "event": names[number[kept][order]],
                                    "happened_at": when[kept][order], "created_at": recorded[kept][order]})


def consent_events(dice: Dice, readers: pd.DataFrame, consents: dict[tuple[str, str], _Consent], points: pd.DataFrame, *, ends: np.datetime64) -> pd.DataFrame:
    who, found = readers["person"].to_numpy(), []
    for (channel, topic), consent in consents.items():
        for moment, agrees in ((consent.since, True), (consent.left, False), (consent.back, True)):
            hit = ~np.isnat(moment) & (moment <= ends)
            undated = (moment is consent.since) & dice.happens(traps.UNDATED_CONSENT, "undated", who, PURPOSES[topic])
            found.append(pd.DataFrame({"mindbox_id": readers["mindbox_id"].to_numpy()[hit], "channel": channel, "topic": topic, "brand": BRAND,
                                       "contact_point": points[channel].to_numpy()[hit], "is_subscribed": agrees, "changed_at": np.where(undated, NEVER, moment)[hit],
                                       "created_at": moment[hit]}))
    made = pd.concat(found, ignore_index=True)
    return table("consent_events", made.sort_values(["created_at", "mindbox_id", "channel", "topic"], kind="stable"))


def crm_consent_events(dice: Dice, agreed: pd.DataFrame, readers: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """What retailcrm heard of it: most promo consents of the customers mindbox mails, and its own for the others.

    `own`: person, crm_record_id, created_at of retailcrm's own records; `readers` adds person to mindbox_id.
    """
    heard = agreed[(agreed["topic"] == "promo") & agreed["channel"].isin(["email", "sms"])].merge(readers[["mindbox_id", "person"]], on="mindbox_id")
    heard = heard.merge(own, on="person", suffixes=("", "_crm"))
    heard = heard[dice.happens(0.9, "crm hears", heard["person"].to_numpy())]
    later = heard["created_at"] + np.timedelta64(5, "m")
    heard = heard.assign(created_at=later.where(later > heard["created_at_crm"], heard["created_at_crm"]))
    rest = own[~own["person"].isin(readers["person"])]
    rest = rest[dice.happens(0.6, "crm alone", rest["person"].to_numpy())].assign(channel="email", is_subscribed=True)
    rest = rest.assign(changed_at=np.where(dice.happens(0.4, "crm dated", rest["person"].to_numpy()), rest["created_at"].to_numpy().astype("datetime64[us]"), NEVER))
    both = pd.concat([heard, rest], ignore_index=True)
    both["subscription"] = both["channel"] + "_promo"
    both = both.sort_values(["created_at", "crm_record_id", "channel"], kind="stable")
    return table("crm_consent_events", both[["crm_record_id", "channel", "subscription", "is_subscribed", "changed_at", "created_at"]])
