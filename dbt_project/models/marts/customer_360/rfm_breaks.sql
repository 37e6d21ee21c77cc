{% set bins = rule('customer_value.rfm_bins') -%}
{% set window = rule('customer_value.rfm_window_days') -%}
-- Value breaks of the RFM scores: quantiles of recency, frequency and money over the people with an order in the window as of the day
-- before the month, frozen for the month, so that within it nobody changes a cell because others bought. Breaks are values and
-- no ranks: equal values lie on one side of them. One row per month, dimension and score.
with orders as (
    {{ people_orders() }}
),

returns as (
    select * from {{ ref('returns') }}
    where is_counted
),

movements as (
    select customer_id, ordered_on as moved_on, 1 as orders_count, net_revenue as amount
    from orders
    union all
    select orders.customer_id, returns.returned_on as moved_on, 0 as orders_count, 0 - returns.amount as amount
    from returns
    inner join orders on returns.order_id = orders.order_id
),

daily as (
    select customer_id, moved_on, sum(orders_count) as orders_count, sum(amount) as amount
    from movements
    group by customer_id, moved_on
),

months as (
    select distinct
        month,
        cast({{ dbt.dateadd('day', -1, 'month') }} as date) as day_before,
        cast({{ dbt.dateadd('day', -1 - window, 'month') }} as date) as window_after
    from {{ ref('dates') }}
    where month <= {{ as_of_date() }}
),

customers as (
    select
        months.month,
        {{ dbt.datediff('max(case when daily.orders_count > 0 then daily.moved_on end)', 'max(months.day_before)', 'day') }} as recency,
        sum(daily.orders_count) as frequency,
        cast(sum(daily.amount) as double) as monetary
    from months
    inner join daily on daily.moved_on > months.window_after and daily.moved_on <= months.day_before
    group by months.month, daily.customer_id
    having sum(daily.orders_count) > 0
),

monthly as (
    select
        month,
        {%- for score in range(2, bins + 1) %}
        {{ quantile('recency', (bins + 1 - score) / bins) }} as recency_{{ score }},
        {{ quantile('frequency', (score - 1) / bins) }} as frequency_{{ score }},
        {{ quantile('monetary', (score - 1) / bins) }} as monetary_{{ score }},
        {%- endfor %}
        count(*) as customers
    from customers
    group by month
),

final as (
    {%- for dimension in ['recency', 'frequency', 'monetary'] %}
    {%- set last = loop.last %}
    {%- for score in range(2, bins + 1) %}
    select
        month,
        '{{ dimension }}' as dimension,
        {{ score }} as score,
        cast({{ dimension }}_{{ score }} as double) as break_value,
        cast(customers as bigint) as customers
    from monthly
    {{ 'union all' if not (last and loop.last) }}
    {%- endfor %}
    {%- endfor %}
)

select * from final
