{{ config(database='relations') }}
-- Generated from semantic/drills/kpi_subscribers_daily.sql. The records behind the mart, with its dimensions and what is told over them anew.
with records as (
    select
        cast(timezone((select value from omnimart.marts.parameters where name = 'business.timezone'),
            timezone('UTC', min(consents.first_subscribed_at))) as date) as day,
        consents.channel,
        consents.customer_id,
        min(consents.first_subscribed_at) as first_subscribed_at
    from omnimart.marts.consents
    join omnimart.marts.customer_360 using (customer_id)
    where not customer_360.is_employee and not customer_360.is_b2b and consents.first_subscribed_at is not null
    group by consents.channel, consents.customer_id
)

select
    day,
    channel,
    customer_id as new_subscribers
from records
