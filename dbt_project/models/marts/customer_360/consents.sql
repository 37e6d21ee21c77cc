-- May we write to this customer in this channel for this brand? Consent belongs to a contact point and topic: of each the
-- latest dated change wins and of two at one moment the refusal. A statement without a date counts only while no dated
-- one is known in the channel; a later refusal without a topic ends all topics. The customer is subscribed while any
-- contact point and topic is. One row per customer, channel and brand.
with statements as (
    select * from {{ ref('int_consents') }}
),

customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

phones as (
    select * from {{ ref('int_phone_numbers') }}
),

addressed as (
    select
        customer_of_profile.customer_id,
        statements.channel,
        coalesce(statements.brand, '') as brand,
        coalesce(statements.topic, '') as topic,
        coalesce(phones.phone, lower(trim(statements.contact_point)), '') as contact_point,
        statements.is_subscribed,
        statements.changed_at
    from statements
    inner join customer_of_profile on statements.profile_id = customer_of_profile.profile_id
    left join phones on statements.channel in ('sms', 'messenger') and statements.contact_point = phones.written
    where statements.is_subscribed is not null
),

weighed as (
    select
        addressed.*,
        max(changed_at) over (partition by customer_id, channel, brand) as channel_changed_at,
        max(case when topic = '' and not is_subscribed then changed_at end)
            over (partition by customer_id, channel, brand) as refused_all_at,
        row_number() over (
            partition by customer_id, channel, brand, topic, contact_point
            order by changed_at desc nulls last, is_subscribed
        ) as place
    from addressed
),

final as (
    select
        customer_id,
        channel,
        nullif(brand, '') as brand,
        max(case
            when place > 1 or not is_subscribed then 0
            when changed_at is null and channel_changed_at is not null then 0
            when changed_at <= refused_all_at then 0
            else 1
        end) = 1 as is_subscribed,
        min(case when is_subscribed then changed_at end) as first_subscribed_at,
        max(changed_at) as last_changed_at
    from weighed
    group by customer_id, channel, brand
)

select * from final
