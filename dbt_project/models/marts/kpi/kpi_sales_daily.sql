-- Orders count on the day they were placed, returns on the day the goods came back, in the channel, store and brand of the
-- order they belong to; a return without an order stands in the store that took it. Margin is that of the orders, before returns,
-- as their revenue is. Gift cards stand on the day they were sold or the order they paid for was placed, payouts on the day they
-- were settled, in the channel marketplace. Both parts of a ratio come from orders of which both are known: receipts that stand in
-- the sums of a shift alone name nobody and tell discounts and points in one, and marketplaces name no buyer.
with orders as (
    select * from {{ ref('orders') }}
    where is_counted
),

personal as (
    select order_id, sum(amount) as amount
    from {{ ref('order_discounts') }}
    where discount_type = 'personal'
    group by order_id
),

returns as (
    select
        returns.*,
        orders.sales_channel as order_sales_channel,
        orders.store_id as order_store_id,
        orders.brand as order_brand
    from {{ ref('returns') }} as returns
    left join {{ ref('orders') }} as orders on returns.order_id = orders.order_id
    where returns.is_counted
),

gift_cards as (
    select * from {{ ref('gift_card_movements') }}
    where movement_type = 'sold'
),

settlements as (
    select
        settlements.settled_on,
        settlements.payout_amount,
        orders.store_id,
        orders.brand
    from {{ ref('marketplace_settlements') }} as settlements
    left join {{ ref('orders') }} as orders on settlements.order_id = orders.order_id
),

{#- What stands on a day without an order, and what it adds; every other sum is 0 there -#}
{%- set others = [
    ('returns', 'returned_on',
        "case when order_id is not null then order_sales_channel when return_store_id is not null then 'store' else 'unknown' end",
        'case when order_id is not null then order_store_id else return_store_id end', 'order_brand',
        {'returns_count': '1', 'returns_amount': 'amount'}),
    ('gift_cards', 'occurred_on', 'sales_channel', 'store_id', 'brand', {'gift_cards_sold_amount': 'amount'}),
    ('settlements', 'settled_on', "'marketplace'", 'store_id', 'brand', {'payout_amount': 'payout_amount'}),
] -%}
{%- set sums = ['orders_count', 'itemised_orders', 'completed_orders', 'identified_orders', 'units', 'gross_amount',
    'itemised_gross_amount', 'discount_amount', 'itemised_discount_amount', 'assumed_cost_amount',
    'personal_discount_amount', 'points_discount_amount', 'delivery_amount', 'order_revenue', 'cost_amount', 'margin_amount',
    'gift_card_paid_amount', 'gift_cards_sold_amount', 'returns_count', 'returns_amount'] %}

facts as (
    select
        orders.ordered_on as day,
        orders.sales_channel,
        orders.store_id,
        orders.brand,
        orders.receipts_count as orders_count,
        case
            when orders.order_kind = 'shift_report' or orders.sales_channel = 'marketplace' then 0 else orders.receipts_count
        end as itemised_orders,
        case when orders.is_completed then orders.receipts_count else 0 end as completed_orders,
        case when orders.customer_id is not null then orders.receipts_count else 0 end as identified_orders,
        orders.units,
        orders.gross_amount,
        case when orders.order_kind = 'shift_report' then 0 else orders.gross_amount end as itemised_gross_amount,
        orders.discount_amount,
        case when orders.order_kind = 'shift_report' then 0 else orders.discount_amount end as itemised_discount_amount,
        orders.assumed_cost_amount,
        coalesce(personal.amount, 0) as personal_discount_amount,
        coalesce(orders.points_discount_amount, 0) as points_discount_amount,
        orders.delivery_amount,
        orders.net_revenue as order_revenue,
        orders.cost_amount,
        orders.margin_amount,
        coalesce(orders.gift_card_paid_amount, 0) as gift_card_paid_amount,
        0 as gift_cards_sold_amount,
        0 as returns_count,
        0 as returns_amount,
        cast(null as decimal(18, 2)) as payout_amount
    from orders
    left join personal on orders.order_id = personal.order_id

    union all

    {%- for source, day, channel, store, brand, adds in others %}

    select
        {{ day }} as day,
        {{ channel }} as sales_channel,
        {{ store }} as store_id,
        {{ brand }} as brand,
        {%- for sum in sums %}
        {{ adds.get(sum, '0') }} as {{ sum }},
        {%- endfor %}
        {{ adds.get('payout_amount', 'cast(null as decimal(18, 2))') }} as payout_amount
    from {{ source }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        day,
        sales_channel,
        store_id,
        brand,
        cast(sum(orders_count) as bigint) as orders_count,
        cast(sum(itemised_orders) as bigint) as itemised_orders,
        cast(sum(completed_orders) as bigint) as completed_orders,
        cast(sum(identified_orders) as bigint) as identified_orders,
        cast(sum(units) as double) as units,
        cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        cast(sum(itemised_gross_amount) as decimal(18, 2)) as itemised_gross_amount,
        cast(sum(discount_amount) as decimal(18, 2)) as discount_amount,
        cast(sum(itemised_discount_amount) as decimal(18, 2)) as itemised_discount_amount,
        cast(sum(assumed_cost_amount) as decimal(18, 2)) as assumed_cost_amount,
        cast(sum(personal_discount_amount) as decimal(18, 2)) as personal_discount_amount,
        cast(sum(points_discount_amount) as decimal(18, 2)) as points_discount_amount,
        cast(sum(delivery_amount) as decimal(18, 2)) as delivery_amount,
        cast(sum(order_revenue) as decimal(18, 2)) as order_revenue,
        cast(sum(cost_amount) as decimal(18, 2)) as cost_amount,
        cast(sum(margin_amount) as decimal(18, 2)) as margin_amount,
        cast(sum(gift_card_paid_amount) as decimal(18, 2)) as gift_card_paid_amount,
        cast(sum(gift_cards_sold_amount) as decimal(18, 2)) as gift_cards_sold_amount,
        cast(sum(returns_count) as bigint) as returns_count,
        cast(sum(returns_amount) as decimal(18, 2)) as returns_amount,
        cast(sum(payout_amount) as decimal(18, 2)) as payout_amount
    from facts
    group by day, sales_channel, store_id, brand
),

final as (
    select
        day,
        sales_channel,
        store_id,
        brand,
        orders_count,
        completed_orders,
        order_revenue,
        {{ ratio('order_revenue', 'orders_count') }} as average_order_value,
        returns_count,
        returns_amount,
        cast(order_revenue - returns_amount as decimal(18, 2)) as net_revenue,
        gross_amount,
        discount_amount,
        {{ ratio('itemised_discount_amount', 'itemised_gross_amount') }} as discount_rate,
        personal_discount_amount,
        {{ ratio('personal_discount_amount', 'itemised_discount_amount') }} as personal_discount_share,
        points_discount_amount,
        delivery_amount,
        margin_amount,
        units,
        {{ ratio('units', 'orders_count') }} as units_per_order,
        identified_orders,
        {{ ratio('identified_orders', 'itemised_orders') }} as identified_share,
        payout_amount,
        cost_amount,
        gift_cards_sold_amount,
        gift_card_paid_amount,
        itemised_orders,
        itemised_gross_amount,
        itemised_discount_amount,
        assumed_cost_amount
    from summed
)

select * from final
