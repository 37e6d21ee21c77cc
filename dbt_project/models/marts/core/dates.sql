-- From the month of the oldest fact to the end of the year of the refresh; the days are counted, not asked of an engine.
with digits as (
    select 0 as digit
    {%- for digit in range(1, 10) %}
    union all
    select {{ digit }} as digit
    {%- endfor %}
),

numbers as (
    select a.digit + 10 * b.digit + 100 * c.digit + 1000 * d.digit + 10000 * e.digit as days
    from digits as a
    cross join digits as b
    cross join digits as c
    cross join digits as d
    cross join digits as e
),

oldest as (
    select min(day) as day
    from (
        select min(ordered_on) as day from {{ ref('int_orders') }}
        union all
        select min(sent_on) as day from {{ ref('messages') }}
        union all
        select min(occurred_on) as day from {{ ref('int_loyalty_operations') }}
        union all
        select {{ as_of_date() }} as day
    ) as facts
),

bounds as (
    select
        cast({{ dbt.date_trunc('year', 'day') }} as date) as first_day,
        cast({{ dbt.dateadd('year', 1, dbt.date_trunc('year', as_of_date())) }} as date) as day_after_last
    from oldest
),

days as (
    select cast({{ dbt.dateadd('day', 'numbers.days', 'bounds.first_day') }} as date) as day
    from numbers
    cross join bounds
    where numbers.days < {{ dbt.datediff('bounds.first_day', 'bounds.day_after_last', 'day') }}
),

final as (
    select
        cast(day as {{ dbt.type_string() }}) as date_id,
        cast(day as {{ dbt.type_string() }}) as name,
        day as date_on,
        cast({{ dbt.date_trunc('month', 'day') }} as date) as month,
        cast({{ dbt.date_trunc('week', 'day') }} as date) as week,
        cast(extract(year from day) as integer) as year,
        cast(extract(quarter from day) as integer) as quarter,
        cast(extract(month from day) as integer) as month_of_year,
        cast(extract(day from day) as integer) as day_of_month,
        cast({{ dbt.datediff(dbt.date_trunc('week', 'day'), 'day', 'day') }} as integer) + 1 as day_of_week,
        {{ dbt.datediff(dbt.date_trunc('week', 'day'), 'day', 'day') }} >= 5 as is_weekend
    from days
)

select * from final
