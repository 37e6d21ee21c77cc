"""Who was written to after opting out: every message beside what its person had said by then of its channel, topic and brand."""

from __future__ import annotations

import pandas as pd

from tests.recomputed.tables import Tables

ANY = ""
ABOUT = ["channel", "topic", "brand"]
WHOSE = ["customer_id", "channel"]


def sent_after_opt_out(tables: Tables) -> set[str]:
    """Promotional and trigger messages whose person had refused them and left no consent at any contact point."""
    words, messages = _words(tables), _messages(tables)
    who_refused = pd.MultiIndex.from_frame(words.loc[~words.is_subscribed, WHOSE])
    messages = messages[messages.is_sent & messages.message_type.isin(["mass", "trigger"])]
    messages = messages[pd.MultiIndex.from_frame(messages[WHOSE]).isin(who_refused)]
    said = {key: list(theirs.itertuples()) for key, theirs in words.groupby(WHOSE)}
    return {sent.message_id for sent in messages.itertuples() if _had_opted_out(sent, said[sent.customer_id, sent.channel])}


def _had_opted_out(sent: tuple, words: list[tuple]) -> bool:
    """The words before the message in their turn. A consent is of its contact point, topic and brand; what is refused without naming one
    of these is refused for all."""
    stands: dict[tuple[str, str, str], bool] = {}
    for word in words:
        if word.said_at >= sent.sent_at:
            break
        if not (_meets(word.topic, sent.topic) and _meets(word.brand, sent.brand)):
            continue
        subject = (word.contact_point, word.topic, word.brand)
        stands[subject] = word.is_subscribed
        if not word.is_subscribed:
            stands |= {
                other: False for other in stands
                if all(ours in (ANY, theirs) for ours, theirs in zip(subject, other, strict=True))
            }
    return bool(stands) and not any(stands.values())


def _meets(word: str, message: str) -> bool:
    return ANY in (word, message) or word == message


def _messages(tables: Tables) -> pd.DataFrame:
    messages = tables.facts("intermediate.int_messages")
    words = tables.facts("seeds.value_mappings")
    messages = messages.assign(**{field: _in_our_words(messages, words[words.field == field], field) for field in ("topic", "brand")})
    return messages[["message_id", "customer_id", *ABOUT, "message_type", "is_sent", "sent_at"]].fillna(dict.fromkeys(ABOUT, ANY))


def _in_our_words(messages: pd.DataFrame, words: pd.DataFrame, field: str) -> pd.Series:
    """A vendor's word for a topic or a brand as the list of words has it, of its account before that of any; else as it stands."""
    ours = words.set_index(["source_system", "source_account", "value"]).mapped_to.to_dict()
    told = zip(messages.source_system, messages.source_account, messages[field], strict=True)
    found = [ours.get((system, account, word)) or ours.get((system, "*", word)) or word for system, account, word in told]
    return pd.Series(found, index=messages.index, dtype=object)


def _words(tables: Tables) -> pd.DataFrame:
    """Dated consents and refusals, and what people unsubscribed by, which names no contact point; at one moment the refusal is last."""
    whose = tables.facts("intermediate.int_customer_of_profile").set_index("profile_id").customer_id
    consents = tables.facts("intermediate.int_consents")
    consents = consents.assign(customer_id=consents.profile_id.map(whose), said_at=consents.changed_at)
    events = tables.facts("intermediate.int_message_events")
    left = events.loc[events.event == "unsubscribed", ["message_id", "happened_at"]].rename(columns={"happened_at": "said_at"})
    left = left.merge(_messages(tables), on="message_id").assign(is_subscribed=False, contact_point=ANY)
    kept = ["customer_id", *ABOUT, "contact_point", "said_at", "is_subscribed"]
    words = pd.concat([consents[kept], left[kept]], ignore_index=True).dropna(subset=["customer_id", "said_at"])
    words = words.fillna(dict.fromkeys([*ABOUT, "contact_point"], ANY)).astype({"is_subscribed": bool})
    digits = words.contact_point.str.replace(r"\D", "", regex=True).str[-10:]  # 8 916 … is +7 916 …
    words["contact_point"] = words.contact_point.str.lower().where(words.channel == "email", digits)
    return words.sort_values(["said_at", "is_subscribed"], ascending=[True, False])
