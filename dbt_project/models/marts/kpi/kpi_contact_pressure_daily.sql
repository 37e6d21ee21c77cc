-- How hard people are pressed, by day: everybody known on a day stands in the band of what was delivered to them in the 7 days that end
-- with it. Pressure is promotional and trigger messages of all channels together, by the business day of sending; messages to people
-- nobody knows press nobody that can be told, employees and companies are no people here. Over the cap is who got more than
-- contact_pressure.cap_7_days in 7 days or more than contact_pressure.cap_30_days in 30. Messages of a day count in the band in which
-- their recipient ends that day (with them); who unsubscribed or complained, on the day of the message that made them, so days ripen.
-- Of what one person has had only the days of a change are kept, each holding until the next (a stretch), and a day's people are the sum
-- of stretches begun and ended: people times days would not fit. From the first message to the day of the refresh, every band every day.
{% set stock = ['people', 'messages_7d', 'messages_30d', 'people_over_cap', 'people_written_to', 'last_message_days'] %}
{% set flow = ['sent', 'messages_after_opt_out', 'delivered', 'duplicate_messages', 'unsubscribed', 'spam_complaints'] %}

with people as (
    {{ known_people() }}
),

written as (
    select
        messages.customer_id,
        messages.sent_on,
        count(*) as sent,
        count(case when messages.is_after_opt_out then 1 end) as messages_after_opt_out,
        count(case when messages.is_delivered then 1 end) as delivered,
        count(case when messages.is_duplicate then 1 end) as duplicate_messages,
        count(case when messages.is_unsubscribed then 1 end) as unsubscribed,
        count(case when messages.is_spam_complaint then 1 end) as spam_complaints
    from {{ ref('messages') }} as messages
    inner join people on messages.customer_id = people.customer_id
    where messages.message_type in ('mass', 'trigger')
    group by messages.customer_id, messages.sent_on
),

bounds as (
    select min(sent_on) as first_day from written
),

-- A message adds to both windows on its day and leaves them 7 and 30 days later.
changes as (
    select
        customer_id,
        changed_on,
        sum(added_7d) as added_7d,
        sum(added_30d) as added_30d,
        max(message_on) as message_on
    from (
        select
            people.customer_id,
            greatest(people.known_on, bounds.first_day) as changed_on,
            0 as added_7d,
            0 as added_30d,
            cast(null as date) as message_on
        from people
        cross join bounds
        where bounds.first_day is not null

        union all

        select
            customer_id,
            sent_on as changed_on,
            delivered as added_7d,
            delivered as added_30d,
            case when delivered > 0 then sent_on end as message_on
        from written

        union all

        select
            customer_id,
            cast({{ dbt.dateadd('day', 7, 'sent_on') }} as date) as changed_on,
            -delivered as added_7d,
            0 as added_30d,
            cast(null as date) as message_on
        from written
        where delivered > 0

        union all

        select
            customer_id,
            cast({{ dbt.dateadd('day', 30, 'sent_on') }} as date) as changed_on,
            0 as added_7d,
            -delivered as added_30d,
            cast(null as date) as message_on
        from written
        where delivered > 0
    ) as told
    where changed_on <= {{ as_of_date() }}
    group by customer_id, changed_on
),

summed as (
    select
        customer_id,
        changed_on as from_on,
        lead(changed_on) over (partition by customer_id order by changed_on) as to_on,
        sum(added_7d) over (
            partition by customer_id order by changed_on rows between unbounded preceding and current row
        ) as messages_7d,
        sum(added_30d) over (
            partition by customer_id order by changed_on rows between unbounded preceding and current row
        ) as messages_30d,
        max(message_on) over (
            partition by customer_id order by changed_on rows between unbounded preceding and current row
        ) as last_message_on
    from changes
),

stretches as (
    select
        summed.customer_id,
        summed.from_on,
        summed.to_on,
        {{ pressure_band('summed.messages_7d') }} as pressure_band,
        1 as people,
        summed.messages_7d,
        summed.messages_30d,
        case
            when summed.messages_7d > {{ rule('contact_pressure.cap_7_days') }}
                or summed.messages_30d > {{ rule('contact_pressure.cap_30_days') }} then 1
            else 0
        end as people_over_cap,
        case when summed.last_message_on is null then 0 else 1 end as people_written_to,
        coalesce({{ dbt.datediff('bounds.first_day', 'summed.last_message_on', 'day') }}, 0) as last_message_days
    from summed
    cross join bounds
),

moves as (
    select
        moved_on,
        pressure_band,
    {%- for count in stock %}
    sum({{ count }}) as {{ count }}{{ ',' if not loop.last }}
    {%- endfor %}
    from (
        select from_on as moved_on, pressure_band, {{ stock | join(', ') }} from stretches
        union all
        select to_on as moved_on, pressure_band, -{{ stock | join(', -') }} from stretches
        where to_on is not null
    ) as both_ends
    group by moved_on, pressure_band
),

flows as (
    select
        written.sent_on as day,
        stretches.pressure_band,
    {%- for count in flow %}
    sum(written.{{ count }}) as {{ count }}{{ ',' if not loop.last }}
    {%- endfor %}
    from written
    inner join stretches on written.customer_id = stretches.customer_id and written.sent_on = stretches.from_on
    group by written.sent_on, stretches.pressure_band
),

bands as (
    {%- for edge, band in pressure_bands() %}
    select '{{ band }}' as pressure_band
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

grid as (
    select
        dates.date_on as day,
        bands.pressure_band,
        {{ dbt.datediff('bounds.first_day', 'dates.date_on', 'day') }} as day_number
    from {{ ref('dates') }} as dates
    cross join bounds
    cross join bands
    where dates.date_on >= bounds.first_day and dates.date_on <= {{ as_of_date() }}
),

daily as (
    select
        grid.day,
        grid.pressure_band,
        grid.day_number,
        {%- for count in stock %}
        cast(coalesce(sum(moves.{{ count }}) over (
            partition by grid.pressure_band order by grid.day rows between unbounded preceding and current row
        ), 0) as bigint) as {{ count }},
        {%- endfor %}
    {%- for count in flow %}
    cast(coalesce(flows.{{ count }}, 0) as bigint) as {{ count }}{{ ',' if not loop.last }}
    {%- endfor %}
    from grid
    left join moves on grid.day = moves.moved_on and grid.pressure_band = moves.pressure_band
    left join flows on grid.day = flows.day and grid.pressure_band = flows.pressure_band
),

final as (
    select
        day,
        pressure_band,
        people,
        messages_7d,
        {{ ratio('messages_7d', 'people') }} as messages_7d_per_person,
        messages_30d,
        {{ ratio('messages_30d', 'people') }} as messages_30d_per_person,
        people_over_cap,
        {{ ratio('people_over_cap', 'people') }} as over_cap_share,
        sent,
        messages_after_opt_out,
        {{ ratio('messages_after_opt_out', 'sent') }} as after_opt_out_share,
        delivered,
        duplicate_messages,
        {{ ratio('duplicate_messages', 'delivered') }} as duplicate_message_share,
        unsubscribed,
        {{ ratio('unsubscribed', 'delivered') }} as unsubscribe_rate,
        spam_complaints,
        {{ ratio('spam_complaints', 'delivered') }} as spam_complaint_rate,
        people_written_to,
        cast(people_written_to * day_number - last_message_days as bigint) as days_since_last_message,
        {{ ratio('people_written_to * day_number - last_message_days', 'people_written_to') }} as average_days_since_last_message
    from daily
)

select * from final
