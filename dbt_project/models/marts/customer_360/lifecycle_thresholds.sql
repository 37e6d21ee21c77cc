-- From which gap on a customer is at risk and lapsed. A gap runs from a day with orders to the next one of the same customer;
-- who has not come back by the first day of the year is in theirs still (censored). Known is what had happened by then, so a
-- year's thresholds stay what they are. Where a quantile cannot be measured the fallback stands for it: in the first year of
-- a history nobody is at risk, they lapse. One row per calendar year.
{% set at_least = rule('lifecycle.running_gaps_at_least') -%}
{% set fallback = rule('lifecycle.lapsed_fallback_days') -%}
with orders as (
    {{ people_orders() }}
),

order_days as (
    select
        customer_id,
        ordered_on,
        lead(ordered_on) over (partition by customer_id order by ordered_on) as next_on
    from (select distinct customer_id, ordered_on from orders) as days
),

years as (
    select distinct
        dates.year,
        cast({{ dbt.date_trunc('year', 'dates.date_on') }} as date) as starts_on
    from {{ ref('dates') }} as dates
    cross join (select min(ordered_on) as first_on from order_days) as history
    where dates.year >= extract(year from history.first_on) and dates.date_on <= {{ as_of_date() }}
),

known_by_then as (
    select
        years.year,
        order_days.ordered_on,
        least(coalesce(order_days.next_on, years.starts_on), years.starts_on) as seen_until,
        case when order_days.next_on < years.starts_on then 1 else 0 end as is_ended
    from years
    inner join order_days on order_days.ordered_on < years.starts_on
),

gaps as (
    select
        year,
        {{ dbt.datediff('ordered_on', 'seen_until', 'day') }} as length,
        is_ended
    from known_by_then
),

lengths as (
    select
        year,
        length,
        sum(is_ended) as ended,
        count(*) - sum(is_ended) as running
    from gaps
    group by year, length
),

measured as (
    select
        year,
        sum(ended) as gaps_observed,
        sum(running) as gaps_censored,
        {{ survival_quantile('length', 'ended', 'running', rule('lifecycle.at_risk_quantile'), at_least) }} as at_risk_days,
        {{ survival_quantile('length', 'ended', 'running', rule('lifecycle.lapsed_quantile'), at_least) }} as lapsed_days
    from lengths
    group by year
),

final as (
    select
        cast(years.year as integer) as year,
        cast(least(
            coalesce(measured.at_risk_days, {{ fallback }}), coalesce(measured.lapsed_days, {{ fallback }})
        ) as integer) as at_risk_days,
        cast(coalesce(measured.lapsed_days, {{ fallback }}) as integer) as lapsed_days,
        cast(coalesce(measured.gaps_observed, 0) as bigint) as gaps_observed,
        cast(coalesce(measured.gaps_censored, 0) as bigint) as gaps_censored,
        measured.at_risk_days is null or measured.lapsed_days is null as is_fallback,
        measured.at_risk_days is null as at_risk_is_fallback,
        measured.lapsed_days is null as lapsed_is_fallback
    from years
    left join measured on years.year = measured.year
)

select * from final
