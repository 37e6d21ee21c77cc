{% set phone = [('phone', 'number', 'text', '')] %}

with

customers as (
    {{ live_documents('retailcrm', 'customers') }}
),

companies as (
    {{ live_documents('retailcrm', 'customers_corporate') }}
),

accounts as (
    {{ live_documents('retailcrm', 'loyalty_accounts') }}
),

values_written as (
    select source_system, source_account, customer_id, 'email' as identifier_type, email as identifier_value, created_at, version_at
    from customers

    union all

    select p.source_system, p.source_account, p.customer_id, 'phone', e.phone, p.created_at, p.version_at
    from {{ child_rows('customers', 'phones', phone) }}

    union all

    select source_system, source_account, customer_id, 'loyalty_card', card_number, created_at, version_at
    from customers

    union all

    select source_system, source_account, customer_id, 'source_record', external_id, created_at, version_at
    from customers

    union all

    select source_system, source_account, customer_id, 'source_record', external_id, created_at, version_at
    from companies

    union all

    select source_system, source_account, customer_id, 'browser_client', first_client_id, created_at, version_at
    from customers

    union all

    select source_system, source_account, customer_id, 'browser_client', last_client_id, created_at, version_at
    from customers

    union all

    select source_system, source_account, customer_id, 'loyalty_card', card_number, created_at, version_at
    from accounts

    union all

    select source_system, source_account, customer_id, 'phone', phone, created_at, version_at
    from accounts
),

final as (
    select
        source_system,
        source_account,
        customer_id as source_record_id,
        identifier_type,
        case when identifier_type = 'source_record' then 'externalId' end as identifier_namespace,
        identifier_value,
        min(created_at) as first_seen_at,
        max(version_at) as last_seen_at
    from values_written
    where identifier_value is not null and customer_id is not null
    group by source_system, source_account, customer_id, identifier_type, identifier_value
)

select * from final
