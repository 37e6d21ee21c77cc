{% set payment = [
    ('payment_id',       'id',     'text',   ''),
    ('status',           'status', 'text',   ''),
    ('raw_payment_type', 'type',   'text',   ''),
    ('amount',           'amount', 'money?', ''),
    ('paid_at',          'paidAt', 'local?', ''),
] %}

with

orders as (
    {{ live_documents('retailcrm', 'orders') }}
),

listed as (
    select
        source_system,
        source_account,
        order_id,
        local_time_zone,
        {{ json_values('payments') }} as payments
    from orders
    where payments is not null
),

final as (
    select
        p.source_system,
        p.source_account,
        coalesce(e.payment_id, p.order_id || '-' || cast(e.element_number as {{ dbt.type_string() }})) as source_record_id,
        p.order_id as order_record_id,
        e.raw_payment_type,
        e.amount,
        e.paid_at,
        e.status
    from {{ child_rows('listed', 'payments', payment) }}
)

select * from final
