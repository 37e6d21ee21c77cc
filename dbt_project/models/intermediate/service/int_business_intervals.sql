-- The calendar of the service, cut where it opens: each local day begins with a stretch that is closed, and every opening
-- begins another. `open_seconds` is how long it is open from the beginning of the stretch, `seconds_before` how long it was
-- open since the calendar began; the macro open_clock() reads business time from them. Opening hours are wall-clock times
-- at the place, so the offset is the one of that date, and a day on which clocks change is shorter or longer.
-- From the day before the oldest ticket to the day after the refresh; one row per stretch.
{% set schedule = rule('service.schedule') %}

with hours as (
    select
        weekday,
        cast(substr(opens_at, 1, 2) as int) * 60 + cast(substr(opens_at, 4, 2) as int) as opens_minute,
        cast(substr(closes_at, 1, 2) as int) * 60 + cast(substr(closes_at, 4, 2) as int) as closes_minute,
        cast(valid_from as date) as valid_from,
        coalesce(cast(valid_to as date), cast('9999-12-31' as date)) as valid_to
    from {{ ref('business_hours') }}
    where schedule = '{{ schedule }}'
),

exceptions as (
    select
        cast(day as date) as day,
        cast(substr(opens_at, 1, 2) as int) * 60 + cast(substr(opens_at, 4, 2) as int) as opens_minute,
        cast(substr(closes_at, 1, 2) as int) * 60 + cast(substr(closes_at, 4, 2) as int) as closes_minute
    from {{ ref('holidays') }}
    where schedule = '{{ schedule }}'
),

digits as (
    select 0 as digit
    {%- for digit in range(1, 10) %}
    union all
    select {{ digit }} as digit
    {%- endfor %}
),

numbers as (
    select a.digit + 10 * b.digit + 100 * c.digit + 1000 * d.digit as number
    from digits as a
    cross join digits as b
    cross join digits as c
    cross join digits as d
),

bounds as (
    select
        cast({{ dbt.dateadd('day', -1, 'cast(' ~ wall_clock('oldest_at', service_zone()) ~ ' as date)') }} as date) as first_day,
        cast({{ dbt.dateadd('day', 1, 'cast(' ~ wall_clock(as_of(), service_zone()) ~ ' as date)') }} as date) as last_day
    from (
        select least(coalesce(min(created_at), {{ as_of() }}), {{ as_of() }}) as oldest_at
        from {{ ref('int_tickets__united') }}
    ) as tickets
),

days as (
    select
        cast({{ dbt.dateadd('day', 'numbers.number', 'bounds.first_day') }} as date) as day,
        bounds.last_day
    from bounds
    cross join numbers
    where numbers.number <= {{ dbt.datediff('bounds.first_day', 'bounds.last_day', 'day') }}
),

openings as (
    select days.day, hours.opens_minute, hours.closes_minute
    from days
    inner join hours
        on {{ dbt.datediff(dbt.date_trunc('week', 'days.day'), 'days.day', 'day') }} + 1 = hours.weekday
            and days.day between hours.valid_from and hours.valid_to
    left join (select distinct day from exceptions) as exceptional on days.day = exceptional.day
    where exceptional.day is null

    union all

    select days.day, exceptions.opens_minute, exceptions.closes_minute
    from days
    inner join exceptions on days.day = exceptions.day
    where exceptions.opens_minute is not null
),

opened as (
    select
        day,
        {{ utc_of_wall_clock(dbt.dateadd('minute', 'opens_minute', 'cast(day as timestamp)'), service_zone()) }} as begins_at,
        {{ utc_of_wall_clock(dbt.dateadd('minute', 'closes_minute', 'cast(day as timestamp)'), service_zone()) }} as closes_at
    from openings
),

stretches as (
    select
        day,
        {{ utc_of_wall_clock('cast(day as timestamp)', service_zone()) }} as begins_at,
        0 as open_seconds,
        0 as place
    from days

    union all

    select day, begins_at, {{ dbt.datediff('begins_at', 'closes_at', 'second') }} as open_seconds, 1 as place
    from opened
),

ends as (
    select {{ utc_of_wall_clock(dbt.dateadd('day', 1, 'cast(max(day) as timestamp)'), service_zone()) }} as ends_before
    from days
),

final as (
    select
        stretches.day,
        stretches.begins_at,
        coalesce(
            lead(stretches.begins_at) over (order by stretches.begins_at, stretches.place), ends.ends_before
        ) as ends_before,
        cast(stretches.open_seconds as bigint) as open_seconds,
        cast(coalesce(
            sum(stretches.open_seconds) over (
                order by stretches.begins_at, stretches.place
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as bigint) as seconds_before
    from stretches
    cross join ends
)

select * from final
