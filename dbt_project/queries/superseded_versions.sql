-- Of what a list of the lake holds (landed), the rows that may leave it: every model that reads the list has accepted a newer version of
-- the key, which the lake holds; none keeps this one; the next version came until $until; and it is no deletion. The newest
-- version of a key, a key's newest rejected one, whatever is newer than the accepted one, and a load that is not finished stay.
create or replace temp table superseded as
with

aged as (
    select
        *,
        lead(loaded_at) over (
            partition by source_account, document_key order by version_at, loaded_at, load_id
        ) as superseded_at
    from landed
    where loaded_at is not null
),

held as (
    select distinct source_account, document_key, version_at, load_id
    from aged
),

accepted as (
    select
        judged.source_account,
        judged.document_key,
        count(distinct judged.model) as models,
        min((judged.version_at, judged.loaded_at, judged.load_id)) as version
    from judged
    inner join held
        on judged.source_account = held.source_account
            and judged.document_key = held.document_key
            and judged.version_at = held.version_at
            and judged.load_id = held.load_id
    where judged.is_accepted
    group by judged.source_account, judged.document_key
)

select
    aged.file,
    aged.row_in_file
from aged
inner join accepted
    on aged.source_account = accepted.source_account
        and aged.document_key = accepted.document_key
        and (aged.version_at, aged.loaded_at, aged.load_id) < accepted.version
where accepted.models = $models
    and aged.operation <> 'delete'
    and aged.superseded_at <= $until
    and not exists (
        select 1
        from judged
        where judged.source_account = aged.source_account
            and judged.document_key = aged.document_key
            and judged.version_at = aged.version_at
            and judged.load_id = aged.load_id
    )
