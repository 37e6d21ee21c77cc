-- What an order is called by anybody: its number, external id or record id in every system that holds it. The number of a
-- till receipt counts only where no order is called so, since every till counts from 1. One row per word and order.
with records as (
    select * from {{ ref('int_orders__united') }}
),

matched as (
    select * from {{ ref('int_orders__matched') }}
),

orders as (
    select order_id, order_kind, customer_id from {{ ref('int_orders') }}
),

called as (
    select order_key, order_key as called from records
    {%- for column in ['order_number', 'external_order_id', 'mirror_number', 'source_record_id'] %}
    union all
    select order_key, {{ column }} as called from records where {{ column }} is not null
    {%- endfor %}
),

together as (
    select distinct
        {{ reference_key('called.called') }} as reference,
        matched.order_id,
        orders.customer_id,
        case when orders.order_kind = 'receipt' then 1 else 0 end as is_receipt
    from called
    inner join matched on called.order_key = matched.order_key
    inner join orders on matched.order_id = orders.order_id
),

ranked as (
    select
        together.*,
        min(is_receipt) over (partition by reference) as best
    from together
    where reference is not null
),

final as (
    select
        reference,
        order_id,
        customer_id,
        count(*) over (partition by reference) as orders_count
    from ranked
    where is_receipt = best
)

select * from final
