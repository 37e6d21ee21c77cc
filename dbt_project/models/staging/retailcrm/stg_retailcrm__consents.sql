{% set subscription = [
    ('channel',       'subscription.channel', 'text',    ''),
    ('code',          'subscription.code',    'text',    ''),
    ('is_subscribed', 'subscribed',           'boolean', ''),
    ('changed_at',    'changedAt',            'local',   ''),
] %}
{% set phone = [('phone', 'number', 'text', '')] %}

with

customers as (
    {{ live_documents('retailcrm', 'customers') }}
),

first_phones as (
    select
        p.source_account,
        p.customer_id,
        e.phone
    from {{ child_rows('customers', 'phones', phone) }}
    where e.element_number = 1
),

subscriptions as (
    select
        p.source_system,
        p.source_account,
        p.customer_id,
        p.site,
        p.email,
        p.version_at,
        lower(e.channel) as raw_channel,
        e.code as topic,
        e.is_subscribed,
        e.changed_at
    from {{ child_rows('customers', 'subscriptions', subscription) }}
    where e.is_subscribed is not null

    union all

    select
        source_system,
        source_account,
        customer_id,
        site,
        email,
        version_at,
        'email' as raw_channel,
        cast(null as {{ dbt.type_string() }}) as topic,
        false as is_subscribed,
        email_unsubscribed_at as changed_at
    from customers
    where email_unsubscribed_at is not null
),

channels as (
    select
        *,
        case
            when raw_channel in ('email', 'sms', 'push') then raw_channel
            when raw_channel = 'webpush' then 'push'
            else 'messenger'
        end as channel
    from subscriptions
),

final as (
    select
        channels.source_system,
        channels.source_account,
        channels.customer_id as source_record_id,
        channels.channel,
        channels.topic,
        channels.site as brand,
        case when channels.channel = 'email' then channels.email else first_phones.phone end as contact_point,
        channels.is_subscribed,
        channels.changed_at,
        channels.version_at as seen_at
    from channels
    left join first_phones
        on channels.source_account = first_phones.source_account
            and channels.customer_id = first_phones.customer_id
)

select * from final
