-- A person is new in a channel once, on the day of the first dated opt-in, whatever the brand. What the first load found
-- undated is nobody's opt-in of today. Employees and companies are no people here, tests are no customers.
with consents as (
    select * from {{ ref('consents') }}
),

customers as (
    select * from {{ ref('int_customers') }}
    where not (is_employee or is_b2b)
),

first_opt_ins as (
    select
        consents.customer_id,
        consents.channel,
        min(consents.first_subscribed_at) as first_subscribed_at
    from consents
    inner join customers on consents.customer_id = customers.customer_id
    group by consents.customer_id, consents.channel
),

final as (
    select
        {{ business_date('first_subscribed_at') }} as day,
        channel,
        count(*) as new_subscribers
    from first_opt_ins
    where first_subscribed_at is not null
    group by 1, 2
)

select * from final
