-- What the purchase models are told of a customer, as of three moments: `fit` (known before the first day of the month of the refresh,
-- so that every refresh of a month, and a rebuild, fit the same), `calibration` (customer_value.holdout_days earlier, to see how well
-- what came then was foreseen) and `now` (the day of the refresh). A purchase is a customer's day with a counted order: several orders
-- of a day are one, worth their sum, before returns (what comes back is taken off the margin share of clv_models). x counts repeat
-- purchases, t_x and age are weeks from the first one to the last one and to the last day known; m is the mean value of the repeat
-- purchases that had one (`valued`): those of 0 count as purchases and tell nothing of value. One row per moment and customer who had bought by then.
{% set month = dbt.date_trunc('month', as_of_date()) %}
with orders as (
    {{ people_orders() }}
),

purchases as (
    select
        orders.customer_id,
        orders.ordered_on,
        sum(orders.net_revenue) as value,
        row_number() over (partition by orders.customer_id order by orders.ordered_on) as place
    from orders
    group by orders.customer_id, orders.ordered_on
),

moments as (
    select 'fit' as moment, cast({{ month }} as date) as known_until
    union all
    select 'calibration' as moment, cast({{ dbt.dateadd('day', -1 * rule('customer_value.holdout_days'), month) }} as date) as known_until
    union all
    select 'now' as moment, cast({{ dbt.dateadd('day', 1, as_of_date()) }} as date) as known_until
),

counted as (
    select
        moments.moment,
        moments.known_until,
        purchases.customer_id,
        count(*) - 1 as x,
        min(purchases.ordered_on) as first_on,
        max(purchases.ordered_on) as last_on,
        count(case when purchases.place > 1 and purchases.value > 0 then 1 end) as valued,
        sum(case when purchases.place > 1 and purchases.value > 0 then purchases.value end) as value
    from moments
    inner join purchases on purchases.ordered_on < moments.known_until
    group by moments.moment, moments.known_until, purchases.customer_id
),

final as (
    select
        moment,
        known_until,
        customer_id,
        cast(x as bigint) as x,
        {{ dbt.datediff('first_on', 'last_on', 'day') }} / cast(7 as double) as t_x,
        ({{ dbt.datediff('first_on', 'known_until', 'day') }} - 1) / cast(7 as double) as age,
        cast(valued as bigint) as valued,
        cast(value as double) / nullif(valued, 0) as m
    from counted
)

select * from final
