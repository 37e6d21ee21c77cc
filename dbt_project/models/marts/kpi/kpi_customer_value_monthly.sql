{% set repeat_days = [90, 180, 365] -%}
-- A month of the people a retailer sells to, by where they stood at its end: shopper type of the rolling 12 months and membership. Who has
-- never ordered and only browsed or visited stands under no_purchase. Churn has two forms, since who lapses has by then not bought
-- for as long as a shopper type looks back: churn_rate by the segment at the end of the month as every state here, and
-- churn_rate_of_opening_segment by the segment in which the month began. Until the first order of all is so old that its buyer could
-- have lapsed by the end of the month, nobody can have lapsed or come back: that is unknown (NULL) and no 0, and churn is divided by
-- the people of the other months alone (*_known).
with customer_months as (
    select
        *,
        lag(shopper_type) over (partition by customer_id order by month) as shopper_type_at_start,
        lag(is_loyalty_member) over (partition by customer_id order by month) as was_loyalty_member_at_start
    from {{ ref('int_customer_months') }}
),

orders as (
    {{ people_orders() }}
),

memberships as (
    {{ memberships() }}
),

people as (
    select customer_id
    from {{ ref('int_customers') }}
    where not (is_employee or is_b2b)
),

-- Only of systems that tell what was looked at: of the others nobody knows.
site_visitors as (
    select
        sessions.customer_id,
        cast({{ dbt.date_trunc('month', 'sessions.started_on') }} as date) as month,
        max(case when sessions.viewed_product or sessions.added_to_cart then 1 else 0 end) as is_engaged
    from {{ ref('sessions') }} as sessions
    inner join people on sessions.customer_id = people.customer_id
    where coalesce(sessions.viewed_product, sessions.added_to_cart) is not null and sessions.started_on <= {{ as_of_date() }}
    group by 1, 2
),

store_visitors as (
    select
        visits.customer_id,
        cast({{ dbt.date_trunc('month', 'visits.visited_on') }} as date) as month,
        count(*) as store_visits
    from {{ ref('int_store_visits') }} as visits
    inner join people on visits.customer_id = people.customer_id
    where visits.visited_on <= {{ as_of_date() }}
    group by 1, 2
),

seen as (
    select customer_id, month from customer_months
    union
    select customer_id, month from site_visitors
    union
    select customer_id, month from store_visitors
),

placed_orders as (
    select
        customer_id,
        ordered_on,
        row_number() over (partition by customer_id order by ordered_at, order_id) as place,
        lead(ordered_on) over (partition by customer_id order by ordered_at, order_id) as next_on
    from orders
),

first_orders as (
    select
        customer_id,
        cast({{ dbt.date_trunc('month', 'ordered_on') }} as date) as month,
        {{ dbt.datediff('ordered_on', 'next_on', 'day') }} as days_to_second
    from placed_orders
    where place = 1
),

history as (
    select min(ordered_on) as first_on from orders
),

months as (
    select distinct
        dates.month,
        cast(least({{ dbt.last_day('dates.month', 'month') }}, {{ as_of_date() }}) as date) as last_day,
        {{ dbt.last_day('dates.month', 'month') }} as calendar_end,
        coalesce(
            {{ dbt.datediff('history.first_on', 'least(' ~ dbt.last_day('dates.month', 'month') ~ ', ' ~ as_of_date() ~ ')', 'day') }}
            >= greatest(thresholds.lapsed_days + 1, {{ rule('lifecycle.new_days') }}),
            false
        ) as has_lapses
    from {{ ref('dates') }} as dates
    cross join history
    left join {{ ref('lifecycle_thresholds') }} as thresholds on extract(year from dates.month) = thresholds.year
    where dates.month <= {{ as_of_date() }}
),

placed as (
    select
        seen.month,
        seen.customer_id,
        coalesce(customer_months.shopper_type, 'no_purchase') as shopper_type,
        memberships.customer_id is not null as is_loyalty_member,
        customer_months.customer_id is not null as has_ordered,
        customer_months.lifecycle_state,
        customer_months.lifecycle_state_at_start,
        coalesce(customer_months.became_lapsed, false) as became_lapsed,
        coalesce(customer_months.was_reactivated, false) as was_reactivated,
        coalesce(customer_months.orders_12m, 0) as orders_12m,
        coalesce(customer_months.orders_count, 0) as orders_count,
        coalesce(customer_months.order_revenue, 0) as order_revenue,
        coalesce(customer_months.returned_amount, 0) as returned_amount,
        coalesce(customer_months.margin_amount, 0) as margin_amount,
        coalesce(customer_months.assumed_cost_amount, 0) as assumed_cost_amount,
        site_visitors.is_engaged,
        coalesce(store_visitors.store_visits, 0) as store_visits,
        first_orders.customer_id is not null as is_first_month,
        first_orders.days_to_second
    from seen
    inner join months on seen.month = months.month
    left join customer_months on seen.customer_id = customer_months.customer_id and seen.month = customer_months.month
    left join site_visitors on seen.customer_id = site_visitors.customer_id and seen.month = site_visitors.month
    left join store_visitors on seen.customer_id = store_visitors.customer_id and seen.month = store_visitors.month
    left join first_orders on seen.customer_id = first_orders.customer_id and seen.month = first_orders.month
    left join memberships
        on seen.customer_id = memberships.customer_id
            and memberships.enrolled_on <= months.last_day
            and (memberships.left_on is null or memberships.left_on > months.last_day)
),

closing as (
    select
        month,
        shopper_type,
        is_loyalty_member,
        sum(case when has_ordered then 1 else 0 end) as customers,
        sum(case when is_first_month then 1 else 0 end) as new_customers,
        sum(case when orders_count > 0 then 1 else 0 end) as buyers,
        sum(orders_count) as orders_count,
        sum(order_revenue) as order_revenue,
        sum(returned_amount) as returned_amount,
        sum(margin_amount) as margin_amount,
        sum(assumed_cost_amount) as assumed_cost_amount,
        sum(case when lifecycle_state_at_start in ('new', 'active', 'at_risk') then 1 else 0 end) as customers_at_start,
        sum(
            case when lifecycle_state_at_start in ('new', 'active', 'at_risk') and became_lapsed then 1 else 0 end
        ) as churned_customers,
        sum(case when was_reactivated then 1 else 0 end) as reactivated_customers,
        sum(case when orders_12m > 0 then 1 else 0 end) as buyers_12m,
        sum(case when orders_12m > 1 then 1 else 0 end) as repeat_buyers_12m,
        {%- for days in repeat_days %}
        sum(case when days_to_second <= {{ days }} then 1 else 0 end) as repeated_in_{{ days }}d,
        {%- endfor %}
        count(is_engaged) as site_visitors,
        sum(coalesce(is_engaged, 0)) as engaged_site_visitors,
        sum(store_visits) as store_visits,
        sum(case when lifecycle_state in ('new', 'active', 'at_risk') then 1 else 0 end) as active_customers,
        sum(case when lifecycle_state in ('new', 'active', 'at_risk') then store_visits else 0 end) as active_store_visits
    from placed
    group by month, shopper_type, is_loyalty_member
),

opening as (
    select
        month,
        shopper_type_at_start as shopper_type,
        was_loyalty_member_at_start as is_loyalty_member,
        count(*) as customers,
        sum(case when became_lapsed then 1 else 0 end) as churned_customers
    from customer_months
    where lifecycle_state_at_start in ('new', 'active', 'at_risk')
    group by 1, 2, 3
),

rows_of_the_mart as (
    select month, shopper_type, is_loyalty_member from closing
    union
    select month, shopper_type, is_loyalty_member from opening
),

counted as (
    select
        rows_of_the_mart.month,
        rows_of_the_mart.shopper_type,
        rows_of_the_mart.is_loyalty_member,
        {%- for column in [
            'customers', 'new_customers', 'buyers', 'orders_count', 'customers_at_start', 'buyers_12m', 'repeat_buyers_12m', 'site_visitors', 'engaged_site_visitors', 'store_visits',
            'active_customers', 'active_store_visits',
        ] %}
        cast(coalesce(closing.{{ column }}, 0) as bigint) as {{ column }},
        {%- endfor %}
        {%- for column in ['churned_customers', 'reactivated_customers'] %}
        cast(case when months.has_lapses then coalesce(closing.{{ column }}, 0) end as bigint) as {{ column }},
        {%- endfor %}
        {%- for column in ['order_revenue', 'returned_amount', 'margin_amount', 'assumed_cost_amount'] %}
        cast(coalesce(closing.{{ column }}, 0) as decimal(18, 2)) as {{ column }},
        {%- endfor %}
        {%- for days in repeat_days %}
        cast(case
            when {{ dbt.dateadd('day', days, 'months.calendar_end') }} < {{ as_of_date() }} then coalesce(closing.new_customers, 0)
        end as bigint) as new_customers_known_{{ days }}d,
        cast(case
            when {{ dbt.dateadd('day', days, 'months.calendar_end') }} < {{ as_of_date() }}
                then coalesce(closing.repeated_in_{{ days }}d, 0)
        end as bigint) as repeated_in_{{ days }}d,
        {%- endfor %}
        cast(coalesce(opening.customers, 0) as bigint) as opening_segment_customers,
        cast(case when months.has_lapses then coalesce(opening.churned_customers, 0) end as bigint) as opening_segment_churned_customers,
        cast(case when months.has_lapses then coalesce(closing.customers_at_start, 0) end as bigint) as customers_at_start_known,
        cast(case when months.has_lapses then coalesce(opening.customers, 0) end as bigint) as opening_segment_customers_known,
        cast({{ dbt.datediff('months.month', 'months.last_day', 'day') }} + 1 as double) / 7 as weeks
    from rows_of_the_mart
    inner join months on rows_of_the_mart.month = months.month
    left join closing
        on rows_of_the_mart.month = closing.month
            and rows_of_the_mart.shopper_type = closing.shopper_type
            and rows_of_the_mart.is_loyalty_member = closing.is_loyalty_member
    left join opening
        on rows_of_the_mart.month = opening.month
            and rows_of_the_mart.shopper_type = opening.shopper_type
            and rows_of_the_mart.is_loyalty_member = opening.is_loyalty_member
),

final as (
    select
        month,
        shopper_type,
        is_loyalty_member,
        customers,
        new_customers,
        buyers,
        orders_count,
        order_revenue,
        returned_amount,
        cast(order_revenue - returned_amount as decimal(18, 2)) as net_revenue,
        margin_amount,
        {{ ratio('margin_amount', 'order_revenue') }} as margin_rate,
        assumed_cost_amount,
        {{ ratio('order_revenue', 'orders_count') }} as average_order_value,
        {{ ratio('orders_count', 'buyers') }} as purchase_frequency,
        customers_at_start,
        customers_at_start_known,
        churned_customers,
        {{ ratio('churned_customers', 'customers_at_start_known') }} as churn_rate,
        opening_segment_customers,
        opening_segment_customers_known,
        opening_segment_churned_customers,
        {{ ratio('opening_segment_churned_customers', 'opening_segment_customers_known') }} as churn_rate_of_opening_segment,
        reactivated_customers,
        buyers_12m,
        repeat_buyers_12m,
        {{ ratio('repeat_buyers_12m', 'buyers_12m') }} as repeat_rate,
        {%- for days in repeat_days %}
        new_customers_known_{{ days }}d,
        repeated_in_{{ days }}d,
        {{ ratio('repeated_in_' ~ days ~ 'd', 'new_customers_known_' ~ days ~ 'd') }} as repeat_rate_{{ days }}d,
        {%- endfor %}
        site_visitors,
        engaged_site_visitors,
        {{ ratio('engaged_site_visitors', 'site_visitors') }} as site_engagement_rate,
        store_visits,
        active_customers,
        active_store_visits,
        active_customers * weeks as active_customer_weeks,
        {{ ratio('active_store_visits', 'active_customers * weeks') }} as visit_frequency
    from counted
)

select * from final
