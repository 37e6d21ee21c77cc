{% set email = [('email', 'email', 'text', '')] %}
{% set phone = [('phone', 'phone', 'text', '')] %}
{% set messenger = [
    ('network',  'type',     'text', ''),
    ('identity', 'identity', 'text', ''),
] %}
with

clients as (
    {{ live_documents('usedesk', 'clients') }}
),

details as (
    {{ live_documents('usedesk', 'client_details') }}
),

values_written as (
    -- The list holds one e-mail and one phone, the client alone has all of them; each is evidence while it stands there.
    select source_system, source_account, client_id, 'email' as identifier_type, email as identifier_value, version_at
    from clients

    union all

    select source_system, source_account, client_id, 'phone', phone, version_at
    from clients

    union all

    select p.source_system, p.source_account, p.client_id, 'email', e.email, p.version_at
    from {{ child_rows('details', 'emails', email) }}

    union all

    select p.source_system, p.source_account, p.client_id, 'phone', e.phone, p.version_at
    from {{ child_rows('details', 'phones', phone) }}

    union all

    select p.source_system, p.source_account, p.client_id, 'messenger', lower(e.network) || ':' || e.identity, p.version_at
    from {{ child_rows('details', 'messengers', messenger) }}
),

final as (
    select
        source_system,
        source_account,
        client_id as source_record_id,
        identifier_type,
        cast(null as {{ dbt.type_string() }}) as identifier_namespace,
        identifier_value,
        cast(null as timestamp) as first_seen_at,
        max(version_at) as last_seen_at
    from values_written
    where identifier_value is not null
    group by source_system, source_account, client_id, identifier_type, identifier_value
)

select * from final
