-- Every record that any system holds of an order, believed or not. Money in the reporting currency, at the rate of the order.
with matched as (
    select * from {{ ref('int_orders__matched') }}
),

records as (
    select * from {{ ref('int_orders__united') }}
),

orders as (
    select * from {{ ref('int_orders') }}
),

gift_cards as (
    select * from {{ ref('int_gift_card_lines') }}
),

stores as (
    select record_key, store_id from {{ ref('int_store_records') }}
),

employees as (
    select record_key, employee_id from {{ ref('int_employee_records') }}
),

rates as (
    select * from {{ ref('int_exchange_rates') }}
),

final as (
    select
        matched.order_id,
        records.source_system,
        records.source_account,
        records.source_record_id,
        matched.is_leader,
        matched.is_ignored,
        matched.matched_by,
        records.order_kind,
        records.order_number,
        records.ordered_at,
        records.fiscal_key,
        cast(
            (records.net_revenue - coalesce(gift_cards.net_amount, 0)) * coalesce(orders.exchange_rate, rates.rate)
            as decimal(18, 2)
        ) as net_revenue,
        coalesce(records.order_key = orders.amounts_order_key, false) as is_amounts_source,
        stores.store_id,
        employees.employee_id
    from matched
    inner join records on matched.order_key = records.order_key
    left join orders on matched.order_id = orders.order_id
    left join gift_cards on matched.order_key = gift_cards.order_key
    left join stores
        on records.source_system || ':' || records.source_account || ':' || records.store_record_id = stores.record_key
    left join employees
        on records.source_system || ':' || records.source_account || ':' || records.employee_record_id = employees.record_key
    left join rates
        on coalesce(records.currency, '{{ rule('business.currency') }}') = rates.currency
            and {{ business_date('records.ordered_at') }} >= rates.valid_from
            and {{ business_date('records.ordered_at') }} < rates.valid_before
)

select * from final
