-- Receiving goods and sending them back, each number on the day of its own event: orders on the day they were placed,
-- hand-overs on the day they happened, promises on the promised day once it is over or kept, collections on the day they
-- ended, returns on the day the goods came back, under the fulfilment method of their order. A method is chosen by who receives the goods
-- later: who carries them out of a store chose none, and of a marketplace's orders nobody knows, so both are in no share of methods.
-- An order that came back though nobody knows when it was handed over was handed over once: it is no promise due, kept or
-- broken, no hand-over with a number of days, and counts as collected on orders.handed_over_on, the day of its first return.
with orders as (
    select
        *,
        {{ business_date('received_at') }} as received_on,
        {{ business_date('cancelled_at') }} as cancelled_on,
        fulfilment_method in ('courier', 'pickup_point', 'store_pickup') as is_delivered_later,
        coalesce(status = 'returned', false) and received_at is null as is_received_unseen
    from {{ ref('orders') }}
    where not is_test
),

returns as (
    select
        returns.returned_on,
        returns.amount,
        coalesce(orders.fulfilment_method, 'unknown') as fulfilment_method,
        case
            when returns.return_channel = 'unknown' or orders.sales_channel = 'unknown' then null
            when orders.sales_channel = 'store' and returns.return_channel is not null
                then case when returns.return_channel <> 'store' then 1 else 0 end
            when orders.order_id is not null and returns.return_channel is not null
                then case when returns.return_channel = 'store' then 1 else 0 end
        end as crossed
    from {{ ref('returns') }} as returns
    left join {{ ref('orders') }} as orders on returns.order_id = orders.order_id
    where returns.is_counted
),

{#- One row per event: where from, on which day, on what condition, and what it adds; every other count is 0 there.
    A promise is due once its day is over or it is kept; one that was called off by then is none. -#}
{% set events = [
    ('orders', 'ordered_on', 'is_counted', {'orders': 'receipts_count', 'sold_amount': 'net_revenue'}),
    ('orders', 'received_on', 'is_counted and is_delivered_later and received_on is not null',
        {'days_taken': dbt.datediff('ordered_on', 'received_on', 'day')}),
    ('orders', 'promised_on',
        'is_delivered_later and not is_received_unseen and promised_on is not null'
        ~ ' and (promised_on < ' ~ as_of_date() ~ ' or received_on <= promised_on)'
        ~ ' and (received_on is not null or not is_cancelled or coalesce(cancelled_on > promised_on, false))',
        {'promises_due': '1', 'promises_kept': 'case when received_on <= promised_on then 1 else 0 end'}),
    ('orders', 'coalesce(handed_over_on, cancelled_on)',
        "fulfilment_method in ('pickup_point', 'store_pickup')"
        ~ ' and (handed_over_on is not null or (is_cancelled and cancelled_on is not null))',
        {'collections_ended': '1', 'collected': 'case when handed_over_on is not null then 1 else 0 end'}),
    ('returns', 'returned_on', 'true', {
        'returns_count': '1',
        'returned_amount': 'amount',
        'placed_returns': 'case when crossed is not null then 1 else 0 end',
        'crossed_returns': 'coalesce(crossed, 0)',
    }),
] -%}
{%- set counts = ['orders', 'sold_amount', 'promises_due', 'promises_kept', 'collections_ended', 'collected', 'returns_count',
    'returned_amount', 'placed_returns', 'crossed_returns'] %}

facts as (
    {%- for source, day, condition, adds in events %}
    select
        {{ day }} as day,
        fulfilment_method,
        {%- for count in counts %}
        {{ adds.get(count, '0') }} as {{ count }},
        {%- endfor %}
        cast({{ adds.get('days_taken', 'null') }} as integer) as days_taken
    from {{ source }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        day,
        fulfilment_method,
        cast(sum(orders) as bigint) as orders,
        cast(sum(sold_amount) as decimal(18, 2)) as sold_amount,
        cast(count(days_taken) as bigint) as handed_over,
        cast({{ quantile('days_taken', 0.5) }} as double) as delivery_days_p50,
        cast({{ quantile('days_taken', 0.9) }} as double) as delivery_days_p90,
        cast(sum(promises_due) as bigint) as promises_due,
        cast(sum(promises_kept) as bigint) as promises_kept,
        cast(sum(collections_ended) as bigint) as collections_ended,
        cast(sum(collected) as bigint) as collected,
        cast(sum(returns_count) as bigint) as returns_count,
        cast(sum(returned_amount) as decimal(18, 2)) as returned_amount,
        cast(sum(placed_returns) as bigint) as placed_returns,
        cast(sum(crossed_returns) as bigint) as cross_channel_returns
    from facts
    group by day, fulfilment_method
),

chosen as (
    select
        *,
        case when fulfilment_method in ('courier', 'pickup_point', 'store_pickup') then orders end as orders_to_receive
    from summed
),

final as (
    select
        day,
        fulfilment_method,
        orders,
        orders_to_receive,
        cast(coalesce(sum(orders_to_receive) over (partition by day), 0) as bigint) as orders_to_receive_of_day,
        {{ ratio('orders_to_receive', 'sum(orders_to_receive) over (partition by day)') }} as method_share,
        handed_over,
        delivery_days_p50,
        delivery_days_p90,
        promises_due,
        promises_kept,
        {{ ratio('promises_kept', 'promises_due') }} as on_time_share,
        collections_ended,
        collected,
        {{ ratio('collected', 'collections_ended') }} as collected_share,
        sold_amount,
        returns_count,
        returned_amount,
        {{ ratio('returned_amount', 'sold_amount') }} as return_rate,
        placed_returns,
        cross_channel_returns,
        {{ ratio('cross_channel_returns', 'placed_returns') }} as cross_channel_return_share
    from chosen
)

select * from final
