-- The orders placed on a day, the returns that came back on it, the gift cards sold and the payouts settled on it.
-- Записи — заказы, оформленные в этот день, возвраты, проданные подарочные карты и выплаты маркетплейсов этого дня.
with records as (
    select
        orders.ordered_on as day,
        orders.sales_channel,
        orders.store_id,
        orders.brand,
        'order' as kind,
        orders.order_id as record_id,
        orders.receipts_count as orders_count,
        case when orders.order_kind = 'shift_report' or orders.sales_channel = 'marketplace' then 0
            else orders.receipts_count end as itemised_orders,
        if(orders.is_completed, orders.receipts_count, 0) as completed_orders,
        if(orders.customer_id is not null, orders.receipts_count, 0) as identified_orders,
        orders.units,
        orders.gross_amount,
        if(orders.order_kind = 'shift_report', 0, orders.gross_amount) as itemised_gross_amount,
        orders.discount_amount,
        if(orders.order_kind = 'shift_report', 0, orders.discount_amount) as itemised_discount_amount,
        (
            select sum(amount) from marts.order_discounts
            where order_discounts.order_id = orders.order_id and discount_type = 'personal'
        ) as personal_discount_amount,
        orders.points_discount_amount,
        orders.delivery_amount,
        orders.net_revenue as order_revenue,
        orders.cost_amount,
        orders.assumed_cost_amount,
        orders.margin_amount,
        orders.gift_card_paid_amount,
        0 as gift_cards_sold_amount,
        0 as returns_count,
        0 as returns_amount,
        cast(null as decimal(18, 2)) as payout_amount
    from marts.orders
    where orders.is_counted

    union all by name

    select
        returns.returned_on as day,
        case when returns.order_id is not null then orders.sales_channel
            when returns.return_store_id is not null then 'store' else 'unknown' end as sales_channel,
        if(returns.order_id is not null, orders.store_id, returns.return_store_id) as store_id,
        orders.brand,
        'return' as kind,
        returns.return_id as record_id,
        1 as returns_count,
        returns.amount as returns_amount
    from marts.returns
    left join marts.orders using (order_id)
    where returns.is_counted

    union all by name

    select
        occurred_on as day,
        sales_channel,
        store_id,
        brand,
        'gift card' as kind,
        movement_id as record_id,
        amount as gift_cards_sold_amount
    from marts.gift_card_movements
    where movement_type = 'sold'

    union all by name

    select
        settlements.settled_on as day,
        'marketplace' as sales_channel,
        orders.store_id,
        orders.brand,
        'payout' as kind,
        settlements.settlement_id as record_id,
        settlements.payout_amount
    from marts.marketplace_settlements as settlements
    left join marts.orders using (order_id)
)

select
    day,
    sales_channel,
    store_id,
    brand,
    coalesce(sum(orders_count), 0) as orders_count,
    coalesce(sum(itemised_orders), 0) as itemised_orders,
    coalesce(sum(completed_orders), 0) as completed_orders,
    coalesce(sum(identified_orders), 0) as identified_orders,
    coalesce(sum(units), 0) as units,
    coalesce(sum(gross_amount), 0) as gross_amount,
    coalesce(sum(itemised_gross_amount), 0) as itemised_gross_amount,
    coalesce(sum(discount_amount), 0) as discount_amount,
    coalesce(sum(itemised_discount_amount), 0) as itemised_discount_amount,
    coalesce(sum(personal_discount_amount), 0) as personal_discount_amount,
    coalesce(sum(points_discount_amount), 0) as points_discount_amount,
    coalesce(sum(delivery_amount), 0) as delivery_amount,
    coalesce(sum(order_revenue), 0) as order_revenue,
    coalesce(sum(cost_amount), 0) as cost_amount,
    coalesce(sum(assumed_cost_amount), 0) as assumed_cost_amount,
    coalesce(sum(margin_amount), 0) as margin_amount,
    coalesce(sum(gift_card_paid_amount), 0) as gift_card_paid_amount,
    coalesce(sum(gift_cards_sold_amount), 0) as gift_cards_sold_amount,
    coalesce(sum(returns_count), 0) as returns_count,
    coalesce(sum(returns_amount), 0) as returns_amount,
    coalesce(sum(order_revenue), 0) - coalesce(sum(returns_amount), 0) as net_revenue,
    sum(payout_amount) as payout_amount
from records
group by all
