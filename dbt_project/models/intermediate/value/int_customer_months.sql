-- A customer's months from the one of the first counted order on: where the customer stood at its end (in the running month on
-- the day of the refresh), and what happened in it. A return lessens the month in which the goods came back. The state at the start
-- is judged by the thresholds of the month, so that a year that changes them moves the base of churn and not the churn.
-- One row per customer and month.
with orders as (
    {{ people_orders() }}
),

returns as (
    select * from {{ ref('returns') }}
    where is_counted and returned_on <= {{ as_of_date() }}
),

purchase_windows as (
    select * from {{ ref('int_purchase_windows') }}
),

spans as (
    select * from {{ ref('int_lifecycle_spans') }}
),

memberships as (
    {{ memberships() }}
),

first_orders as (
    select customer_id, min(ordered_on) as first_on
    from orders
    group by customer_id
),

months as (
    select distinct
        month,
        cast(least({{ dbt.last_day('month', 'month') }}, {{ as_of_date() }}) as date) as last_day,
        cast({{ dbt.dateadd('day', -1, 'month') }} as date) as day_before
    from {{ ref('dates') }}
    where month <= {{ as_of_date() }}
),

customer_months as (
    select
        first_orders.customer_id,
        first_orders.first_on,
        months.month,
        months.last_day,
        months.day_before
    from first_orders
    inner join months on first_orders.first_on <= months.last_day
),

bought as (
    select
        customer_id,
        cast({{ dbt.date_trunc('month', 'ordered_on') }} as date) as month,
        count(*) as orders_count,
        sum(net_revenue) as order_revenue,
        sum(margin_amount) as margin_amount,
        sum(assumed_cost_amount) as assumed_cost_amount
    from orders
    group by 1, 2
),

brought_back as (
    select
        orders.customer_id,
        cast({{ dbt.date_trunc('month', 'returns.returned_on') }} as date) as month,
        sum(returns.amount) as returned_amount
    from returns
    inner join orders on returns.order_id = orders.order_id
    group by 1, 2
),

turns as (
    select
        customer_id,
        cast({{ dbt.date_trunc('month', 'from_on') }} as date) as month,
        max(case when lifecycle_state = 'lapsed' and entered_by = 'time' then 1 else 0 end) as became_lapsed,
        max(case when is_reactivation then 1 else 0 end) as was_reactivated
    from spans
    group by 1, 2
),

final as (
    select
        customer_months.customer_id,
        customer_months.month,
        customer_months.last_day,
        cast({{ dbt.date_trunc('month', 'customer_months.first_on') }} as date) as first_order_month,
        coalesce(purchase_windows.shopper_type, 'no_purchase') as shopper_type,
        coalesce(purchase_windows.channels_count, 0) as channels_count,
        coalesce(purchase_windows.orders_count, 0) as orders_12m,
        {{ frequency_band('purchase_windows.orders_count') }} as frequency_band,
        memberships.customer_id is not null as is_loyalty_member,
        closing.lifecycle_state,
        coalesce(changed.lifecycle_state, opening.lifecycle_state) as lifecycle_state_at_start,
        cast(coalesce(bought.orders_count, 0) as integer) as orders_count,
        cast(coalesce(bought.order_revenue, 0) as decimal(18, 2)) as order_revenue,
        cast(coalesce(brought_back.returned_amount, 0) as decimal(18, 2)) as returned_amount,
        cast(coalesce(bought.order_revenue, 0) - coalesce(brought_back.returned_amount, 0) as decimal(18, 2)) as net_revenue,
        cast(coalesce(bought.margin_amount, 0) as decimal(18, 2)) as margin_amount,
        cast(coalesce(bought.assumed_cost_amount, 0) as decimal(18, 2)) as assumed_cost_amount,
        coalesce(turns.became_lapsed, 0) = 1 as became_lapsed,
        coalesce(turns.was_reactivated, 0) = 1 as was_reactivated
    from customer_months
    inner join spans as closing
        on customer_months.customer_id = closing.customer_id
            and closing.from_on <= customer_months.last_day and closing.to_on > customer_months.last_day
    left join spans as opening
        on customer_months.customer_id = opening.customer_id
            and opening.from_on <= customer_months.day_before and opening.to_on > customer_months.day_before
    left join spans as changed
        on customer_months.customer_id = changed.customer_id
            and customer_months.month = changed.from_on
            and changed.entered_by = 'threshold'
    left join purchase_windows
        on customer_months.customer_id = purchase_windows.customer_id
            and purchase_windows.from_on <= customer_months.last_day and purchase_windows.to_on > customer_months.last_day
    left join memberships
        on customer_months.customer_id = memberships.customer_id
            and memberships.enrolled_on <= customer_months.last_day
            and (memberships.left_on is null or memberships.left_on > customer_months.last_day)
    left join bought on customer_months.customer_id = bought.customer_id and customer_months.month = bought.month
    left join brought_back
        on customer_months.customer_id = brought_back.customer_id and customer_months.month = brought_back.month
    left join turns on customer_months.customer_id = turns.customer_id and customer_months.month = turns.month
)

select * from final
