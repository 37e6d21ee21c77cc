-- A table, since several models and tests read it and each reading would join and parse anew.
{{ config(materialized='table') }}
{% set tag = [('name', 'name', 'text', '')] %}

with

orders as (
    {{ live_documents('retailcrm', 'orders') }}
),

order_history as (
    {{ live_documents('retailcrm', 'order_history') }}
),

order_lines as (
    select * from {{ ref('stg_retailcrm__order_lines') }}
),

accounts as (
    select source_account, max(currency) as currency
    from ({{ live_documents('retailcrm', 'settings') }}) as settings
    group by source_account
),

payments as (
    select * from {{ ref('stg_retailcrm__payments') }}
),

dictionaries as (
    {{ live_documents('retailcrm', 'references') }}
),

status_groups as (
    select
        source_account,
        code,
        status_group
    from dictionaries
    where document_key like 'statuses:%' and status_group is not null
),

employees_orders as (
    select distinct
        tags.source_account,
        tags.order_id
    from (
        select
            p.source_system,
            p.source_account,
            p.order_id,
            lower(e.name) as tag
        from {{ child_rows('orders', 'customer_tags', tag) }}
    ) as tags
    {{ mapped('customer_tag', 'tags.source_system', 'tags.tag') }}
    where {{ mapped_value('customer_tag') }} = 'employee'
),

lines_summed as (
    select
        source_account,
        order_record_id,
        sum(case when is_cancelled then 0 else net_amount + discount_amount + points_discount_amount end) as gross_amount,
        sum(case when is_cancelled then 0 else points_discount_amount end) as points_discount_amount
    from order_lines
    group by source_account, order_record_id
),

first_payments as (
    select
        source_account,
        order_record_id,
        raw_payment_type,
        row_number() over (
            partition by source_account, order_record_id
            order by amount desc, source_record_id
        ) as place
    from payments
    where raw_payment_type is not null
),

codes as (
    select source_system, source_account, status from orders where status is not null
    union
    select source_system, source_account, status from order_history
),

grouped as (
    select
        codes.*,
        -- A status that the seed does not know is read by its group in the account's own dictionary.
        case
            when {{ mapped_value('order_status', 'by_code') }} <> 'unknown' then codes.status
            when status_groups.status_group is not null then 'group:' || status_groups.status_group
            else codes.status
        end as raw_status
    from codes
    left join status_groups
        on codes.source_account = status_groups.source_account
            and codes.status = status_groups.code
    {{ mapped('order_status', 'codes.source_system', 'codes.status', 'by_code') }}
),

statuses as (
    select
        grouped.*,
        {{ mapped_value('order_status') }} as mapped_status
    from grouped
    {{ mapped('order_status', 'grouped.source_system', 'grouped.raw_status') }}
),

entered as (
    select
        order_history.source_account,
        order_history.order_id,
        order_history.entered_at,
        statuses.mapped_status,
        -- A cancellation that was taken back is none: only what came after the last other status counts.
        max(case when statuses.mapped_status <> 'cancelled' then order_history.entered_at end)
            over (partition by order_history.source_account, order_history.order_id) as last_not_cancelled_at
    from order_history
    inner join statuses
        on order_history.source_account = statuses.source_account
            and order_history.status = statuses.status
),

told as (
    select
        source_account,
        order_id,
        min(case when mapped_status = 'completed' then entered_at end) as completed_at,
        min(
            case
                when mapped_status = 'cancelled' and (last_not_cancelled_at is null or entered_at >= last_not_cancelled_at)
                    then entered_at
            end
        ) as cancelled_at
    from entered
    group by source_account, order_id
),

amounts as (
    select
        orders.*,
        accounts.currency as account_currency,
        cast(orders.total_amount - coalesce(orders.delivery_amount, 0) as decimal(18, 2)) as net_revenue,
        cast(
            coalesce(lines_summed.gross_amount, orders.total_amount - coalesce(orders.delivery_amount, 0)) as decimal(18, 2)
        ) as gross_amount,
        cast(coalesce(lines_summed.points_discount_amount, 0) as decimal(18, 2)) as points_discount_amount,
        first_payments.raw_payment_type,
        employees_orders.order_id is not null as is_employee_purchase,
        statuses.raw_status,
        statuses.mapped_status,
        told.completed_at as told_completed_at,
        told.cancelled_at as told_cancelled_at,
        {{ mapped_value('order_kind_flag') }} as order_kind_flag
    from orders
    left join accounts
        on orders.source_account = accounts.source_account
    left join statuses
        on orders.source_account = statuses.source_account
            and orders.status = statuses.status
    left join told
        on orders.source_account = told.source_account
            and orders.order_id = told.order_id
    left join lines_summed
        on orders.source_account = lines_summed.source_account
            and orders.order_id = lines_summed.order_record_id
    left join first_payments
        on orders.source_account = first_payments.source_account
            and orders.order_id = first_payments.order_record_id
            and first_payments.place = 1
    left join employees_orders
        on orders.source_account = employees_orders.source_account
            and orders.order_id = employees_orders.order_id
    {{ mapped('order_kind_flag', 'orders.source_system', 'orders.order_type') }}
),

final as (
    select
        source_system,
        source_account,
        order_id as source_record_id,
        'order' as order_kind,
        order_number,
        external_id as external_order_id,
        customer_id as profile_record_id,
        site as brand,
        ordered_at,
        order_method as raw_order_method,
        raw_status,
        delivery_code as raw_fulfilment,
        raw_payment_type,
        shipment_store as store_record_id,
        manager_id as employee_record_id,
        delivery_region,
        delivery_city,
        promised_on,
        coalesce(told_completed_at, case when mapped_status = 'completed' then status_changed_at end) as received_at,
        case when mapped_status = 'cancelled' then coalesce(told_cancelled_at, status_changed_at) end as cancelled_at,
        status_changed_at,
        gross_amount,
        cast(gross_amount - points_discount_amount - net_revenue as decimal(18, 2)) as discount_amount,
        points_discount_amount,
        coalesce(delivery_amount, 0) as delivery_amount,
        net_revenue,
        coalesce(currency, account_currency) as currency,
        coalesce(points_redeemed, 0) as points_redeemed,
        coalesce(points_earned, 0) as points_earned,
        order_kind_flag = 'test' as is_test,
        order_kind_flag = 'b2b' or coalesce(customer_type, '') = 'customer_corporate' as is_b2b,
        order_kind_flag = 'employee' or is_employee_purchase as is_employee_purchase,
        email as contact_email,
        phone as contact_phone,
        nullif(custom_fields, '[]') as custom_fields
    from amounts
)

select * from final
