{% set year_ago = days_before_as_of(365) -%}
-- Simple customer value: average order value × orders a year × years × margin, for a segment and never for one person's own figures. All
-- of it is of the 365 days up to the refresh: orders and margin of the people who are in the segment today, churn of those who were in
-- it at the beginning, judged by today's threshold of lapsed; NULL, and no value, while the history is too short for anybody to have
-- lapsed. One row per shopper type and membership.
with orders as (
    {{ people_orders() }}
),

customer_months as (
    select * from {{ ref('int_customer_months') }}
    where last_day = {{ as_of_date() }}
),

purchase_windows as (
    select * from {{ ref('int_purchase_windows') }}
),

memberships as (
    {{ memberships() }}
),

thresholds as (
    select lapsed_days from {{ ref('lifecycle_thresholds') }}
    where year = extract(year from {{ as_of_date() }})
),

order_days as (
    select
        customer_id,
        ordered_on,
        lead(ordered_on) over (partition by customer_id order by ordered_on) as next_on
    from (select distinct customer_id, ordered_on from orders) as days
),

lapses as (
    select
        order_days.customer_id,
        order_days.ordered_on,
        coalesce(order_days.next_on, {{ days_before_as_of(-1) }}) as next_on,
        cast({{ dbt.dateadd('day', 'thresholds.lapsed_days + 1', 'order_days.ordered_on') }} as date) as lapsed_on
    from order_days
    cross join thresholds
),

history as (
    select coalesce(min(lapsed_on) <= {{ as_of_date() }}, false) as has_lapses
    from lapses
),

served as (
    select
        lapses.customer_id,
        max(case
            when lapses.lapsed_on > {{ year_ago }} and lapses.ordered_on <= {{ year_ago }} and lapses.next_on > {{ year_ago }} then 1
            else 0
        end) as was_customer,
        max(case when lapses.lapsed_on > {{ year_ago }} and lapses.lapsed_on < lapses.next_on then 1 else 0 end) as has_lapsed
    from lapses
    group by lapses.customer_id
),

began as (
    select
        coalesce(purchase_windows.shopper_type, 'no_purchase') as shopper_type,
        memberships.customer_id is not null as is_loyalty_member,
        count(*) as customers_a_year_ago,
        sum(served.has_lapsed) as churned_customers
    from served
    left join purchase_windows
        on served.customer_id = purchase_windows.customer_id
            and purchase_windows.from_on <= {{ year_ago }} and purchase_windows.to_on > {{ year_ago }}
    left join memberships
        on served.customer_id = memberships.customer_id
            and memberships.enrolled_on <= {{ year_ago }}
            and (memberships.left_on is null or memberships.left_on > {{ year_ago }})
    where served.was_customer = 1
    group by 1, 2
),

bought as (
    select
        customer_months.shopper_type,
        customer_months.is_loyalty_member,
        count(distinct customer_months.customer_id) as customers,
        count(distinct orders.customer_id) as buyers,
        count(orders.order_id) as orders_count,
        sum(orders.net_revenue) as order_revenue,
        sum(orders.margin_amount) as margin_amount,
        sum(orders.assumed_cost_amount) as assumed_cost_amount
    from customer_months
    left join orders
        on customer_months.customer_id = orders.customer_id and orders.ordered_on > {{ year_ago }}
    group by 1, 2
),

counted as (
    select
        bought.shopper_type,
        bought.is_loyalty_member,
        cast(bought.customers as bigint) as customers,
        cast(bought.buyers as bigint) as buyers,
        cast(bought.orders_count as bigint) as orders_count,
        cast(coalesce(bought.order_revenue, 0) as decimal(18, 2)) as order_revenue,
        cast(coalesce(bought.margin_amount, 0) as decimal(18, 2)) as margin_amount,
        cast(coalesce(bought.assumed_cost_amount, 0) as decimal(18, 2)) as assumed_cost_amount,
        cast(coalesce(began.customers_a_year_ago, 0) as bigint) as customers_a_year_ago,
        cast(case when history.has_lapses then coalesce(began.churned_customers, 0) end as bigint) as churned_customers
    from bought
    cross join history
    left join began
        on bought.shopper_type = began.shopper_type and bought.is_loyalty_member = began.is_loyalty_member
),

rated as (
    select
        *,
        {{ ratio('order_revenue', 'orders_count') }} as average_order_value,
        {{ ratio('orders_count', 'buyers') }} as purchase_frequency_per_year,
        {{ ratio('margin_amount', 'order_revenue') }} as margin_rate,
        {{ ratio('churned_customers', 'customers_a_year_ago') }} as annual_churn_rate
    from counted
),

lived as (
    select
        *,
        case
            when annual_churn_rate * {{ rule('customer_value.lifespan_years_at_most') }} > 1 then 1 / annual_churn_rate
            when annual_churn_rate is not null then {{ rule('customer_value.lifespan_years_at_most') }}
        end as lifespan_years
    from rated
),

final as (
    select
        shopper_type,
        is_loyalty_member,
        customers,
        buyers,
        orders_count,
        order_revenue,
        margin_amount,
        assumed_cost_amount,
        average_order_value,
        purchase_frequency_per_year,
        margin_rate,
        customers_a_year_ago,
        churned_customers,
        annual_churn_rate,
        cast(lifespan_years as double) as lifespan_years,
        cast(average_order_value * purchase_frequency_per_year * lifespan_years * margin_rate as decimal(18, 2)) as clv_simple_margin
    from lived
)

select * from final
