-- Which records are one order. A record of a system that ranks lower (seed field_precedence, field `record`) is the
-- mirror of at most one record of a better one; an order has at most one record of each system and account.
-- An external id is evidence enough, and so is what the till printed (fiscal_key), whatever the brand. A number is only
-- evidence between orders of about the same day, because every system counts from 1; so a receipt, numbered by its till,
-- matches only by what it names itself (mirror_number).
-- Two kinds of records are named and give nothing (is_ignored): a receipt that its own system holds twice under one fiscal
-- key (a resent copy; the one that was not cancelled leads, else the earlier), and the sums of a shift (order kind
-- shift_report) of a store whose receipts of that business day another system tells. The sums are no one order's mirror,
-- so they have no order_id. One row per system's order.
with records as (
    select * from {{ ref('int_orders__united') }}
),

ranks as (
    select * from {{ ref('int_order_precedence') }}
),

statuses as (
    select * from {{ ref('int_values__mapped') }}
    where resource = 'orders' and field = 'order_status'
),

stores as (
    select record_key, store_id from {{ ref('int_store_records') }}
),

told as (
    select
        records.order_key as record_key,
        records.source_system,
        records.source_account,
        records.order_kind,
        records.order_number,
        records.external_order_id,
        records.mirror_number,
        records.fiscal_key,
        records.brand,
        records.ordered_at,
        {{ business_date('records.ordered_at') }} as ordered_on,
        stores.store_id,
        coalesce(ranks.record_rank, 99) as record_rank,
        case
            when records.fiscal_key is not null
                then first_value(records.order_key) over (
                        partition by records.source_system, records.source_account, records.fiscal_key
                        order by
                            case when statuses.mapped_to = 'cancelled' then 1 else 0 end,
                            records.ordered_at, records.order_key
                    )
        end as original_key
    from records
    left join ranks on records.source_system = ranks.source_system
    left join statuses
        on records.source_system = statuses.source_system
            and records.source_account = statuses.source_account
            and records.raw_status = statuses.raw_value
    left join stores
        on records.source_system || ':' || records.source_account || ':' || records.store_record_id = stores.record_key
),

days_with_receipts as (
    select distinct source_system, store_id, ordered_on
    from told
    where order_kind = 'receipt'
),

explained_reports as (
    select distinct told.record_key
    from told
    inner join days_with_receipts as receipts
        on told.store_id = receipts.store_id
            and told.ordered_on = receipts.ordered_on
            and told.source_system <> receipts.source_system
    where told.order_kind = 'shift_report'
),

believed as (
    select told.*
    from told
    left join explained_reports on told.record_key = explained_reports.record_key
    where explained_reports.record_key is null and coalesce(told.original_key, told.record_key) = told.record_key
),

evidence as (
    select record_key, 'external id' as matched_by, 1 as weakness, external_order_id as value_shared
    from believed
    where external_order_id is not null

    union all

    select record_key, 'external id' as matched_by, 1 as weakness, mirror_number as value_shared
    from believed
    where mirror_number is not null and mirror_number <> coalesce(external_order_id, '')

    union all

    select record_key, 'fiscal key' as matched_by, 1 as weakness, fiscal_key as value_shared
    from believed
    where fiscal_key is not null

    union all

    select record_key, 'number' as matched_by, 2 as weakness, coalesce(mirror_number, order_number) as value_shared
    from believed
    where coalesce(mirror_number, order_number) is not null
        and (order_kind = 'order' or mirror_number is not null)
),

pairs as (
    select
        mirror.record_key,
        leader.record_key as leader_key,
        mirror.source_system,
        mirror.source_account,
        shared.matched_by,
        shared.weakness,
        leader.record_rank,
        case when mirror.source_account = leader.source_account then 0 else 1 end as other_account,
        case when mirror.brand = leader.brand then 0 else 1 end as other_brand,
        abs({{ dbt.datediff('leader.ordered_at', 'mirror.ordered_at', 'second') }}) as seconds_apart
    from evidence as shared
    inner join believed as mirror on shared.record_key = mirror.record_key
    inner join evidence as named
        on shared.matched_by = named.matched_by
            and shared.value_shared = named.value_shared
    inner join believed as leader
        on named.record_key = leader.record_key
            and leader.record_rank < mirror.record_rank
    where mirror.brand is null
        or leader.brand is null
        or mirror.brand = leader.brand
        or shared.matched_by = 'fiscal key'
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

links as (
    select record_key, leader_key, matched_by, weakness, seconds_apart
    from best_mirror
    where place = 1
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
        case
            when explained_reports.record_key is not null then 'shift'
            when told.record_key <> told.original_key then 'resent copy'
            else followed.matched_by
        end as matched_by,
        explained_reports.record_key is not null or told.record_key <> coalesce(told.original_key, told.record_key)
            as is_ignored
    from told
    left join explained_reports on told.record_key = explained_reports.record_key
    left join followed
        on coalesce(told.original_key, told.record_key) = followed.record_key
            and explained_reports.record_key is null
)

select * from final
