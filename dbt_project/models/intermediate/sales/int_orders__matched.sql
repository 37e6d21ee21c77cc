-- Which records are one order. A record of a system that ranks lower (seed field_precedence, field `record`) is the
-- mirror of at most one record of a better one; a leader has at most one mirror per system and account.
-- An external id is evidence enough. A number is only evidence between orders of about the same day, because every
-- system counts from 1; so a receipt, numbered by its till, matches only by what it names itself (mirror_number).
with records as (
    select * from {{ ref('int_orders__united') }}
),

ranks as (
    select * from {{ ref('int_order_precedence') }}
),

ranked as (
    select
        records.order_key,
        records.source_system,
        records.source_account,
        records.order_kind,
        records.order_number,
        records.external_order_id,
        records.mirror_number,
        records.brand,
        records.ordered_at,
        coalesce(ranks.record_rank, 99) as record_rank
    from records
    left join ranks on records.source_system = ranks.source_system
),

evidence as (
    select order_key, 'external id' as matched_by, 1 as weakness, external_order_id as value_shared
    from ranked
    where external_order_id is not null

    union all

    select order_key, 'external id' as matched_by, 1 as weakness, mirror_number as value_shared
    from ranked
    where mirror_number is not null and mirror_number <> coalesce(external_order_id, '')

    union all

    select order_key, 'number' as matched_by, 2 as weakness, coalesce(mirror_number, order_number) as value_shared
    from ranked
    where coalesce(mirror_number, order_number) is not null
        and (order_kind = 'order' or mirror_number is not null)
),

pairs as (
    select
        mirror.order_key,
        leader.order_key as leader_key,
        mirror.source_system,
        mirror.source_account,
        shared.matched_by,
        shared.weakness,
        leader.record_rank,
        case when mirror.source_account = leader.source_account then 0 else 1 end as other_account,
        case when mirror.brand = leader.brand then 0 else 1 end as other_brand,
        abs({{ dbt.datediff('leader.ordered_at', 'mirror.ordered_at', 'second') }}) as seconds_apart
    from evidence as shared
    inner join ranked as mirror on shared.order_key = mirror.order_key
    inner join evidence as named
        on shared.matched_by = named.matched_by
            and shared.value_shared = named.value_shared
    inner join ranked as leader
        on named.order_key = leader.order_key
            and leader.record_rank < mirror.record_rank
    where mirror.brand is null or leader.brand is null or mirror.brand = leader.brand
),

believed as (
    select *
    from pairs
    where weakness = 1 or seconds_apart <= {{ rule('sales.mirror_window_days') }} * 86400
),

best_leader as (
    select
        *,
        row_number() over (
            partition by order_key
            order by weakness, record_rank, other_account, other_brand, seconds_apart, leader_key
        ) as choice
    from believed
),

best_mirror as (
    select
        *,
        row_number() over (
            partition by leader_key, source_system, source_account
            order by weakness, other_account, other_brand, seconds_apart, order_key
        ) as place
    from best_leader
    where choice = 1
),

mirrors as (
    select order_key, leader_key, matched_by
    from best_mirror
    where place = 1
),

final as (
    select
        ranked.order_key,
        coalesce(onward.leader_key, mirrors.leader_key, ranked.order_key) as order_id,
        mirrors.order_key is null as is_leader,
        mirrors.matched_by
    from ranked
    left join mirrors on ranked.order_key = mirrors.order_key
    left join mirrors as onward on mirrors.leader_key = onward.order_key
)

select * from final
