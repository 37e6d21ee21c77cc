"""One alert about messages that went to people who had opted out, when they are first published.

    messages of the version made now  −  messages of the one before  ──►  a sentence per vendor and channel  ──►  alerts.send

Publishing asks it of each new version. It describes what the retailer did, so nothing is blocked: the check
`nobody_is_written_to_after_opting_out` stays yellow while there are such messages of the last 30 days, and nobody is told of the same
message twice. A message that is only found out by a late opt-out is told when it is, if it is not older than that. An alert that no
way could be sent by stands in the outcome of the run and its log, and the check stays yellow.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration import versions
from orchestration.versions import Version

CHECK = "nobody_is_written_to_after_opting_out"
ASSET = "marts/messages"
DAYS = 30  # as the check looks back: what a first load brings from years ago is history
CHANNELS = {"email": "e-mail", "sms": "SMS"}


def tell(version: Version) -> str | None:
    """Send the alert about what a version tells first; gives its text, None where there is nothing new."""
    try:
        found = newly(version)
    except duckdb.Error as error:  # the version is published already: the night stays green, and its outcome says what nobody could be told
        return f"Which messages after an opt-out are new could not be found out; see check {CHECK}. {type(error).__name__}: {error}"
    if not found:
        return None
    from orchestration import alerts  # Dagster, 2 s, which a night without news need not wait for here

    text = sentence(found)
    alerts.send(alerts.Alert(version.refresh_id, "refresh_warehouse", CHECK, text))
    return text


def newly(version: Version) -> list[tuple[str, str, int, int, str]]:
    """(vendor, channel, messages, people, campaigns) of the messages after an opt-out that the version before did not tell as such."""
    now = versions.folder(version.version) / "omnimart.duckdb"
    before = versions.folder(version.previous_version) / "omnimart.duckdb" if version.previous_version else None
    with duckdb.connect() as connection:
        connection.execute(f"attach '{now}' as now (read_only)")
        if not _tells_opt_outs(connection, "now"):
            return []
        known = "select null as message_id where false"
        if before and Path(before).exists():
            connection.execute(f"attach '{before}' as before (read_only)")
            if _tells_opt_outs(connection, "before"):
                known = "select message_id from before.marts.messages where is_after_opt_out"
        return connection.execute(
            f"""
            select
                source_system,
                channel,
                count(*),
                count(distinct customer_id),
                string_agg(distinct coalesce(campaign_id, 'no campaign'), ', ' order by coalesce(campaign_id, 'no campaign'))
            from now.marts.messages
            where is_after_opt_out and sent_at > cast(? as timestamp) - to_days({DAYS}) and message_id not in ({known})
            group by source_system, channel
            order by source_system, channel
            """,
            [version.published_at[:19]],
        ).fetchall()


def sentence(found: list[tuple[str, str, int, int, str]]) -> str:
    """The text of the alert."""
    lines = [
        f"{vendor}: {messages} {CHANNELS.get(channel, channel)} {'message' if messages == 1 else 'messages'} to {people} "
        f"{'person' if people == 1 else 'people'} (campaigns {campaigns})"
        for vendor, channel, messages, people, campaigns in found
    ]
    return (
        f"Messages went to people who had opted out before they were sent. {'; '.join(lines)}. They are published: asset {ASSET}, "
        f"check {CHECK}; select * from marts.messages where is_after_opt_out order by sent_at desc. Next step: take these people off the "
        "campaigns at the vendor, and see in marts.consents which of its lists has not heard their word."
    )


def _tells_opt_outs(connection: duckdb.DuckDBPyConnection, database: str) -> bool:
    """Whether a published file has the column; one of an older release may lack it."""
    query = "select count(*) from duckdb_columns() where database_name = ? and schema_name = 'marts' and table_name = 'messages'"
    return bool(connection.execute(f"{query} and column_name = 'is_after_opt_out'", [database]).fetchone()[0])
