-- Everybody known on a day with what was delivered to them in the 7 and 30 days that end with it, and what was sent to them on it;
-- without employees and companies.
-- Записи — все известные в этот день люди с тем, что им доставлено за 7 и 30 дней по этот день, и с тем, что отправлено в этот день;
-- без сотрудников и юрлиц.
with told as (
    select
        max(value) filter (where name = 'business.timezone') as zone,
        cast(max(value) filter (where name = 'contact_pressure.cap_7_days') as integer) as cap_7_days,
        cast(max(value) filter (where name = 'contact_pressure.cap_30_days') as integer) as cap_30_days,
        list_prepend(0, cast(max(value) filter (where name = 'contact_pressure.band_edges') as integer[])) as edges
    from marts.parameters
),

rules as (
    select
        *,
        list_transform(edges, lambda edge, place: case
            when place = len(edges) then edge || '+'
            when edge = edges[place + 1] - 1 then cast(edge as varchar)
            else edge || '–' || (edges[place + 1] - 1)
        end) as bands
    from told
),

days as (
    select distinct day from marts.kpi_contact_pressure_daily
),

messages as (
    select *
    from marts.messages
    where message_type in ('mass', 'trigger')
),

people as (
    select
        customers.customer_id,
        coalesce(min(meetings.met_on), (select max(day) from days)) as known_on
    from marts.customer_360 as customers
    left join (
        select customer_id, cast(timezone(zone, timezone('UTC', first_seen_at)) as date) as met_on from marts.customer_360, rules

        union all

        select customer_id, ordered_on from marts.orders
        where is_counted

        union all

        select customer_id, sent_on from marts.messages
    ) as meetings using (customer_id)
    where not customers.is_employee and not customers.is_b2b
    group by customers.customer_id
),

delivered as (
    select customer_id, sent_on, count(*) as messages
    from messages
    where is_delivered
    group by all
),

weighed as (
    select
        day,
        customer_id,
        sum(messages) filter (where sent_on > day - 7) as messages_7d,
        sum(messages) as messages_30d
    from delivered
    join days on day >= sent_on and day < sent_on + 30
    group by all
),

written as (
    select
        sent_on as day,
        customer_id,
        count(*) as sent,
        count(*) filter (where is_after_opt_out) as messages_after_opt_out,
        count(*) filter (where is_delivered) as delivered,
        count(*) filter (where is_duplicate) as duplicate_messages,
        count(*) filter (where is_unsubscribed) as unsubscribed,
        count(*) filter (where is_spam_complaint) as spam_complaints
    from messages
    group by all
),

records as (
    select
        days.day,
        bands[len(list_filter(edges, lambda edge: edge <= coalesce(messages_7d, 0)))] as pressure_band,
        people.customer_id,
        coalesce(messages_7d, 0) as messages_7d,
        coalesce(messages_30d, 0) as messages_30d,
        coalesce(messages_7d, 0) > cap_7_days or coalesce(messages_30d, 0) > cap_30_days as is_over_cap,
        last.sent_on as last_message_on,
        written.* exclude (day, customer_id)
    from days
    join people on people.known_on <= days.day
    cross join rules
    left join weighed on weighed.day = days.day and weighed.customer_id = people.customer_id
    left join written on written.day = days.day and written.customer_id = people.customer_id
    asof left join delivered as last on last.customer_id = people.customer_id and last.sent_on <= days.day
)

select
    day,
    pressure_band,
    count(*) as people,
    sum(messages_7d) as messages_7d,
    sum(messages_30d) as messages_30d,
    count(*) filter (where is_over_cap) as people_over_cap,
    count(last_message_on) as people_written_to,
    coalesce(sum(day - last_message_on), 0) as days_since_last_message,
    coalesce(sum(sent), 0) as sent,
    coalesce(sum(messages_after_opt_out), 0) as messages_after_opt_out,
    coalesce(sum(delivered), 0) as delivered,
    coalesce(sum(duplicate_messages), 0) as duplicate_messages,
    coalesce(sum(unsubscribed), 0) as unsubscribed,
    coalesce(sum(spam_complaints), 0) as spam_complaints
from records
group by all
