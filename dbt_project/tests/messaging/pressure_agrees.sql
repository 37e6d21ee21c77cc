-- Pressure is told twice, of days by stretches and of people by windows: on the day of the refresh both are the same in every band, and
-- a day's people are those that were known.
with days as (
    select pressure_band, people, messages_7d, messages_30d, people_over_cap
    from {{ ref('kpi_contact_pressure_daily') }}
    where day = {{ as_of_date() }}
),

people as (
    select
        pressure.pressure_band,
        count(*) as people,
        sum(pressure.messages_7d) as messages_7d,
        sum(pressure.messages_30d) as messages_30d,
        sum(case when pressure.is_over_cap then 1 else 0 end) as people_over_cap
    from {{ ref('customer_contact_pressure') }} as pressure
    inner join {{ ref('int_customers') }} as customers on pressure.customer_id = customers.customer_id
    where not (customers.is_employee or customers.is_b2b)
    group by pressure.pressure_band
)

select
    coalesce(days.pressure_band, people.pressure_band) as pressure_band,
    days.people,
    people.people as people_of_today
from days
full outer join people on days.pressure_band = people.pressure_band
where (
    coalesce(days.people, 0) <> coalesce(people.people, 0)
    or coalesce(days.messages_7d, 0) <> coalesce(people.messages_7d, 0)
    or coalesce(days.messages_30d, 0) <> coalesce(people.messages_30d, 0)
    or coalesce(days.people_over_cap, 0) <> coalesce(people.people_over_cap, 0)
)
and exists (select 1 from {{ ref('kpi_contact_pressure_daily') }})
