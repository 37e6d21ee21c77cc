-- kpi_identity_daily holds history by dates; on the day of the refresh it must be what identity says now. And its receipts are those of
-- kpi_sales_daily, day by day.
{% set told = rule('identity.expected_attributes') %}
{% set expected = told if told is iterable else ['name'] %}
with today as (
    select profiles, customers, multi_source_customers, filled_attributes
    from {{ ref('kpi_identity_daily') }}
    where day = {{ as_of_date() }} and source_system = 'all'
),

customers as (
    select
        coalesce(sum(profiles_count), 0) as profiles,
        count(*) as customers,
        count(case when systems_count > 1 then 1 end) as multi_source_customers,
        coalesce(sum(
            {%- for attribute in expected %}
            case when {{ 'full_name' if attribute == 'name' else attribute }} is null then 0 else 1 end{{ ' +' if not loop.last }}
            {%- endfor %}
        ), 0) as filled_attributes
    from {{ ref('int_customers') }}
    where not (is_employee or is_b2b)
),

sold as (
    select day, sum(itemised_orders) as receipts, sum(identified_orders) as identified_receipts
    from {{ ref('kpi_sales_daily') }}
    where day <= {{ as_of_date() }}
    group by day
),

told as (
    select day, receipts, identified_receipts
    from {{ ref('kpi_identity_daily') }}
    where source_system = 'all'
)

select 'people' as what, {{ as_of_date() }} as day, today.customers as told, customers.customers as there
from customers
left join today on true
where customers.customers > 0
    and (
        coalesce(today.profiles, -1) <> customers.profiles
        or today.customers <> customers.customers
        or today.multi_source_customers <> customers.multi_source_customers
        or today.filled_attributes <> customers.filled_attributes
    )

union all

select 'receipts' as what, sold.day, told.receipts as told, sold.receipts as there
from sold
left join told on sold.day = told.day
where (sold.receipts > 0 or told.receipts > 0)
    and (coalesce(told.receipts, -1) <> sold.receipts or told.identified_receipts <> sold.identified_receipts)
