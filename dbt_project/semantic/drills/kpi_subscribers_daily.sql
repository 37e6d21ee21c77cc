-- The first opt-in of each customer in each channel; employees and companies are no people here.
-- Записи — первая подписка каждого клиента в каждом канале; сотрудники и юрлица не учитываются.
with records as (
    select
        cast(timezone((select value from marts.parameters where name = 'business.timezone'),
            timezone('UTC', min(consents.first_subscribed_at))) as date) as day,
        consents.channel,
        consents.customer_id,
        min(consents.first_subscribed_at) as first_subscribed_at
    from marts.consents
    join marts.customer_360 using (customer_id)
    where not customer_360.is_employee and not customer_360.is_b2b and consents.first_subscribed_at is not null
    group by consents.channel, consents.customer_id
)

select
    day,
    channel,
    count(distinct customer_id) as new_subscribers
from records
group by all
