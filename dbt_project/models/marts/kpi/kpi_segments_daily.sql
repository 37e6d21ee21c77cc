{% set tomorrow = days_before_as_of(-1) -%}
{% set rfm_window = rule('customer_value.rfm_window_days') -%}
{% set touch_window = rule('sales.omnichannel_window_days') -%}
-- People per segment at the end of each day since the first counted order. A person's stretch in a segment is one in on its first day and
-- one out on the day after its last, and a day's count is what came in up to it less what went out: nobody is counted day by day. A
-- stretch begins when the person is known at the earliest (a visit may be older than what says whose it was). The segment of the
-- rest is everybody known less those in the family's other segments.
{% set families = {
    'shopper_type': ['online_only', 'offline_only', 'omnichannel', 'no_purchase'],
    'shopper_type_by_touch': ['online_only', 'offline_only', 'omnichannel', 'no_touch'],
    'lifecycle': ['new', 'active', 'at_risk', 'lapsed', 'no_purchase'],
    'membership': ['member', 'non_member'],
} -%}
with orders as (
    {{ people_orders() }}
),

people as (
    {{ known_people() }}
),

memberships as (
    {{ memberships() }}
),

breaks as (
    select * from {{ ref('rfm_breaks') }}
),

first_days as (
    select coalesce(min(ordered_on), {{ as_of_date() }}) as day from orders
),

calendar as (
    select dates.date_on as day
    from {{ ref('dates') }} as dates
    cross join first_days
    where dates.date_on >= first_days.day and dates.date_on <= {{ as_of_date() }}
),

-- Touches: a class of channels comes in with a touch that has none of it in its window and goes out with one that none follows.
touch_days as (
    select
        customer_id,
        touched_on,
        is_online,
        cast({{ dbt.dateadd('day', touch_window, 'touched_on') }} as date) as gone_on
    from (
        select customer_id, ordered_on as touched_on, channel_class = 'online' as is_online
        from orders
        where channel_class in ('online', 'offline')

        union

        select
            customer_id,
            {{ business_date('occurred_at') }} as touched_on,
            touch_type in ('ad_visit', 'visit', 'message_click') as is_online
        from {{ ref('touchpoints') }}
        where touch_type in ('ad_visit', 'visit', 'message_click', 'store_visit', 'event') and customer_id is not null
    ) as touches
    where touched_on <= {{ as_of_date() }}
),

touches_placed as (
    select
        *,
        lag(gone_on) over (partition by customer_id, is_online order by touched_on) as last_gone_on,
        lead(touched_on) over (partition by customer_id, is_online order by touched_on) as next_on
    from touch_days
),

touch_changes as (
    select customer_id, changed_on, sum(online) as online, sum(offline) as offline
    from (
        select
            customer_id,
            touched_on as changed_on,
            case when is_online then 1 else 0 end as online,
            case when is_online then 0 else 1 end as offline
        from touches_placed
        where last_gone_on is null or last_gone_on <= touched_on

        union all

        select
            customer_id,
            gone_on as changed_on,
            case when is_online then -1 else 0 end as online,
            case when is_online then 0 else -1 end as offline
        from touches_placed
        where next_on is null or next_on >= gone_on
    ) as both_ways
    group by customer_id, changed_on
),

touch_stretches as (
    select
        customer_id,
        changed_on as from_on,
        coalesce(lead(changed_on) over (partition by customer_id order by changed_on), {{ tomorrow }}) as to_on,
        sum(online) over (partition by customer_id order by changed_on) as online,
        sum(offline) over (partition by customer_id order by changed_on) as offline
    from touch_changes
),

-- RFM: stretches with the same orders in the window and the same last order, cut at the turns of months, whose breaks differ, and
-- where the days since the last order pass a break.
order_days as (
    select
        customer_id,
        ordered_on,
        cast({{ dbt.dateadd('day', rfm_window, 'ordered_on') }} as date) as gone_on,
        count(*) as orders_count
    from orders
    group by customer_id, ordered_on
),

order_changes as (
    select customer_id, changed_on, sum(orders_count) as orders_count, max(ordered_on) as ordered_on
    from (
        select customer_id, ordered_on as changed_on, orders_count, ordered_on
        from order_days

        union all

        select customer_id, gone_on as changed_on, 0 - orders_count as orders_count, cast(null as date) as ordered_on
        from order_days
    ) as both_ways
    group by customer_id, changed_on
),

order_stretches as (
    select
        customer_id,
        changed_on as from_on,
        coalesce(lead(changed_on) over (partition by customer_id order by changed_on), {{ tomorrow }}) as to_on,
        sum(orders_count) over (partition by customer_id order by changed_on) as orders_count,
        max(ordered_on) over (partition by customer_id order by changed_on) as last_on
    from order_changes
),

month_breaks as (
    select
        month,
        cast({{ dbt.dateadd('month', 1, 'month') }} as date) as next_month,
        {%- for level in ['high', 'middle'] %}
        cast(ceil(coalesce(
            max(case when dimension = 'recency' and score = {{ rfm_level_starts(level) }} then break_value end), 99999
        )) as integer) as {{ level }}_recency,
        coalesce(
            max(case when dimension = 'frequency' and score = {{ rfm_level_starts(level) }} then break_value end), -1
        ) as {{ level }}_frequency,
        {%- endfor %}
        count(*) as breaks
    from breaks
    group by month
),

month_stretches as (
    select
        order_stretches.customer_id,
        greatest(order_stretches.from_on, month_breaks.month) as from_on,
        least(order_stretches.to_on, month_breaks.next_month, {{ tomorrow }}) as to_on,
        cast({{ dbt.dateadd('day', 'month_breaks.high_recency', 'order_stretches.last_on') }} as date) as high_until,
        cast({{ dbt.dateadd('day', 'month_breaks.middle_recency', 'order_stretches.last_on') }} as date) as middle_until,
        case
            when order_stretches.orders_count > month_breaks.high_frequency then 'high'
            when order_stretches.orders_count > month_breaks.middle_frequency then 'middle'
            else 'low'
        end as frequency_level
    from order_stretches
    inner join month_breaks
        on order_stretches.from_on < month_breaks.next_month and order_stretches.to_on > month_breaks.month
    where order_stretches.orders_count > 0
),

rfm_stretches as (
    select customer_id, from_on, least(to_on, high_until) as to_on, 'high' as recency_level, frequency_level
    from month_stretches
    union all
    select
        customer_id,
        greatest(from_on, high_until) as from_on,
        least(to_on, middle_until) as to_on,
        'middle' as recency_level,
        frequency_level
    from month_stretches
    union all
    select customer_id, greatest(from_on, middle_until) as from_on, to_on, 'low' as recency_level, frequency_level
    from month_stretches
),

stretches as (
    select customer_id, 'shopper_type' as segment_family, shopper_type as segment_name, from_on, to_on
    from {{ ref('int_purchase_windows') }}
    where shopper_type <> 'no_purchase'
    union all
    select
        customer_id,
        'shopper_type_by_touch' as segment_family,
        case when online > 0 and offline > 0 then 'omnichannel' when online > 0 then 'online_only' else 'offline_only' end as segment_name,
        from_on,
        to_on
    from touch_stretches
    where online > 0 or offline > 0
    union all
    select customer_id, 'lifecycle' as segment_family, lifecycle_state as segment_name, from_on, to_on
    from {{ ref('int_lifecycle_spans') }}
    union all
    select
        customer_id,
        'membership' as segment_family,
        'member' as segment_name,
        enrolled_on as from_on,
        coalesce(left_on, {{ tomorrow }}) as to_on
    from memberships
    union all
    select customer_id, 'rfm' as segment_family, {{ rfm_segment('recency_level', 'frequency_level') }} as segment_name, from_on, to_on
    from rfm_stretches
    where from_on < to_on
),

clipped as (
    select
        stretches.segment_family,
        stretches.segment_name,
        greatest(stretches.from_on, people.known_on, first_days.day) as from_on,
        stretches.to_on
    from stretches
    inner join people on stretches.customer_id = people.customer_id
    cross join first_days
),

changes as (
    select segment_family, segment_name, from_on as day, count(*) as people
    from clipped
    where from_on < to_on
    group by segment_family, segment_name, from_on

    union all

    select segment_family, segment_name, to_on as day, 0 - count(*) as people
    from clipped
    where from_on < to_on
    group by segment_family, segment_name, to_on
),

all_changes as (
    select segment_family, segment_name, day, people from changes
    {%- for family, segments in families.items() %}

    union all

    select '{{ family }}' as segment_family, '{{ segments[-1] }}' as segment_name, day, 0 - people as people
    from changes
    where segment_family = '{{ family }}'

    union all

    select
        '{{ family }}' as segment_family,
        '{{ segments[-1] }}' as segment_name,
        greatest(people.known_on, first_days.day) as day,
        1 as people
    from people
    cross join first_days
    {%- endfor %}
),

daily_changes as (
    select segment_family, segment_name, day, sum(people) as people
    from all_changes
    group by segment_family, segment_name, day
),

segments as (
    {%- for family, names in families.items() %}
    {%- for name in names %}
    select '{{ family }}' as segment_family, '{{ name }}' as segment_name
    union all
    {%- endfor %}
    {%- endfor %}
    {%- for frequencies in rfm_segments().values() %}
    {%- set last = loop.last %}
    {%- for name in frequencies.values() %}
    select 'rfm' as segment_family, '{{ name }}' as segment_name
    {{ 'union all' if not (last and loop.last) }}
    {%- endfor %}
    {%- endfor %}
),

counted as (
    select
        calendar.day,
        segments.segment_family,
        segments.segment_name,
        sum(coalesce(daily_changes.people, 0)) over (
            partition by segments.segment_family, segments.segment_name order by calendar.day
        ) as customers
    from calendar
    cross join segments
    left join daily_changes
        on calendar.day = daily_changes.day
            and segments.segment_family = daily_changes.segment_family
            and segments.segment_name = daily_changes.segment_name

    union all

    select
        {{ as_of_date() }} as day,
        'vendor' as segment_family,
        concat(kept.source_system, ':', kept.source_account, ':', kept.segment_code) as segment_name,
        count(distinct people.customer_id) as customers
    from {{ ref('customer_segments') }} as kept
    inner join people on kept.customer_id = people.customer_id
    group by kept.source_system, kept.source_account, kept.segment_code
),

final as (
    select
        cast(day as date) as day,
        concat(segment_family, ':', segment_name) as segment,
        segment_family,
        segment_name,
        cast(customers as bigint) as customers
    from counted
)

select * from final
