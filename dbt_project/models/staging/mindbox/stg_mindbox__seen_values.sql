{% set subscription = [
    ('point_of_contact', 'pointOfContact', 'text', ''),
    ('is_subscribed', 'isSubscribed', 'boolean', ''),
] %}
with

statuses as (
    {{ live_documents('mindbox', 'mailing_statuses') }}
),

mailings as (
    {{ live_documents('mindbox', 'mailings') }}
),

customers as (
    {{ live_documents('mindbox', 'customers') }}
),

actions as (
    {{ live_documents('mindbox', 'customer_actions') }}
),

matching as (
    select * from {{ ref('stg_mindbox__message_matching') }}
),

seen as (
    select
        source_system,
        source_account,
        'mailing_statuses' as resource,
        'message_event' as field,
        status as raw_value
    from statuses
    union all
    select
        source_system,
        source_account,
        'mailing_statuses' as resource,
        'message_channel' as field,
        channel as raw_value
    from statuses
    union all
    select
        source_system,
        source_account,
        'mailings' as resource,
        'message_type' as field,
        mailing_type as raw_value
    from mailings
    union all
    select
        source_system,
        source_account,
        'mailings' as resource,
        'message_channel' as field,
        channel as raw_value
    from mailings
    union all
    select
        p.source_system,
        p.source_account,
        'customers' as resource,
        'message_channel' as field,
        e.point_of_contact as raw_value
    from {{ child_rows('customers', 'subscriptions', subscription) }}
    where e.is_subscribed is not null
    union all
    select
        source_system,
        source_account,
        'customer_actions' as resource,
        'session_event' as field,
        action_template as raw_value
    from actions
)

select
    source_system,
    source_account,
    resource,
    field,
    raw_value,
    count(*) as records
from seen
where raw_value is not null
group by source_system, source_account, resource, field, raw_value

union all

select
    source_system,
    source_account,
    'mailing_statuses' as resource,
    'message_customer' as field,
    'no customer: add customer.ids.mindboxId to the export of mailing statuses' as raw_value,
    unmatched_messages as records
from matching
where unmatched_messages > 0
