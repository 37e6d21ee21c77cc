-- Which ways through the channels led to an order, and how often they led nowhere. A path is the channels of the touches of the
-- attribution.window_days before an order, oldest first, the same channel twice running once; it counts in the month of its order.
-- Orders without a touch stand in the path `unattributed`, so that orders and revenue add up to those of order_attribution. A lost
-- path (int_touch_paths) counts in the month in which nothing could win it any more; from both together Markov's chain can be
-- computed again. The median of days cannot be put together from those of several paths; the mean can, from its parts.
with orders as (
    select * from {{ ref('orders') }}
    where is_counted and sales_channel <> 'marketplace'
),

walked as (
    select
        path_id,
        order_id,
        ended_on,
        {{ ordered_text_list('channel', 'step', ' > ') }} as path,
        max(touches_count) as touches_count,
        {{ dbt.datediff('min(first_touched_at)', 'max(ended_at)', 'second') }} as seconds
    from {{ ref('int_touch_paths') }}
    group by path_id, order_id, ended_on
),

ended as (
    select
        walked.ended_on,
        walked.path,
        case when walked.order_id is null then 0 else orders.receipts_count end as orders,
        case when walked.order_id is null then 1 else 0 end as lost_paths,
        coalesce(orders.net_revenue, 0) as revenue,
        case when walked.order_id is null then 0 else walked.touches_count end as touches,
        case when walked.order_id is not null then walked.seconds end as seconds
    from walked
    left join orders on walked.order_id = orders.order_id

    union all

    select
        orders.ordered_on as ended_on,
        'unattributed' as path,
        orders.receipts_count as orders,
        0 as lost_paths,
        orders.net_revenue as revenue,
        0 as touches,
        null as seconds
    from orders
    left join walked on orders.order_id = walked.order_id
    where walked.order_id is null
),

monthly as (
    select
        cast({{ dbt.date_trunc('month', 'ended_on') }} as date) as month,
        path,
        sum(orders) as orders,
        sum(revenue) as revenue,
        sum(touches) as touches,
        sum(lost_paths) as lost_paths,
        cast(sum(seconds) as double) / 86400 as days_to_conversion,
        {{ quantile('cast(seconds as double) / 86400', 0.5) }} as median_days_to_conversion
    from ended
    group by 1, 2
),

final as (
    select
        month,
        path,
        cast(orders as bigint) as orders,
        cast(case when path <> 'unattributed' then orders end as bigint) as touched_orders,
        cast(revenue as decimal(18, 2)) as revenue,
        cast(touches as bigint) as touches,
        case when path <> 'unattributed' then {{ ratio('touches', 'orders') }} end as touches_per_order,
        cast(days_to_conversion as double) as days_to_conversion,
        case when path <> 'unattributed' then {{ ratio('days_to_conversion', 'orders') }} end as average_days_to_conversion,
        cast(median_days_to_conversion as double) as median_days_to_conversion,
        cast(lost_paths as bigint) as lost_paths,
        cast(case when path <> 'unattributed' then orders + lost_paths end as bigint) as ended_paths,
        case when path <> 'unattributed' then {{ ratio('orders', 'orders + lost_paths') }} end as path_conversion_rate
    from monthly
)

select * from final
