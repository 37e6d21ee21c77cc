{% set subscription = [
    ('brand', 'brand', 'text', ''),
    ('point_of_contact', 'pointOfContact', 'text', ''),
    ('topic', 'topic', 'text', ''),
    ('is_subscribed', 'isSubscribed', 'boolean', ''),
    ('changed_at', 'changeDateTimeUtc', 'utc?', ''),
] %}
with

customers as (
    {{ live_documents('mindbox', 'customers') }}
),

actions as (
    {{ live_documents('mindbox', 'customer_actions') }}
),

told as (
    -- What the customer's record says today; most exports give no date.
    select
        p.source_system,
        p.source_account,
        p.customer_id,
        e.point_of_contact,
        e.topic,
        e.brand,
        e.is_subscribed,
        e.changed_at,
        p.version_at as seen_at
    from {{ child_rows('customers', 'subscriptions', subscription) }}
    where e.is_subscribed is not null and e.point_of_contact is not null
),

done as (
    -- What was done, with its date.
    select
        p.source_system,
        p.source_account,
        p.customer_id,
        e.point_of_contact,
        e.topic,
        e.brand,
        e.is_subscribed,
        p.happened_at as changed_at,
        coalesce(p.created_at, p.happened_at) as seen_at
    from {{ child_rows('actions', 'subscriptions', subscription) }}
    where e.is_subscribed is not null and e.point_of_contact is not null
),

dated as (
    select
        source_account,
        customer_id,
        point_of_contact,
        topic,
        brand,
        is_subscribed,
        max(changed_at) as changed_at
    from done
    group by source_account, customer_id, point_of_contact, topic, brand, is_subscribed
),

statements as (
    select * from done
    union all
    -- The state stands beside the actions only where none of them says the same.
    select told.*
    from told
    left join dated
        on
            told.source_account = dated.source_account
            and told.customer_id = dated.customer_id
            and coalesce(told.point_of_contact, '') = coalesce(dated.point_of_contact, '')
            and coalesce(told.topic, '') = coalesce(dated.topic, '')
            and coalesce(told.brand, '') = coalesce(dated.brand, '')
            and told.is_subscribed = dated.is_subscribed
    where dated.customer_id is null
),

addressed as (
    select
        statements.*,
        customers.email,
        customers.mobile_phone,
        {{ mapped_value('message_channel') }} as channel
    from statements
    left join customers
        on
            statements.source_account = customers.source_account
            and statements.customer_id = customers.customer_id
    {{ mapped('message_channel', 'statements.source_system', 'statements.point_of_contact') }}
)

select
    source_system,
    source_account,
    customer_id as source_record_id,
    channel,
    topic,
    brand,
    case
        when channel = 'email' then email
        when channel in ('sms', 'messenger') and {{ matches('mobile_phone', '^[0-9]{11,15}$') }} then '+' || mobile_phone
        when channel in ('sms', 'messenger') then mobile_phone
    end as contact_point,
    is_subscribed,
    changed_at,
    seen_at
from addressed
