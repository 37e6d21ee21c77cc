-- What happened on a day: orders placed, handed over, promised, collected or given up, and returns, by how the order was to be received.
-- Записи — события дня: оформленные, выданные, обещанные, забранные и незабранные заказы и возвраты, по способу получения.
with orders as (
    select
        *,
        cast(timezone(zone, timezone('UTC', received_at)) as date) as received_on,
        cast(timezone(zone, timezone('UTC', cancelled_at)) as date) as cancelled_on,
        cast(timezone(zone, timezone('UTC', as_of)) as date) as as_of_on,
        fulfilment_method in ('courier', 'pickup_point', 'store_pickup') as is_delivered_later
    from marts.orders
    cross join (select value as zone from marts.parameters where name = 'business.timezone')
    cross join (select max(refreshed_at) as as_of from marts.load_reconciliation)
    where not is_test
),

records as (
    select
        ordered_on as day,
        fulfilment_method,
        'placed' as kind,
        order_id as record_id,
        receipts_count as orders,
        net_revenue as sold_amount
    from orders
    where is_counted

    union all by name

    select
        received_on as day,
        fulfilment_method,
        'handed over' as kind,
        order_id as record_id,
        date_diff('day', ordered_on, received_on) as days_taken
    from orders
    where is_counted and is_delivered_later and received_on is not null

    union all by name

    select
        promised_on as day,
        fulfilment_method,
        'promised' as kind,
        order_id as record_id,
        1 as promises_due,
        if(received_on <= promised_on, 1, 0) as promises_kept
    from orders
    where is_delivered_later
        and not (coalesce(status = 'returned', false) and received_at is null)
        and (promised_on < as_of_on or received_on <= promised_on)
        and (received_on is not null or not is_cancelled or coalesce(cancelled_on > promised_on, false))

    union all by name

    select
        coalesce(handed_over_on, cancelled_on) as day,
        fulfilment_method,
        'collection ended' as kind,
        order_id as record_id,
        1 as collections_ended,
        if(handed_over_on is not null, 1, 0) as collected
    from orders
    where fulfilment_method in ('pickup_point', 'store_pickup')
        and (handed_over_on is not null or (is_cancelled and cancelled_on is not null))

    union all by name

    select
        returns.returned_on as day,
        coalesce(orders.fulfilment_method, 'unknown') as fulfilment_method,
        'returned' as kind,
        returns.return_id as record_id,
        returns.amount as returned_amount,
        case
            when returns.return_channel is null or returns.return_channel = 'unknown' or orders.sales_channel = 'unknown'
                or orders.order_id is null then null
            else (orders.sales_channel = 'store') <> (returns.return_channel = 'store')
        end as is_crossed
    from marts.returns
    left join marts.orders using (order_id)
    where returns.is_counted
)

select
    day,
    fulfilment_method,
    coalesce(sum(orders), 0) as orders,
    if(fulfilment_method in ('courier', 'pickup_point', 'store_pickup'), coalesce(sum(orders), 0), null) as orders_to_receive,
    coalesce(sum(sum(orders) filter (where fulfilment_method in ('courier', 'pickup_point', 'store_pickup'))) over (partition by day), 0)
        as orders_to_receive_of_day,
    coalesce(sum(sold_amount), 0) as sold_amount,
    count(days_taken) as handed_over,
    quantile_cont(days_taken, 0.5) as delivery_days_p50,
    quantile_cont(days_taken, 0.9) as delivery_days_p90,
    coalesce(sum(promises_due), 0) as promises_due,
    coalesce(sum(promises_kept), 0) as promises_kept,
    coalesce(sum(collections_ended), 0) as collections_ended,
    coalesce(sum(collected), 0) as collected,
    count(*) filter (where kind = 'returned') as returns_count,
    coalesce(sum(returned_amount), 0) as returned_amount,
    count(is_crossed) as placed_returns,
    count(*) filter (where is_crossed) as cross_channel_returns
from records
group by day, fulfilment_method
