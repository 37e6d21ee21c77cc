{{ config(database='relations') }}
-- Generated from semantic/drills/kpi_channel_fallback_monthly.sql. The records behind the mart, with its dimensions and what is told over them anew.
with messages as (
    select
        message_id,
        customer_id,
        channel,
        sent_at,
        sent_on,
        if(is_opened and not is_machine_opened, first_opened_at, null) as opened_at,
        first_clicked_at as clicked_at,
        sum(if(opened_at is null and clicked_at is null, 0, 1)) over (
            partition by customer_id, channel order by sent_at, message_id
        ) as reactions_so_far
    from omnimart.marts.messages
    where is_delivered and message_type in ('mass', 'trigger')
        and customer_id in (select customer_id from omnimart.marts.customer_360 where not is_employee and not is_b2b)
),

silences as (
    select customer_id, channel, sent_at as silent_at, cast(date_trunc('month', sent_on) as date) as month
    from messages
    where opened_at is null and clicked_at is null and channel <> 'unknown'
    qualify row_number() over (partition by customer_id, channel, reactions_so_far order by sent_at, message_id)
        = (select cast(value as integer) from omnimart.marts.parameters where name = 'messaging.fallback_ignored_messages')
),

records as (
    select
        silences.month,
        silences.channel as from_channel,
        others.channel as to_channel,
        silences.customer_id,
        silences.silent_at,
        bool_or(messages.sent_at > silent_at and messages.sent_at <= silent_at + to_days(days)) as is_written_to,
        bool_or((messages.opened_at > silent_at and messages.opened_at <= silent_at + to_days(days))
            or (messages.clicked_at > silent_at and messages.clicked_at <= silent_at + to_days(days))) as has_fallen_back
    from silences
    cross join (select cast(value as integer) as days from omnimart.marts.parameters where name = 'messaging.fallback_reaction_days')
    cross join (select max(refreshed_at) as as_of from omnimart.marts.load_reconciliation)
    join (select distinct channel from messages where channel <> 'unknown') as others on others.channel <> silences.channel
    left join messages on messages.customer_id = silences.customer_id and messages.channel = others.channel
    where silent_at + to_days(days) <= as_of
    group by all
)

select
    month,
    from_channel,
    to_channel,
    customer_id as ignored,
    case when has_fallen_back then customer_id end as fell_back,
    case when is_written_to then customer_id end as written_to
from records
