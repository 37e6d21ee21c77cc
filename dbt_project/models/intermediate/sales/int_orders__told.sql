-- What each record of an order is, before it is asked which of them are one order: how its system ranks (seed field_precedence,
-- field `record`), and whether it gives nothing (ignored_as). That is a receipt that its own system holds twice under one fiscal
-- key (a resent copy; the one that was not cancelled leads, else the earlier), and the sums of a shift (order kind shift_report)
-- of a store whose receipts of that business day another system tells. One row per system's order.
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
        coalesce(records.shift_began_at, {{ business_day_starts_at(business_date('records.ordered_at')) }}) as began_at,
        greatest(records.ordered_at, coalesce(records.received_at, records.ordered_at)) as ended_at,
        coalesce(records.currency, '{{ rule('business.currency') }}') as currency,
        records.net_revenue,
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

{# a shift lasts 24 hours at most, so it touches the day of its end and the day before: joined by day, a store's two years are not all
   held against one another #}
days_of_shifts as (
    select record_key, source_system, store_id, began_at, ended_at, {{ business_date('ended_at') }} as touched_on
    from told
    where order_kind = 'shift_report' and store_id is not null

    union all

    select record_key, source_system, store_id, began_at, ended_at, {{ business_date("ended_at - interval '24 hours'") }} as touched_on
    from told
    where order_kind = 'shift_report' and store_id is not null
),

explained_reports as (
    select distinct shifts.record_key
    from days_of_shifts as shifts
    inner join told as receipts
        on shifts.store_id = receipts.store_id
            and shifts.touched_on = receipts.ordered_on
            and shifts.source_system <> receipts.source_system
            and shifts.began_at < receipts.ordered_at
            and shifts.ended_at >= receipts.ordered_at
    where receipts.order_kind = 'receipt'
),

final as (
    select
        told.record_key,
        told.source_system,
        told.source_account,
        told.order_kind,
        told.order_number,
        told.external_order_id,
        told.mirror_number,
        told.fiscal_key,
        told.brand,
        told.ordered_at,
        told.store_id,
        told.net_revenue,
        told.currency,
        told.record_rank,
        case
            when explained_reports.record_key is not null then 'shift'
            when told.record_key <> told.original_key then 'resent copy'
        end as ignored_as,
        case
            when explained_reports.record_key is null and told.record_key <> told.original_key then told.original_key
        end as copy_of
    from told
    left join explained_reports on told.record_key = explained_reports.record_key
)

select * from final
