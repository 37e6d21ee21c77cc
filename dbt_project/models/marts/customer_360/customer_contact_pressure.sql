-- How hard a person is pressed today: promotional and trigger messages delivered in the 7 and 30 business days that end with the day of the
-- refresh, by channel; over the cap is more than contact_pressure.cap_7_days or more than contact_pressure.cap_30_days. Order messages
-- are no pressure and stand apart. household_* say the same of everybody who keeps house together (int_households), against the same caps:
-- who spares households asks them instead. Who has no household (companies) is counted alone. Whoever may be written to should be
-- looked up here before. One row per customer, employees and companies too, whom kpi_contact_pressure_daily leaves out.
{% set channels = ['email', 'push', 'sms', 'messenger'] %}
{% set counts = ['messages_7d', 'messages_30d'] %}

with customers as (
    select * from {{ ref('int_customers') }}
),

messages as (
    select
        *,
        is_delivered and message_type in ('mass', 'trigger') as is_pressing,
        sent_on > {{ days_before_as_of(7) }} as is_of_7_days,
        sent_on > {{ days_before_as_of(30) }} as is_of_30_days
    from {{ ref('messages') }}
    where customer_id is not null and sent_on <= {{ as_of_date() }}
),

counted as (
    select
        customer_id,
        count(case when is_pressing and is_of_7_days then 1 end) as messages_7d,
        count(case when is_pressing and is_of_30_days then 1 end) as messages_30d,
        {%- for channel in channels %}
        count(case when is_pressing and is_of_7_days and channel = '{{ channel }}' then 1 end) as {{ channel }}_messages_7d,
        count(case when is_pressing and is_of_30_days and channel = '{{ channel }}' then 1 end) as {{ channel }}_messages_30d,
        {%- endfor %}
        count(case when is_delivered and message_type = 'transactional' and is_of_30_days then 1 end) as transactional_messages_30d,
        count(case when is_duplicate and is_of_30_days then 1 end) as duplicate_messages_30d,
        count(case when is_after_opt_out and is_of_30_days then 1 end) as messages_after_opt_out_30d,
        count(case when is_after_opt_out then 1 end) as messages_after_opt_out,
        max(case when is_after_opt_out then sent_at end) as last_after_opt_out_at
    from messages
    group by customer_id
),

latest as (
    select customer_id, sent_at, sent_on, channel
    from (
        select
            *,
            row_number() over (partition by customer_id order by sent_at desc, message_id desc) as place
        from messages
        where is_pressing
    ) as placed
    where place = 1
),

households as (
    select * from {{ ref('int_households') }}
),

of_households as (
    select
        households.household_id,
        sum(counted.messages_7d) as messages_7d,
        sum(counted.messages_30d) as messages_30d
    from households
    inner join counted on households.customer_id = counted.customer_id
    group by households.household_id
),

pressed_together as (
    select
        customers.customer_id,
        coalesce(of_households.messages_7d, counted.messages_7d, 0) as household_messages_7d,
        coalesce(of_households.messages_30d, counted.messages_30d, 0) as household_messages_30d
    from customers
    left join counted on customers.customer_id = counted.customer_id
    left join households on customers.customer_id = households.customer_id
    left join of_households on households.household_id = of_households.household_id
),

final as (
    select
        customers.customer_id,
        {{ pressure_band('coalesce(counted.messages_7d, 0)') }} as pressure_band,
        {%- for count in counts %}
        cast(coalesce(counted.{{ count }}, 0) as integer) as {{ count }},
        {%- for channel in channels %}
        cast(coalesce(counted.{{ channel }}_{{ count }}, 0) as integer) as {{ channel }}_{{ count }},
        {%- endfor %}
        {%- endfor %}
        coalesce(counted.messages_7d > {{ rule('contact_pressure.cap_7_days') }}, false) as is_over_cap_7d,
        coalesce(counted.messages_30d > {{ rule('contact_pressure.cap_30_days') }}, false) as is_over_cap_30d,
        coalesce(
            counted.messages_7d > {{ rule('contact_pressure.cap_7_days') }}
            or counted.messages_30d > {{ rule('contact_pressure.cap_30_days') }}, false
        ) as is_over_cap,
        cast(pressed_together.household_messages_7d as integer) as household_messages_7d,
        cast(pressed_together.household_messages_30d as integer) as household_messages_30d,
        pressed_together.household_messages_7d > {{ rule('contact_pressure.cap_7_days') }}
        or pressed_together.household_messages_30d > {{ rule('contact_pressure.cap_30_days') }} as is_household_over_cap,
        latest.sent_at as last_message_at,
        latest.channel as last_message_channel,
        cast({{ dbt.datediff('latest.sent_on', as_of_date(), 'day') }} as integer) as days_since_last_message,
        cast(coalesce(counted.transactional_messages_30d, 0) as integer) as transactional_messages_30d,
        cast(coalesce(counted.duplicate_messages_30d, 0) as integer) as duplicate_messages_30d,
        cast(coalesce(counted.messages_after_opt_out_30d, 0) as integer) as messages_after_opt_out_30d,
        cast(coalesce(counted.messages_after_opt_out, 0) as integer) as messages_after_opt_out,
        counted.last_after_opt_out_at
    from customers
    left join counted on customers.customer_id = counted.customer_id
    left join latest on customers.customer_id = latest.customer_id
    left join pressed_together on customers.customer_id = pressed_together.customer_id
)

select * from final
