"""Messages, what became of them, and who agreed to get them.

    readers (mindbox customers), campaigns, occasions -> messages -> message_events; consent_events, crm_consent_events

Sendings are walked through in the order of time, since who unsubscribes or bounces today is not written to tomorrow;
all the rest (opens, clicks, late arrivals) is drawn at once.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sandbox import replies, traps
from sandbox.campaigns import BRAND
from sandbox.catalogue import FIRMS_MAILBOX
from sandbox.dice import Dice
from sandbox.trade import APP_USERS, NEVER, seconds
from sandbox.world import table

CHANNELS = ("email", "push", "sms")
TOPICS = {("email", "promo"): 0.80, ("email", "digest"): 0.45, ("push", "promo"): 0.36, ("sms", "promo"): 0.45}  # subscribed at the start
UNSUBSCRIBES = np.array([0.0022, 0.0012, 0.0018])  # of delivered, by channel
BOTH_TOPICS, COMES_BACK = 0.35, 0.12
DEAD_MAILBOX_A_YEAR = 0.06
PURPOSES = {"promo": 1, "digest": 2}


class _Consents:
    """Per topic of a channel and reader: since when he takes it, when he left and when he came back."""

    def __init__(self, dice: Dice, who: np.ndarray, created: np.ndarray, reachable: np.ndarray) -> None:
        agrees = [
            reachable[CHANNELS.index(channel)] & dice.happens(share, f"subscribes {channel}/{topic}", who)
            for (channel, topic), share in TOPICS.items()
        ]
        self.since = np.where(np.array(agrees), created, NEVER)
        self.left, self.back = (np.full(self.since.shape, NEVER) for _ in range(2))
        wait = np.where(dice.happens(COMES_BACK, "comes back", who), 15 + dice.exponential(60.0, "back after", who), np.nan)
        self.away = np.array(
            [NEVER - NEVER if np.isnan(days) else np.timedelta64(int(days * 86400), "s") for days in wait], dtype="timedelta64[us]"
        )

    def takes(self, topic: np.ndarray, reader: np.ndarray, at: np.ndarray) -> np.ndarray:
        left = (self.left[topic, reader] <= at) & ~(self.back[topic, reader] <= at)
        return (self.since[topic, reader] <= at) & ~left

    def leave(self, topic: int, reader: int, at: np.datetime64) -> None:
        if np.isnat(self.left[topic, reader]) and self.since[topic, reader] <= at:
            self.left[topic, reader], self.back[topic, reader] = at, at + self.away[reader]


def readers(dice: Dice, records: pd.DataFrame, changed: pd.DataFrame, folk: pd.DataFrame) -> pd.DataFrame:
    """mindbox's own customer records: mindbox_id, person, person_id, created_at, birth_date, uses_app, email and phone."""
    own = records[(records["system"] == "mindbox") & (records["slot"] == 0) & (records["person"] >= 0)].reset_index(drop=True)
    person = own["person"].to_numpy()
    made = pd.DataFrame(
        {
            "mindbox_id": own["record_id"].astype("int64"),
            "person": person,
            "person_id": own["person_id"],
            "created_at": own["created_at"],
            "birth_date": folk["birth_date"].to_numpy()[person],
            "uses_app": dice.happens(APP_USERS, "app user", person),
        }
    )
    for name in ("email", "phone"):
        moved = changed[(changed["system"] == "mindbox") & (changed["field"] == name)].set_index("person")
        made[name], made[f"old_{name}"] = own[name], moved["old_value"].reindex(person).to_numpy(dtype=object)
        made[f"{name}_changed_at"] = moved["changed_at"].astype("datetime64[us]").reindex(person).to_numpy()
    return made


def contact_points(readers: pd.DataFrame, channel: np.ndarray, reader: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The mailbox, device or phone by which each reader was to be reached then; `channel`: row numbers of CHANNELS."""
    points = [np.array([f"device-{i}" for i in readers["mindbox_id"]], dtype=object)[reader]]
    for name in ("email", "phone"):
        since = readers[f"{name}_changed_at"].to_numpy()[reader]
        points.append(np.where(at < since, readers[f"old_{name}"].to_numpy()[reader], readers[name].to_numpy(dtype=object)[reader]))
    device, email, phone = points
    return np.select([channel == 0, channel == 1], [email, device], phone)


def mail(
    dice: Dice, readers: pd.DataFrame, campaigns: pd.DataFrame, occasions: pd.DataFrame, *, ends: np.datetime64
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """-> messages, message_events, consent_events. `occasions`: system_name, reader (row number in `readers`), sent_at, number."""
    who = readers["person"].to_numpy()
    created = readers["created_at"].to_numpy().astype("datetime64[us]")
    reachable = np.array([readers["email"].notna(), readers["uses_app"], readers["phone"].notna()])
    consents = _Consents(dice, who, created, reachable)
    dies = created + seconds(dice.exponential(365 * 86400 / DEAD_MAILBOX_A_YEAR, "mailbox dies", who))
    bounced = np.full(len(who), NEVER)
    ids, channels = campaigns["campaign_id"].to_numpy(), campaigns["channel"].map(CHANNELS.index).to_numpy()
    names = list(TOPICS)
    topics = np.array(
        [names.index((c, t)) if isinstance(t, str) else -1 for c, t in zip(campaigns["channel"], campaigns["topic"], strict=True)]
    )
    sent: list[tuple[np.ndarray, ...]] = []
    tempers, follows = replies.tempers(campaigns), campaigns["follows"].to_numpy()
    has_legs = np.isin(ids, follows)
    first_legs: dict[int, tuple[np.ndarray, np.ndarray]] = {}  # by campaign_id: who was sent it, and whether he opens it

    def send(reader: np.ndarray, row: np.ndarray, at: np.ndarray, number: np.ndarray) -> None:
        """Send to those who may get it; note who leaves and whose mailbox is dead. `row`: the campaign's."""
        topic, email = topics[row], channels[row] == 0
        slips = (consents.left[topic, reader] <= at) & dice.happens(traps.SENT_AFTER_OPT_OUT, "slips", who[reader], ids[row], number)
        asked = (topic < 0) | consents.takes(topic, reader, at) | slips
        ok = asked & reachable[channels[row], reader] & (created[reader] <= at) & ~(email & (bounced[reader] < at))
        reader, row, at, number, topic, email = reader[ok], row[ok], at[ok], number[ok], topic[ok], email[ok]
        keys = (who[reader], ids[row], number)
        hard = email & (dies[reader] <= at)
        leaves = ~hard & (topic >= 0) & dice.happens(UNSUBSCRIBES[channels[row]], "unsubscribes", *keys)
        left_at = at + seconds(120 + dice.exponential(8 * 3600.0, "leaves after", *keys))
        wholly = leaves & dice.happens(BOTH_TOPICS, "leaves all", *keys)
        bounced[reader[hard]] = at[hard]
        for place in np.flatnonzero(leaves):
            for other, (channel, _) in enumerate(names):
                if other == topic[place] or (wholly[place] and channel == names[topic[place]][0]):
                    consents.leave(other, reader[place], left_at[place])
        sent.append((reader, row, at, number, hard, leaves, left_at))
        for first in np.unique(row[has_legs[row]]):
            of = row == first
            opens = leaves[of] | replies.opens(dice, tempers["opens"].iat[first], *(key[of] for key in keys))
            first_legs[ids[first]] = reader[of], opens

    row_of = {name: row for row, name in enumerate(campaigns["system_name"])}
    waiting = (
        occasions["reader"].to_numpy(),
        occasions["system_name"].map(row_of).to_numpy(dtype=np.int64),
        occasions["sent_at"].to_numpy().astype("datetime64[us]"),
        occasions["number"].to_numpy(dtype=np.int64),
    )
    mass = np.flatnonzero(campaigns["share"].notna())
    mass = mass[np.argsort(campaigns["sent_at"].to_numpy()[mass], kind="stable")]
    moments = campaigns["sent_at"].to_numpy().astype("datetime64[us]")[mass]
    upto = np.append(np.searchsorted(waiting[2], moments, side="right"), len(waiting[2]))
    done = 0
    for step, end in enumerate(upto):
        batch = [column[done:end] for column in waiting]
        done = end
        if step < len(mass):
            row = mass[step]
            reader = np.arange(len(who))
            if follows[row] >= 0:
                reader, opened = first_legs.get(follows[row], (reader[:0], np.zeros(0, dtype=bool)))
                reader = np.sort(reader[~opened] if campaigns["unopened"].iat[row] else reader)
            reader = reader[dice.happens(campaigns["share"].iat[row], "targeted", who[reader], ids[row])]
            at = moments[step] + seconds(dice.index(900, "sending takes", who[reader], ids[row]))
            new = (reader, np.full(len(reader), row), at, np.zeros(len(reader), dtype=np.int64))
            batch = [np.concatenate(pair) for pair in zip(batch, new, strict=True)]
        send(*batch)
    reader, row, at, number, hard, leaves, left_at = (np.concatenate(column) for column in zip(*sent, strict=True))
    order = np.lexsort((number, reader, ids[row], at))
    order = order[at[order] <= ends]
    posted = pd.DataFrame(
        {
            "reader": reader,
            "who": who[reader],
            "campaign_id": ids[row],
            "sent_at": at,
            "number": number,
            "hard": hard,
            "leaves": leaves,
            "left_at": left_at,
            "channel": channels[row],
            **{name: values.to_numpy()[row] for name, values in tempers.items()},
        }
    )
    posted = posted.iloc[order].assign(message_id=np.arange(1, len(order) + 1)).reset_index(drop=True)
    at = posted["reader"].to_numpy()
    points = contact_points(readers, posted["channel"].to_numpy(), at, posted["sent_at"].to_numpy())
    posted["is_guarded"] = [point.startswith(FIRMS_MAILBOX) for point in points]
    messages = table(
        "messages",
        {
            "message_id": posted["message_id"],
            "campaign_id": posted["campaign_id"],
            "person_id": readers["person_id"].to_numpy()[at],
            "mindbox_id": readers["mindbox_id"].to_numpy()[at],
            "sent_at": posted["sent_at"],
            "contact_point": points,
        },
    )
    return messages, replies.events(dice, posted, ends=ends), consent_events(dice, readers, consents, ends=ends)


def consent_events(dice: Dice, readers: pd.DataFrame, consents: _Consents, *, ends: np.datetime64) -> pd.DataFrame:
    """Who agreed, left and came back, by topic; a share of the first consents bears no date."""
    who, found = readers["person"].to_numpy(), []
    for number, (channel, topic) in enumerate(TOPICS):
        for moments, agrees in ((consents.since, True), (consents.left, False), (consents.back, True)):
            moment = moments[number]
            hit = ~np.isnat(moment) & (moment <= ends)
            undated = (moments is consents.since) & dice.happens(traps.UNDATED_CONSENT, "undated", who, PURPOSES[topic])
            found.append(
                pd.DataFrame(
                    {
                        "mindbox_id": readers["mindbox_id"].to_numpy()[hit],
                        "channel": channel,
                        "topic": topic,
                        "brand": BRAND,
                        "contact_point": contact_points(readers, np.full(len(who), CHANNELS.index(channel)), np.arange(len(who)), moment)[
                            hit
                        ],
                        "is_subscribed": agrees,
                        "changed_at": np.where(undated, NEVER, moment)[hit],
                        "created_at": moment[hit],
                    }
                )
            )
    made = pd.concat(found, ignore_index=True)
    return table("consent_events", made.sort_values(["created_at", "mindbox_id", "channel", "topic"], kind="stable"))


def crm_consent_events(dice: Dice, agreed: pd.DataFrame, readers: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """What retailcrm heard of it: most promo consents of the customers mindbox mails, and its own for the others.

    `own`: person, crm_record_id, created_at of retailcrm's own records; `readers` adds person to mindbox_id.
    """
    heard = agreed[(agreed["topic"] == "promo") & agreed["channel"].isin(["email", "sms"])].merge(
        readers[["mindbox_id", "person"]], on="mindbox_id"
    )
    heard = heard.merge(own, on="person", suffixes=("", "_crm"))
    heard = heard[dice.happens(0.9, "crm hears", heard["person"].to_numpy())]
    later = heard["created_at"] + np.timedelta64(5, "m")
    heard = heard.assign(created_at=later.where(later > heard["created_at_crm"], heard["created_at_crm"]))
    rest = own[~own["person"].isin(readers["person"])]
    rest = rest[dice.happens(0.6, "crm alone", rest["person"].to_numpy())].assign(channel="email", is_subscribed=True)
    rest = rest.assign(
        changed_at=np.where(
            dice.happens(0.4, "crm dated", rest["person"].to_numpy()), rest["created_at"].to_numpy().astype("datetime64[us]"), NEVER
        )
    )
    both = pd.concat([heard, rest], ignore_index=True)
    both["subscription"] = both["channel"] + "_promo"
    both = both.sort_values(["created_at", "crm_record_id", "channel"], kind="stable")
    return table("crm_consent_events", both[["crm_record_id", "channel", "subscription", "is_subscribed", "changed_at", "created_at"]])
