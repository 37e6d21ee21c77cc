-- What was paid for an order, told by one system only: the one whose amounts the order has, so that nothing is paid
-- twice. One row per payment.
{{ config(materialized='view') }}

with payments as (
    select * from {{ ref('int_payments__united') }}
),

orders as (
    select * from {{ ref('int_orders') }}
),

mapped as (
    select * from {{ ref('int_values__mapped') }}
    where resource = 'payments' and field = 'payment_method'
),

final as (
    select
        payments.payment_id,
        payments.source_system,
        payments.source_account,
        payments.source_record_id,
        orders.order_id,
        coalesce(mapped.mapped_to, case when payments.raw_payment_type is not null then 'unknown' end)
            as payment_method,
        cast(payments.amount * orders.exchange_rate as decimal(18, 2)) as amount,
        payments.paid_at,
        payments.status
    from payments
    inner join orders on payments.order_key = orders.amounts_order_key
    left join mapped
        on payments.source_system = mapped.source_system
            and payments.source_account = mapped.source_account
            and payments.raw_payment_type = mapped.raw_value
)

select * from final
