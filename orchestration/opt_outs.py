"""One alert about messages that went to people who had opted out, sent until some way has carried it.

    messages of what is published  −  published/told_opt_outs.json  ──►  a sentence per vendor and channel  ──►  alerts.send
                                                   ▲                                                               │
                                                   └──────────────────  what was carried  ◄────────────────────────┘

Publishing asks it every night, also when nothing changed or the gate stayed shut. It describes what the retailer did, so nothing is
blocked: the check `nobody_is_written_to_after_opting_out` stays yellow while there are such messages of the last 30 days. A message that
is only found out by a late opt-out is told when it is, if it is not older than that. What no way that is set up could carry is sent again
the next night, however old it grows. A message counts as told once the alert has left, so whoever dies between sending and remembering
sends it again: at least once. The file goes with the published ones to a new machine; without it all of the 30 days is told once more.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ingestion import clock, rooms
from ingestion.lake import data_root
from orchestration import versions
from orchestration.versions import Version

if TYPE_CHECKING:
    from orchestration.subjects import Subject

CHECK = "nobody_is_written_to_after_opting_out"
ASSET = "marts/messages"
DAYS = 30  # as the check looks back: what a first load brings from years ago is history
CHANNELS = {"email": "e-mail", "sms": "SMS"}
AGAIN = "so the next refresh sends this alert again."

Group = tuple[str, str, int, int, str]


@dataclass(frozen=True)
class Memory:
    """`told`: message -> when it was sent (UTC), of the last 30 days; `untold`: messages that no way could carry the night before."""

    told: dict[str, str] = field(default_factory=dict)
    untold: list[str] = field(default_factory=list)


def tell(version: Version, refresh_id: str) -> str | None:
    """Send the alert about what a published version tells and nobody was told of; gives its text, None where there is nothing.
    Idempotent: what was carried and remembered is not sent again."""
    since = (clock.now() - timedelta(days=DAYS)).strftime("%Y-%m-%dT%H:%M:%S")
    try:
        memory = _remembered()
        groups, messages = untold(version, memory, since)
    except (duckdb.Error, OSError, ValueError) as error:
        # The version is published already: the night stays green, and its outcome says what nobody could be told.
        return f"Which messages after an opt-out are new could not be found out; see check {CHECK}. {type(error).__name__}: {error}"
    if not messages:
        return None
    from orchestration import alerts, next_steps  # Dagster, 2 s, which a night without news need not wait for here
    from orchestration.run_events import JOB

    text = sentence(groups)
    step = next_steps.next_step(next_steps.OPT_OUTS)
    is_carried = alerts.is_carried(alerts.send(alerts.Alert(refresh_id, JOB, CHECK, text, about(groups), step)))
    told = {message: sent_at for message, sent_at in memory.told.items() if sent_at >= since}
    try:
        _remember(Memory({**told, **messages}) if is_carried else Memory(told, sorted(messages)))
    except OSError as error:
        return f"{text} {_file()} could not be written ({type(error).__name__}), {AGAIN}"
    return text if is_carried else f"{text} Neither webhook nor e-mail could carry it, {AGAIN}"


def untold(version: Version, memory: Memory, since: str) -> tuple[list[Group], dict[str, str]]:
    """(vendor, channel, messages, people, campaigns) of a version's messages after an opt-out that nobody was told of, and these messages
    with when they were sent."""
    with rooms.in_memory(data_root()) as connection:
        connection.execute(f"attach {rooms.quoted(versions.folder(version.version) / 'omnimart.duckdb')} as now (read_only)")
        if not _tells_opt_outs(connection):
            return [], {}
        connection.execute(
            """
            create temp table untold as
            select message_id, sent_at, source_system, channel, customer_id, coalesce(campaign_id, 'no campaign') as campaign
            from now.marts.messages
            where is_after_opt_out
                and (sent_at > cast($since as timestamp) or list_contains(cast($untold as varchar[]), message_id))
                and message_id not in (select unnest(cast($told as varchar[])))
            """,
            {"since": since, "untold": memory.untold, "told": list(memory.told)},
        )
        groups = connection.execute(
            """
            select
                source_system, channel, count(*), count(distinct customer_id), string_agg(distinct campaign, ', ' order by campaign)
            from untold
            group by source_system, channel
            order by source_system, channel
            """
        ).fetchall()
        return groups, dict(connection.execute("select message_id, strftime(sent_at, '%Y-%m-%dT%H:%M:%S') from untold").fetchall())


def sentence(found: list[Group]) -> str:
    """The text of the alert."""
    lines = [
        f"{vendor}: {messages} {CHANNELS.get(channel, channel)} {'message' if messages == 1 else 'messages'} to {people} "
        f"{'person' if people == 1 else 'people'} (campaigns {campaigns})"
        for vendor, channel, messages, people, campaigns in found
    ]
    return (
        f"Messages went to people who had opted out before they were sent. {'; '.join(lines)}. They are published: asset {ASSET}, "
        f"check {CHECK}; select * from marts.messages where is_after_opt_out order by sent_at desc."
    )


def about(found: list[Group]) -> tuple[Subject, ...]:
    """The alert's subjects: a vendor's messages of a channel each."""
    from orchestration.subjects import Subject

    return tuple(Subject(vendor, ASSET, f"{messages} by {CHANNELS.get(channel, channel)} to {people} people")
                 for vendor, channel, messages, people, _ in found)


def _tells_opt_outs(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the published file has the column; one of an older release may lack it."""
    query = "select count(*) from duckdb_columns() where database_name = 'now' and schema_name = 'marts' and table_name = 'messages'"
    return bool(connection.execute(f"{query} and column_name = 'is_after_opt_out'").fetchone()[0])


def _file() -> Path:
    return versions.published() / "told_opt_outs.json"


def _remembered() -> Memory:
    try:
        return Memory(**json.loads(_file().read_text(encoding="utf-8"))) if _file().exists() else Memory()
    except ValueError:
        raise ValueError(f"{_file()} is damaged. Remove it: all of the last {DAYS} days is told once more.") from None


def _remember(memory: Memory) -> None:
    """Whole or not at all, also when the power goes."""
    half = _file().with_name(f".{_file().name}")
    half.touch(mode=0o600)
    with half.open("w", encoding="utf-8") as handle:
        json.dump(asdict(memory), handle, indent=1)
        handle.flush()
        os.fsync(handle.fileno())
    half.replace(_file())
