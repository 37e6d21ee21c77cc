{% set bins = rule('customer_value.rfm_bins') -%}
{% set window_after = days_before_as_of(rule('customer_value.rfm_window_days')) -%}
-- What people are worth as of the refresh: RFM scores by the value breaks of the month, lifecycle state, simple value of their segment.
-- Without an order in the window nobody has a score. One row per customer with a counted order, without employees and companies.
with orders as (
    {{ people_orders() }}
),

returns as (
    select * from {{ ref('returns') }}
    where is_counted and returned_on > {{ window_after }} and returned_on <= {{ as_of_date() }}
),

breaks as (
    select * from {{ ref('rfm_breaks') }}
    where month = cast({{ dbt.date_trunc('month', as_of_date()) }} as date)
),

states as (
    select customer_id, lifecycle_state
    from {{ ref('int_lifecycle_spans') }}
    where to_on > {{ as_of_date() }}
),

segments as (
    select customer_months.customer_id, clv_segments.clv_simple_margin
    from {{ ref('int_customer_months') }} as customer_months
    inner join {{ ref('clv_segments') }} as clv_segments
        on customer_months.shopper_type = clv_segments.shopper_type
            and customer_months.is_loyalty_member = clv_segments.is_loyalty_member
    where customer_months.last_day = {{ as_of_date() }}
),

bought as (
    select
        customer_id,
        {{ dbt.datediff('max(ordered_on)', as_of_date(), 'day') }} as recency,
        count(*) as frequency,
        sum(net_revenue) as order_revenue
    from orders
    where ordered_on > {{ window_after }}
    group by customer_id
),

brought_back as (
    select orders.customer_id, sum(returns.amount) as returned_amount
    from returns
    inner join orders on returns.order_id = orders.order_id
    group by orders.customer_id
),

valued as (
    select
        bought.customer_id,
        bought.recency,
        bought.frequency,
        bought.order_revenue - coalesce(brought_back.returned_amount, 0) as monetary
    from bought
    left join brought_back on bought.customer_id = brought_back.customer_id
),

month_breaks as (
    select
        {%- for dimension in ['recency', 'frequency', 'monetary'] %}
        {%- for score in range(2, bins + 1) %}
        max(case when dimension = '{{ dimension }}' and score = {{ score }} then break_value end) as {{ dimension }}_{{ score }},
        {%- endfor %}
        {%- endfor %}
        count(*) as breaks
    from breaks
),

scored as (
    select
        valued.customer_id,
        1{% for score in range(2, bins + 1) %}
        + case when valued.recency < month_breaks.recency_{{ score }} then 1 else 0 end{% endfor %} as rfm_recency,
        1{% for score in range(2, bins + 1) %}
        + case when valued.frequency > month_breaks.frequency_{{ score }} then 1 else 0 end{% endfor %} as rfm_frequency,
        1{% for score in range(2, bins + 1) %}
        + case when valued.monetary > month_breaks.monetary_{{ score }} then 1 else 0 end{% endfor %} as rfm_monetary
    from valued
    cross join month_breaks
    where month_breaks.breaks > 0
),

final as (
    select
        states.customer_id,
        states.lifecycle_state,
        scored.rfm_recency,
        scored.rfm_frequency,
        scored.rfm_monetary,
        case when scored.customer_id is not null then
            {{ rfm_segment(rfm_level('scored.rfm_recency'), rfm_level('scored.rfm_frequency')) }}
        end as rfm_segment,
        segments.clv_simple_margin
    from states
    left join scored on states.customer_id = scored.customer_id
    left join segments on states.customer_id = segments.customer_id
)

select * from final
