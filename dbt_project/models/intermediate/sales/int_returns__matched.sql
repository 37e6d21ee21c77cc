-- Which records are one return. A record of a lower ranked system (seed field_precedence, entity returns, field `record`) is the
-- mirror of at most one record of a better one, by the strongest evidence there is: what the till printed (fiscal_key) or an
-- external id; else the same order and amount, at most sales.mirror_window_days apart; else, when one of the two does not know
-- the order, the same store, business day and amount. Two slips of two tills are never one return, so the weaker evidence asks
-- that one of the two has no fiscal key. Of several alike the first is the first, the second the second. A slip that its own
-- system holds twice is a resent copy: named, and it gives nothing (is_ignored). One row per system's return.
{% set seconds_apart = 'abs(' ~ dbt.datediff('leader.returned_at', 'mirror.returned_at', 'second') ~ ')' -%}
{% set weaker = [
    ('order and amount', 'mirror.order_id',
        'leader.order_id = mirror.order_id and ' ~ seconds_apart ~ ' <= ' ~ rule('sales.mirror_window_days') ~ ' * 86400'),
    ('store, day and amount', "mirror.store_id || ' ' || cast(mirror.returned_on as " ~ dbt.type_string() ~ ')',
        'leader.store_id = mirror.store_id and leader.returned_on = mirror.returned_on'
        ~ ' and (leader.order_id is null or mirror.order_id is null)'),
] -%}
with returns as (
    select * from {{ ref('int_returns__united') }}
),

orders as (
    select order_key, order_id from {{ ref('int_orders__matched') }}
),

stores as (
    select record_key, store_id from {{ ref('int_store_records') }}
),

ranks as (
    {{ fact_ranks('returns', ['record']) }}
),

told as (
    select
        returns.return_id as record_key,
        returns.source_system,
        returns.source_account,
        returns.source_record_id,
        returns.external_return_id,
        returns.fiscal_key,
        returns.returned_at,
        {{ business_date('returns.returned_at') }} as returned_on,
        returns.amount,
        coalesce(returns.currency, '{{ rule('business.currency') }}') as currency,
        orders.order_id,
        stores.store_id,
        coalesce(ranks.record_rank, 99) as record_rank,
        case
            when returns.fiscal_key is not null
                then first_value(returns.return_id) over (
                        partition by returns.source_system, returns.source_account, returns.fiscal_key
                        order by returns.returned_at, returns.return_id
                    )
        end as original_key
    from returns
    left join orders on returns.order_key = orders.order_key
    left join stores on returns.store_key = stores.record_key
    left join ranks on returns.source_system = ranks.source_system
),

believed as (
    select * from told
    where coalesce(original_key, record_key) = record_key
),

evidence as (
    select record_key, 'fiscal key' as matched_by, fiscal_key as value_shared, true as is_naming
    from believed
    where fiscal_key is not null

    union all

    select record_key, 'external id' as matched_by, external_return_id as value_shared, true as is_naming
    from believed
    where external_return_id is not null

    union all

    {# an id is evidence for whoever names it; two systems may count alike #}
    select record_key, 'external id' as matched_by, source_record_id as value_shared, false as is_naming
    from believed
),

named_pairs as (
    select
        mirror.record_key,
        leader.record_key as leader_key,
        mirror.source_system,
        mirror.source_account,
        shared.matched_by,
        leader.record_rank,
        {{ seconds_apart }} as seconds_apart
    from evidence as shared
    inner join believed as mirror on shared.record_key = mirror.record_key
    inner join evidence as named
        on shared.matched_by = named.matched_by
            and shared.value_shared = named.value_shared
            and (shared.is_naming or named.is_naming)
    inner join believed as leader
        on named.record_key = leader.record_key
            and leader.record_rank < mirror.record_rank
),

named_leader as (
    select
        *,
        row_number() over (
            partition by record_key order by record_rank, seconds_apart, leader_key, matched_by
        ) as choice
    from named_pairs
),

named_mirror as (
    select
        *,
        row_number() over (
            partition by leader_key, source_system, source_account order by seconds_apart, record_key
        ) as place
    from named_leader
    where choice = 1
),

links_0 as (
    select record_key, leader_key, source_system, source_account, matched_by, 1 as weakness, seconds_apart
    from named_mirror
    where place = 1
),

{%- for called, alike, condition in weaker %}
{%- set stage = loop.index %}
{%- set before = 'links_' ~ (stage - 1) %}

pairs_{{ stage }} as (
    select
        mirror.record_key,
        leader.record_key as leader_key,
        mirror.source_system,
        mirror.source_account,
        leader.source_system as leader_system,
        leader.source_account as leader_account,
        leader.record_rank,
        {{ alike }} as alike,
        mirror.amount,
        mirror.returned_at,
        leader.returned_at as leader_returned_at,
        {{ seconds_apart }} as seconds_apart
    from believed as mirror
    inner join believed as leader
        on mirror.amount = leader.amount
            and mirror.currency = leader.currency
            and leader.record_rank < mirror.record_rank
            and {{ condition }}
    left join {{ before }} as followed on mirror.record_key = followed.record_key
    left join {{ before }} as follows on leader.record_key = follows.record_key
    left join {{ before }} as taken
        on leader.record_key = taken.leader_key
            and mirror.source_system = taken.source_system
            and mirror.source_account = taken.source_account
    where (mirror.fiscal_key is null or leader.fiscal_key is null)
        and followed.record_key is null
        and follows.record_key is null
        and taken.record_key is null
),

turns_{{ stage }} as (
    select
        *,
        dense_rank() over (
            partition by alike, amount, source_system, source_account, leader_system, leader_account
            order by returned_at, record_key
        ) as mirror_turn,
        dense_rank() over (
            partition by alike, amount, source_system, source_account, leader_system, leader_account
            order by leader_returned_at, leader_key
        ) as leader_turn
    from pairs_{{ stage }}
),

chosen_{{ stage }} as (
    select
        *,
        row_number() over (partition by record_key order by record_rank, leader_key) as choice
    from turns_{{ stage }}
    where mirror_turn = leader_turn
),

links_{{ stage }} as (
    select * from {{ before }}
    union all
    select
        record_key,
        leader_key,
        source_system,
        source_account,
        '{{ called }}' as matched_by,
        {{ stage + 1 }} as weakness,
        seconds_apart
    from chosen_{{ stage }}
    where choice = 1
),
{%- endfor %}

followed_returns as (
    select * from (
        {{ followed_records('believed', 'links_2') }}
    ) as resolved
),

final as (
    select
        told.record_key as return_key,
        followed_returns.leader_key as return_id,
        told.record_key = followed_returns.leader_key as is_leader,
        case
            when told.record_key <> told.original_key then 'resent copy'
            else followed_returns.matched_by
        end as matched_by,
        told.record_key <> coalesce(told.original_key, told.record_key) as is_ignored
    from told
    inner join followed_returns on coalesce(told.original_key, told.record_key) = followed_returns.record_key
)

select * from final
