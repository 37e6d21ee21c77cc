-- Everybody known on a day with the segments in which they stand at its end, told by their last orders and touches up to then; the
-- segments of vendors, who do not date them, on the last day alone. Without employees and companies.
-- Записи — все известные в этот день люди и сегменты, в которых они состоят на его конец по последним заказам и касаниям; сегменты
-- внешних систем, которые их не датируют, — только на последний день. Без сотрудников и юрлиц.
with rules as (
    select
        max(value) filter (where name = 'business.timezone') as zone,
        cast(max(value) filter (where name = 'sales.omnichannel_window_days') as integer) as window_days,
        cast(max(value) filter (where name = 'customer_value.rfm_window_days') as integer) as rfm_days,
        1 + floor(round(cast(max(value) filter (where name = 'customer_value.rfm_bins') as integer)
            * cast(max(value) filter (where name = 'customer_value.rfm_middle_share') as double), 6)) as middle_from,
        1 + floor(round(cast(max(value) filter (where name = 'customer_value.rfm_bins') as integer)
            * cast(max(value) filter (where name = 'customer_value.rfm_high_share') as double), 6)) as high_from,
        cast(max(value) filter (where name = 'lifecycle.new_days') as integer) as new_days
    from marts.parameters
),

days as (
    select distinct day from marts.kpi_segments_daily
),

persons as (
    select customer_id from marts.customer_360
    where not is_employee and not is_b2b
),

people as (
    select persons.customer_id, coalesce(min(meetings.met_on), (select max(day) from days)) as known_on
    from persons
    left join (
        select customer_id, cast(timezone(zone, timezone('UTC', first_seen_at)) as date) as met_on from marts.customer_360, rules

        union all

        select customer_id, ordered_on from marts.orders
        where is_counted

        union all

        select customer_id, sent_on from marts.messages
    ) as meetings using (customer_id)
    group by persons.customer_id
),

orders as (
    select *
    from marts.orders
    where is_counted and channel_class <> 'marketplace' and not is_employee_purchase and not is_b2b
        and customer_id in (select customer_id from persons)
),

order_days as (
    select
        customer_id,
        ordered_on,
        min(ordered_on) over (partition by customer_id) as first_on,
        sum(count(*)) over (partition by customer_id order by ordered_on) as orders_so_far
    from orders
    group by customer_id, ordered_on
),

class_days as (
    select distinct customer_id, ordered_on as on_day, channel_class = 'online' as is_online, true as is_order
    from orders
    where channel_class in ('online', 'offline')
),

touch_days as (
    select customer_id, on_day, is_online from class_days

    union

    select
        customer_id,
        cast(timezone(zone, timezone('UTC', occurred_at)) as date),
        touch_type in ('ad_visit', 'visit', 'message_click')
    from marts.touchpoints, rules
    where touch_type in ('ad_visit', 'visit', 'message_click', 'store_visit', 'event') and customer_id is not null
),

memberships as (
    select
        customer_id,
        cast(timezone(zone, timezone('UTC', min(enrolled_at))) as date) as enrolled_on,
        if(count(*) filter (where closed_at is null) = 0,
            cast(timezone(zone, timezone('UTC', max(closed_at))) as date), null) as left_on
    from marts.loyalty_accounts, rules
    where enrolled_at is not null and (is_member or closed_at is not null)
    group by customer_id, zone
),

breaks as (
    select
        month,
        ceil(coalesce(max(break_value) filter (where dimension = 'recency' and score = high_from), 99999)) as high_recency,
        ceil(coalesce(max(break_value) filter (where dimension = 'recency' and score = middle_from), 99999)) as middle_recency,
        coalesce(max(break_value) filter (where dimension = 'frequency' and score = high_from), -1) as high_frequency,
        coalesce(max(break_value) filter (where dimension = 'frequency' and score = middle_from), -1) as middle_frequency
    from marts.rfm_breaks, rules
    group by month
),

person_days as (
    select
        day,
        people.customer_id,
        day - window_days as window_after,
        day - rfm_days as rfm_after,
        cast(date_trunc('month', day) as date) as month,
        new_days
    from days
    join people on known_on <= day
    cross join rules
),

placed as (
    select
        person_days.*,
        latest.ordered_on as last_on,
        latest.first_on,
        coalesce(latest.orders_so_far, 0) - coalesce(older.orders_so_far, 0) as orders_in_window,
        coalesce(online.on_day > window_after, false) as is_online,
        coalesce(offline.on_day > window_after, false) as is_offline,
        coalesce(touched_online.on_day > window_after, false) as is_touched_online,
        coalesce(touched_offline.on_day > window_after, false) as is_touched_offline
    from person_days
    asof left join order_days as latest on latest.customer_id = person_days.customer_id and latest.ordered_on <= day
    asof left join order_days as older on older.customer_id = person_days.customer_id and older.ordered_on <= rfm_after
    asof left join (select * from class_days where is_online) as online
        on online.customer_id = person_days.customer_id and online.on_day <= day
    asof left join (select * from class_days where not is_online) as offline
        on offline.customer_id = person_days.customer_id and offline.on_day <= day
    asof left join (select * from touch_days where is_online) as touched_online
        on touched_online.customer_id = person_days.customer_id and touched_online.on_day <= day
    asof left join (select * from touch_days where not is_online) as touched_offline
        on touched_offline.customer_id = person_days.customer_id and touched_offline.on_day <= day
),

levels as (
    select
        placed.*,
        case
            when is_online and is_offline then 'omnichannel' when is_online then 'online_only' when is_offline then 'offline_only'
            else 'no_purchase'
        end as shopper_type,
        case
            when is_touched_online and is_touched_offline then 'omnichannel' when is_touched_online then 'online_only'
            when is_touched_offline then 'offline_only' else 'no_touch'
        end as shopper_type_by_touch,
        case
            when last_on is null then 'no_purchase'
            when day < first_on + new_days then 'new'
            when day - last_on <= at_risk_days then 'active'
            when day - last_on <= lapsed_days then 'at_risk'
            else 'lapsed'
        end as lifecycle_state,
        if(memberships.enrolled_on <= day and (left_on is null or left_on > day), 'member', 'non_member') as membership,
        case when orders_in_window > 0 and breaks.month is not null then
            case when day - last_on < high_recency then 'high' when day - last_on < middle_recency then 'middle' else 'low' end
        end as recency_level,
        case when orders_in_window > high_frequency then 'high' when orders_in_window > middle_frequency then 'middle' else 'low' end
            as frequency_level
    from placed
    left join marts.lifecycle_thresholds as thresholds on thresholds.year = year(day)
    left join memberships using (customer_id)
    left join breaks on breaks.month = placed.month
),

records as (
    select
        day,
        customer_id,
        unnest([
            'shopper_type:' || shopper_type,
            'shopper_type_by_touch:' || shopper_type_by_touch,
            'lifecycle:' || lifecycle_state,
            'membership:' || membership,
            'rfm:' || case recency_level || ' ' || frequency_level
                when 'high high' then 'champions' when 'high middle' then 'potential_loyalists' when 'high low' then 'recent'
                when 'middle high' then 'loyal' when 'middle middle' then 'needs_attention' when 'middle low' then 'about_to_sleep'
                when 'low high' then 'cannot_lose' when 'low middle' then 'slipping' when 'low low' then 'hibernating'
            end
        ]) as segment
    from levels

    union all

    select distinct
        (select max(day) from days) as day,
        customer_id,
        'vendor:' || source_system || ':' || source_account || ':' || segment_code as segment
    from marts.customer_segments
    where customer_id in (select customer_id from people)
)

select
    day,
    segment,
    count(*) as customers
from records
where segment is not null
group by all
