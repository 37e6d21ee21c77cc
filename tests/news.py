"""What a lake's nights brought: how many records were changed and deleted, and how many published numbers of days long gone moved."""

from pathlib import Path

import duckdb

from ingestion import lake
from ingestion.vendors import vendors

LONG_GONE_DAYS = 3


def kinds_of_news(published: Path) -> dict[str, int]:
    """{"changed": keys that came again with other content, "deleted": keys whose newest word is a deletion, in lists of changes;
    "late": published numbers that the newest publication of this folder restates, of days more than three before it}."""
    found = {"changed": 0, "deleted": 0}
    for vendor in vendors():
        for resource in vendor.resources:
            files = sorted((lake.root() / vendor.dataset / resource.name).glob("*.parquet"))
            if resource.kind != "changes" or not files:
                continue
            [counted] = duckdb.sql(f"""
                with keys as (
                    select count(distinct payload) > 1 as is_changed, arg_max(operation, version_at) = 'delete' as is_deleted
                    from read_parquet({[str(file) for file in files]}, union_by_name = true)
                    group by source_account, document_key
                )
                select count(*) filter (is_changed), count(*) filter (is_deleted) from keys
            """).fetchall()
            found = {kind: number + more for (kind, number), more in zip(found.items(), counted, strict=True)}
    with duckdb.connect(str((published / "omnimart.duckdb").resolve()), read_only=True) as connection:
        [(late,)] = connection.execute(f"""
            select count(*) from marts.restatements join marts.publications using (version)
            where published_at = (select max(published_at) from marts.publications)
                and period < cast(published_at as date) - {LONG_GONE_DAYS}
        """).fetchall()
    return found | {"late": late}
