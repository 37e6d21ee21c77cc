"""What benchmarks/identity_scale.py measures, in a process of its own, so that its time and memory are nobody else's.

    python -m benchmarks.identity_chain golden <records.duckdb> <answer.duckdb>    identifiers -> membership -> golden record
    python -m benchmarks.identity_chain likeness <records.duckdb>                  news -> candidates -> weights

Both print one line of JSON: seconds by step and what was counted. The components are the project's own (plugins/components.py), as
are the weights (plugins/identity_model.py); the SQL around them is that of the models without their rules about who may not be
one person, since the peer has none: a value links whoever bears it, unless more than GROUP_LIMIT do.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.identity_records import SOURCES, Source
from dbt_project.plugins.components import parted_components
from dbt_project.plugins.identity_model import FEATURES, WEIGHED_PAIR, pair_weights_arrow

GROUP_LIMIT = 10_000
BLOCK_LIMIT = 200
PIECE = 200_000
IDENTIFIERS = ("email", "phone", "card")
NAMES = ("first_name", "last_name")
GOLDEN = ("email", "phone", *NAMES)


class Steps:
    """Seconds by step: each lasts from the one before."""

    def __init__(self) -> None:
        self.began = self.last = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def done(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = round(now - self.last, 2)
        self.last = now


def golden(records: Path, answer: Path) -> dict:
    """Write `membership` (profile_id, cluster_no) and `golden_record` (a row per cluster) into the database `answer`."""
    steps = Steps()
    connection = duckdb.connect(str(answer))
    connection.execute(f"attach '{records}' as records (read_only)")
    connection.execute("set preserve_insertion_order = true")
    # A profile is numbered by its place; what it says stands by how far its source is trusted, then by how new it is, then by place:
    # one number, so that nothing is sorted.
    profiles_count, parts = 0, []
    for trust, source in enumerate(SOURCES):
        shown = ", ".join(_shown(source, what) for what in (*IDENTIFIERS, *NAMES))
        parts.append(f"""
            select {profiles_count} + rowid as profile_no,
                ({trust} * 4294967296 + 4294967295 - epoch_ms(ts) // 1000) * 33554432 + {profiles_count} + rowid as standing,
                '{source.name}:' || {source.key} as profile_id, {shown}
            from records.{source.table}""")
        profiles_count += connection.execute(f"select count(*) from records.{source.table}").fetchone()[0]
    connection.execute(f"create temp table profiles as {' union all '.join(parts)}")
    steps.done("profiles")
    nodes = " union all ".join(f"""
        select cast(profile_no as integer) as profile_no, cast(node * {len(IDENTIFIERS)} + {place} as integer) as node_no
        from (
            select profiles.profile_no, held.node
            from profiles
            inner join (
                select {what}, min(profile_no) as node from profiles where {what} is not null
                group by 1 having count(*) between 2 and {GROUP_LIMIT}
            ) as held on profiles.{what} = held.{what}
        )""" for place, what in enumerate(IDENTIFIERS))
    connection.execute("set preserve_insertion_order = false")
    connection.execute(f"create temp table links as {nodes}")
    connection.execute("set preserve_insertion_order = true")
    links = connection.execute("select profile_no, node_no from links").fetchnumpy()
    connection.execute("drop table links")
    steps.done("links")
    profile_no, node_no = links["profile_no"], links["node_no"]
    none = np.array([], dtype=np.int64)
    cluster_no = np.arange(profiles_count, dtype=np.int32)
    cluster_no[profile_no] = parted_components(profile_no, node_no, np.zeros(len(profile_no), dtype=np.int8), none, none, none)
    steps.done("components")
    connection.register("labels", pa.table({"cluster_no": cluster_no}))
    connection.execute("create table membership as select profile_no, profile_id, cluster_no from profiles positional join labels")
    steps.done("membership")
    connection.execute(f"""
        create table golden_record as
        select labels.cluster_no, count(*) as profiles_count,
            {', '.join(f'arg_min(profiles.{what}, profiles.standing) as {what}' for what in GOLDEN)}
        from profiles positional join labels
        group by 1""")
    steps.done("golden record")
    counts = connection.execute(f"select {', '.join(f'count({what})' for what in IDENTIFIERS)} from profiles").fetchone()
    clusters, shared = connection.execute("select count(*), count(*) filter (profiles_count > 1) from golden_record").fetchone()
    connection.close()
    held = int(np.count_nonzero(np.bincount(node_no)))
    return {"seconds": steps.seconds, "profiles": profiles_count, "identifiers": sum(counts), "links": len(profile_no) - held,
            "clusters": clusters, "clusters of several": shared, "passes": 1}


def likeness(records: Path) -> dict:
    """Compare what is news in table `features` with all of it, as the candidates and pairs of a night do."""
    steps = Steps()
    connection = duckdb.connect(str(records), read_only=True)
    connection.execute("set preserve_insertion_order = false")
    blocks = (
        "hash(first_name_key, birth_digits)", "hash(last_name_key, birth_digits)",
        "hash(least(first_name_key, last_name_key), greatest(first_name_key, last_name_key), left(birth_digits, 4))",
        "hash(least(first_name_key, last_name_key), greatest(first_name_key, last_name_key), right(birth_digits, 4))",
        "hash('e-mail', email)", "hash('phone', phone)",
    )
    known = ("birth_digits",) * 4 + ("email", "phone")
    in_blocks = " union all ".join(f"select profile_id, is_news, {block} as block from features where {fact} is not null"
                                   for block, fact in zip(blocks, known, strict=True))
    connection.execute(f"""
        create temp table asked as
        with blocks as ({in_blocks})
        select * from blocks semi join (select distinct block from blocks where is_news) as touched using (block)""")
    steps.done("blocks that news stands in")
    connection.execute(f"""
        create temp table candidates as
        with small as (select block from asked group by block having count(*) between 2 and {BLOCK_LIMIT})
        select distinct least(mine.profile_id, theirs.profile_id) as profile_a, greatest(mine.profile_id, theirs.profile_id) as profile_b
        from asked as mine
        inner join small on mine.block = small.block
        inner join asked as theirs on mine.block = theirs.block and mine.profile_id <> theirs.profile_id
        where mine.is_news""")
    candidates = connection.execute("select count(*) from candidates").fetchone()[0]
    steps.done("candidates")
    linked = 0
    for piece in range(0, candidates, PIECE):
        linked += _weighed(connection, piece)
    steps.done("weights")
    news, everybody = connection.execute("select count(*) filter (is_news), count(*) from features").fetchone()
    connection.close()
    return {"seconds": steps.seconds, "profiles": everybody, "news": news, "candidates": candidates, "pairs of 8 bits and more": linked}


def _weighed(connection: duckdb.DuckDBPyConnection, begin: int) -> int:
    connection.execute(
        f"create or replace temp table piece as select * from candidates where rowid between {begin} and {begin + PIECE - 1}")
    pairs = connection.execute("select list(piece) as pairs from piece").to_arrow_table()["pairs"]
    features = connection.execute(f"""
        select list(struct_pack({', '.join(f'{name} := {name}' for name in FEATURES)})) as features
        from features semi join (select profile_a as profile_id from piece union select profile_b from piece) as named using (profile_id)
    """).to_arrow_table()["features"]
    weighed = pair_weights_arrow(features.combine_chunks(), pairs.combine_chunks())
    weights = weighed.values.field(WEIGHED_PAIR.get_field_index("weight")).to_numpy()
    return int((weights >= 8).sum())


def _shown(source: Source, what: str) -> str:
    column = next((column for column, (shown, _) in source.columns.items() if shown == what), "cast(null as varchar)")
    return f"lower({column}) as {what}" if what == "email" else f"{column} as {what}"


if __name__ == "__main__":
    answered = golden(Path(sys.argv[2]), Path(sys.argv[3])) if sys.argv[1] == "golden" else likeness(Path(sys.argv[2]))
    print(json.dumps(answered))
