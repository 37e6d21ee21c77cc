{% set cost = 'coalesce(costs.cost_amount, cast(orders.net_revenue * ' ~ (1 - rule('customer_value.assumed_margin_share'))
    ~ ' as decimal(18, 2)))' -%}
-- What the sums of a shift (order kind shift_report) do not tell is NULL, not 0: points and gift cards among the payments; its
-- discount holds both. Handed over on: the day of received_at; of an order that came back though nobody knows when it was handed over
-- the day of its first return, by when it had been.
with orders as (
    select * from {{ ref('int_orders') }}
),

stores as (
    select * from {{ ref('int_store_records') }}
),

employees as (
    select * from {{ ref('int_employee_records') }}
),

channels as (
    select * from {{ ref('channel_list') }}
),

costs as (
    select
        order_id,
        sum(cost_amount) as cost_amount,
        sum(case when cost_method = 'assumed_share' then cost_amount else 0 end) as assumed_cost_amount,
        sum(case when is_cancelled then 0 else quantity end) as units,
        case
            when min(case when not is_cancelled then cost_method end)
                = max(case when not is_cancelled then cost_method end)
                then min(case when not is_cancelled then cost_method end)
            else 'mixed'
        end as cost_method
    from {{ ref('order_lines') }}
    group by order_id
    having count(case when not is_cancelled then 1 end) > 0
),

returned as (
    select order_id, sum(amount) as amount, min(returned_on) as first_returned_on
    from {{ ref('int_returns') }}
    where order_id is not null
    group by order_id
),

paid_by_gift_card as (
    select order_id, sum(amount) as amount
    from {{ ref('gift_card_movements') }}
    where movement_type = 'redeemed'
    group by order_id
),

settled as (
    select order_id, sum(payout_amount) as amount
    from {{ ref('marketplace_settlements') }}
    where order_id is not null
    group by order_id
),

reasons as (
    select matched.order_id, min({{ mapped_value('cancel_reason') }}) as cancel_reason
    from {{ ref('int_orders__united') }} as records
    inner join {{ ref('int_orders__matched') }} as matched on records.order_key = matched.order_key
    {{ mapped('cancel_reason', 'records.source_system', 'records.raw_status') }}
    where {{ mapped_value('cancel_reason') }} <> 'unknown'
    group by matched.order_id
),

numbered as (
    select
        order_id,
        row_number() over (partition by customer_id order by ordered_at, order_id) as place
    from orders
    where is_counted and customer_id is not null
),

final as (
    select
        orders.order_id,
        orders.source_system,
        orders.source_account,
        orders.source_record_id,
        orders.order_number,
        orders.brand,
        orders.customer_id,
        orders.ordered_at,
        orders.ordered_on,
        orders.sales_channel,
        coalesce(channels.channel_class, 'unknown') as channel_class,
        orders.fulfilment_method,
        stores.store_id,
        employees.employee_id,
        orders.status,
        orders.is_completed,
        orders.is_cancelled,
        orders.is_test,
        orders.is_employee_purchase,
        orders.is_b2b,
        orders.is_counted,
        orders.payment_method,
        orders.delivery_region,
        orders.promised_on,
        orders.received_at,
        orders.cancelled_at,
        orders.gross_amount,
        orders.discount_amount,
        case when orders.order_kind = 'shift_report' then null else orders.points_discount_amount end as points_discount_amount,
        orders.delivery_amount,
        orders.net_revenue,
        cast(coalesce(returned.amount, 0) as decimal(18, 2)) as returned_amount,
        cast(orders.net_revenue - {{ cost }} as decimal(18, 2)) as margin_amount,
        coalesce(costs.cost_method, 'assumed_share') as cost_method,
        case when orders.order_kind = 'shift_report' then null else orders.points_redeemed end as points_redeemed,
        case when orders.order_kind = 'shift_report' then null else orders.points_earned end as points_earned,
        orders.currency,
        case when orders.customer_id is not null then coalesce(numbered.place = 1, false) end as is_first_order,
        cast(coalesce(costs.units, 0) as double) as units,
        orders.exchange_rate,
        orders.mirror_order_key as mirror_record,
        orders.mirror_matched_by,
        orders.mirror_net_revenue,
        orders.custom_fields,
        orders.receipts_count,
        cast({{ cost }} as decimal(18, 2)) as cost_amount,
        orders.gift_cards_sold_amount,
        orders.is_gift_cards_only,
        cast(
            case when orders.order_kind = 'shift_report' then null else coalesce(paid_by_gift_card.amount, 0) end as decimal(18, 2)
        ) as gift_card_paid_amount,
        cast(settled.amount as decimal(18, 2)) as payout_amount,
        orders.order_kind,
        case
            when orders.received_at is not null then {{ business_date('orders.received_at') }}
            when orders.status = 'returned' then returned.first_returned_on
        end as handed_over_on,
        cast(
            case when costs.order_id is null then {{ cost }} else costs.assumed_cost_amount end as decimal(18, 2)
        ) as assumed_cost_amount,
        case when orders.is_cancelled then reasons.cancel_reason end as cancel_reason
    from orders
    left join stores on orders.store_key = stores.record_key
    left join employees on orders.employee_key = employees.record_key
    left join channels on orders.sales_channel = channels.channel
    left join costs on orders.order_id = costs.order_id
    left join returned on orders.order_id = returned.order_id
    left join numbered on orders.order_id = numbered.order_id
    left join paid_by_gift_card on orders.order_id = paid_by_gift_card.order_id
    left join settled on orders.order_id = settled.order_id
    left join reasons on orders.order_id = reasons.order_id
)

select * from final
