-- Which records are one order. A record of a system that ranks lower is the mirror of at most one record of a better one; an
-- order has at most one record of each system and account.
-- An external id is evidence enough, and so is what the till printed (fiscal_key), whatever the brand. A number is only
-- evidence between orders of about the same day, because every system counts from 1; so a receipt, numbered by its till,
-- matches only by what it names itself (mirror_number); or, where one of two receipts has no fiscal key, by store, moment and net
-- amount, since two different fiscal documents are never one receipt. Clocks differ, so two minutes are one moment; of several alike in
-- a row, each within two minutes of the one before, the first is the first, the second the second.
-- What gives nothing (int_orders__told, ignored_as) is named: a resent copy with the order of its original, the sums of a shift
-- without one, since they are no one order's mirror. One row per system's order.
{% set kinds_of_evidence = [
    ('external id', 1, 'external_order_id', 'external_order_id is not null'),
    ('external id', 1, 'mirror_number', "mirror_number is not null and mirror_number <> coalesce(external_order_id, '')"),
    ('fiscal key', 1, 'fiscal_key', 'fiscal_key is not null'),
    ('number', 2, 'coalesce(mirror_number, order_number)',
        "coalesce(mirror_number, order_number) is not null and (order_kind = 'order' or mirror_number is not null)"),
] -%}
{% set seconds_of_a_moment = rule('sales.mirror_moment_seconds') -%}
{% set seconds_apart = 'abs(' ~ dbt.datediff('leader.ordered_at', 'mirror.ordered_at', 'second') ~ ')' -%}
with told as (
    select * from {{ ref('int_orders__told') }}
),

believed as (
    select * from told
    where ignored_as is null
),

evidence as (
    {%- for called, weakness, value, condition in kinds_of_evidence %}
    select
        record_key,
        source_system,
        source_account,
        record_rank,
        brand,
        ordered_at,
        '{{ called }}' as matched_by,
        {{ weakness }} as weakness,
        {{ value }} as value_shared
    from believed
    where {{ condition }}
    {{- '\n\n    union all\n' if not loop.last }}
    {%- endfor %}
),

pairs as (
    select
        mirror.record_key,
        leader.record_key as leader_key,
        mirror.source_system,
        mirror.source_account,
        mirror.matched_by,
        mirror.weakness,
        leader.record_rank,
        case when mirror.source_account = leader.source_account then 0 else 1 end as other_account,
        case when mirror.brand = leader.brand then 0 else 1 end as other_brand,
        {{ seconds_apart }} as seconds_apart
    from evidence as mirror
    inner join evidence as leader
        on mirror.matched_by = leader.matched_by
            and mirror.value_shared = leader.value_shared
            and mirror.record_rank > leader.record_rank
    where mirror.brand is null
        or leader.brand is null
        or mirror.brand = leader.brand
        or mirror.matched_by = 'fiscal key'
),

best_leader as (
    select
        *,
        row_number() over (
            partition by record_key
            order by weakness, record_rank, other_account, other_brand, seconds_apart, leader_key, matched_by
        ) as choice
    from pairs
    where weakness = 1 or seconds_apart <= {{ rule('sales.mirror_window_days') }} * 86400
),

best_mirror as (
    select
        *,
        row_number() over (
            partition by leader_key, source_system, source_account
            order by weakness, other_account, other_brand, seconds_apart, record_key
        ) as place
    from best_leader
    where choice = 1
),

named_links as (
    select record_key, leader_key, source_system, source_account, matched_by, weakness, seconds_apart
    from best_mirror
    where place = 1
),

receipts as (
    select
        *,
        case
            when {{ dbt.datediff(
                'lag(ordered_at) over (partition by store_id, net_revenue, currency order by ordered_at)', 'ordered_at', 'second'
            ) }} <= {{ seconds_of_a_moment }} then 0
            else 1
        end as begins_a_row
    from believed
    where order_kind = 'receipt' and store_id is not null
),

in_rows as (
    select
        *,
        sum(begins_a_row) over (
            partition by store_id, net_revenue, currency
            order by ordered_at, record_key
            rows between unbounded preceding and current row
        ) as row_of_alike
    from receipts
),

alike as (
    select
        mirror.record_key,
        leader.record_key as leader_key,
        mirror.source_system,
        mirror.source_account,
        mirror.store_id,
        mirror.net_revenue,
        mirror.currency,
        mirror.row_of_alike,
        mirror.ordered_at,
        leader.source_system as leader_system,
        leader.source_account as leader_account,
        leader.ordered_at as leader_ordered_at,
        leader.record_rank,
        {{ seconds_apart }} as seconds_apart
    from in_rows as mirror
    inner join in_rows as leader
        on mirror.store_id = leader.store_id
            and mirror.net_revenue = leader.net_revenue
            and mirror.currency = leader.currency
            and mirror.row_of_alike = leader.row_of_alike
            and mirror.record_rank > leader.record_rank
    left join named_links as followed on mirror.record_key = followed.record_key
    left join named_links as taken
        on leader.record_key = taken.leader_key
            and mirror.source_system = taken.source_system
            and mirror.source_account = taken.source_account
    where (mirror.fiscal_key is null or leader.fiscal_key is null)
        and (mirror.brand is null or leader.brand is null or mirror.brand = leader.brand)
        and {{ seconds_apart }} <= {{ seconds_of_a_moment }}
        and followed.record_key is null
        and taken.record_key is null
),

turns as (
    select
        *,
        dense_rank() over (
            partition by store_id, net_revenue, currency, row_of_alike, source_system, source_account, leader_system, leader_account
            order by ordered_at, record_key
        ) as mirror_turn,
        dense_rank() over (
            partition by store_id, net_revenue, currency, row_of_alike, source_system, source_account, leader_system, leader_account
            order by leader_ordered_at, leader_key
        ) as leader_turn
    from alike
),

best_alike as (
    select
        *,
        row_number() over (partition by record_key order by record_rank, leader_key) as choice
    from turns
    where mirror_turn = leader_turn
),

links as (
    select record_key, leader_key, matched_by, weakness, seconds_apart
    from named_links

    union all

    select record_key, leader_key, 'store, time and amount' as matched_by, 3 as weakness, seconds_apart
    from best_alike
    where choice = 1
),

followed as (
    select * from (
        {{ followed_records('believed', 'links') }}
    ) as resolved
),

final as (
    select
        told.record_key as order_key,
        followed.leader_key as order_id,
        told.record_key = coalesce(followed.leader_key, '') as is_leader,
        coalesce(told.ignored_as, followed.matched_by) as matched_by,
        told.ignored_as is not null as is_ignored
    from told
    left join followed on coalesce(told.copy_of, told.record_key) = followed.record_key
)

select * from final
