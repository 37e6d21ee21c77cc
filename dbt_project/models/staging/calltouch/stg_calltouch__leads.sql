-- Site forms; one row per form.
{% set not_told = '<не указано>' %}
{% set order = [
    ('order_number', 'orderNumber', 'text', ''),
] %}
with

leads as (
    {{ live_documents('calltouch', 'leads') }}
),

contacts as (
    select
        source_account,
        lead_id,
        min(case when identifier_type = 'email' then identifier_value end) as contact_email,
        min(case when identifier_type = 'phone' then identifier_value end) as contact_phone
    from {{ ref('stg_calltouch__contacts') }}
    group by source_account, lead_id
),

named as (
    select
        p.source_account,
        p.lead_id,
        min(e.order_number) as order_number
    from {{ child_rows('leads', 'orders', order) }}
    group by p.source_account, p.lead_id
),

final as (
    select
        leads.source_system,
        leads.source_account,
        leads.lead_id as source_record_id,
        -- a client without any contact is nobody, and no profile
        case when contacts.lead_id is not null then leads.client_record_id end as profile_record_id,
        leads.left_at as happened_at,
        leads.subject,
        contacts.contact_email,
        contacts.contact_phone,
        named.order_number,
        leads.client_id,
        nullif(leads.medium, '{{ not_told }}') as raw_traffic_source,
        nullif(leads.utm_source, '{{ not_told }}') as utm_source,
        nullif(leads.utm_medium, '{{ not_told }}') as utm_medium,
        nullif(leads.utm_campaign, '{{ not_told }}') as utm_campaign
    from leads
    left join contacts
        on leads.source_account = contacts.source_account
            and leads.lead_id = contacts.lead_id
    left join named
        on leads.source_account = named.source_account
            and leads.lead_id = named.lead_id
)

select * from final
