-- Which records are one return: who follows whom (int_return_links), followed to the end. A slip that its own system holds twice is a
-- resent copy: named, with the return of its original, and it gives nothing (is_ignored). One row per system's return.
with told as (
    select * from {{ ref('int_returns__told') }}
),

believed as (
    select * from told
    where copy_of is null
),

links as (
    select * from {{ ref('int_return_links') }}
),

followed as (
    select * from (
        {{ followed_records('believed', 'links') }}
    ) as resolved
),

final as (
    select
        told.record_key as return_key,
        followed.leader_key as return_id,
        told.record_key = followed.leader_key as is_leader,
        case when told.copy_of is not null then 'resent copy' else followed.matched_by end as matched_by,
        told.copy_of is not null as is_ignored
    from told
    inner join followed on coalesce(told.copy_of, told.record_key) = followed.record_key
)

select * from final
