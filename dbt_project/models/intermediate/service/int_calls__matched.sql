-- Which records are one call: a call tracker's call and the telephone exchange's are one when their number and direction are
-- the same (or hidden from both) and they begin within service.call_match_seconds of each other. A record is paired with the nearest of the better
-- ranked system (seed field_precedence), and only when it is that one's nearest too. One row per system's call.
with records as (
    select * from {{ ref('int_calls__united') }}
),

phones as (
    select * from {{ ref('int_contact_phones') }}
),

ranks as (
    select source_system, min({{ adapter.quote('rank') }}) as record_rank
    from {{ ref('field_precedence') }}
    where entity = 'calls' and field in ('*', 'record')
    group by source_system
),

ranked as (
    select
        records.call_key,
        records.source_system,
        records.source_account,
        records.direction,
        records.started_at,
        phones.phone,
        coalesce(ranks.record_rank, 99) as record_rank
    from records
    left join phones on records.customer_phone = phones.written
    left join ranks on records.source_system = ranks.source_system
),

pairs as (
    select
        follower.call_key,
        leader.call_key as leader_key,
        follower.source_system,
        follower.source_account,
        abs({{ dbt.datediff('leader.started_at', 'follower.started_at', 'second') }}) as seconds_apart,
        leader.record_rank
    from ranked as follower
    inner join ranked as leader
        on coalesce(follower.phone, '') = coalesce(leader.phone, '')
            and coalesce(follower.direction, leader.direction, '') = coalesce(leader.direction, follower.direction, '')
            and follower.record_rank > leader.record_rank
            and leader.started_at
            >= {{ dbt.dateadd('second', -1 * rule('service.call_match_seconds'), 'follower.started_at') }}
            and leader.started_at
            <= {{ dbt.dateadd('second', rule('service.call_match_seconds'), 'follower.started_at') }}
),

chosen as (
    select
        *,
        row_number() over (partition by call_key order by record_rank, seconds_apart, leader_key) as choice,
        row_number() over (
            partition by leader_key, source_system, source_account order by seconds_apart, call_key
        ) as place
    from pairs
),

mirrors as (
    select call_key, leader_key, seconds_apart
    from chosen
    where choice = 1 and place = 1
),

final as (
    select
        ranked.call_key,
        coalesce(onward.leader_key, mirrors.leader_key, ranked.call_key) as call_id,
        mirrors.call_key is null as is_leader,
        mirrors.seconds_apart,
        ranked.phone
    from ranked
    left join mirrors on ranked.call_key = mirrors.call_key
    left join mirrors as onward on mirrors.leader_key = onward.call_key
)

select * from final
