{% set card = [
    ('card_number', 'ids.number', 'text', ''),
] %}
with

customers as (
    {{ live_documents('mindbox', 'customers') }}
),

emails as (
    select
        source_system,
        source_account,
        customer_id,
        changed_at,
        'email' as identifier_type,
        null as identifier_namespace,
        email as identifier_value
    from customers
    where email is not null
),

phones as (
    -- A mobile number is kept whole, country code and all, and written as a number: the "+" it lost is put back.
    select
        source_system,
        source_account,
        customer_id,
        changed_at,
        'phone' as identifier_type,
        null as identifier_namespace,
        case
            when {{ matches('mobile_phone', '^[0-9]{11,15}$') }} then '+' || mobile_phone
            else mobile_phone
        end as identifier_value
    from customers
    where mobile_phone is not null
),

cards as (
    select
        p.source_system,
        p.source_account,
        p.customer_id,
        p.changed_at,
        'loyalty_card' as identifier_type,
        null as identifier_namespace,
        e.card_number as identifier_value
    from {{ child_rows('customers', 'discount_cards', card) }}
    where e.card_number is not null
    union
    select
        source_system,
        source_account,
        customer_id,
        changed_at,
        'loyalty_card' as identifier_type,
        null as identifier_namespace,
        last_card_number as identifier_value
    from customers
    where last_card_number is not null
),

foreign_ids as (
    {%- for namespace in var('mindbox_id_namespaces', ['crmId', 'websiteID']) %}
    select
        source_system,
        source_account,
        customer_id,
        changed_at,
        'source_record' as identifier_type,
        '{{ namespace }}' as identifier_namespace,
        id_in_{{ namespace | lower }} as identifier_value
    from customers
    where id_in_{{ namespace | lower }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

identifiers as (
    select * from emails
    union all
    select * from phones
    union all
    select * from cards
    union all
    select * from foreign_ids
)

select
    source_system,
    source_account,
    customer_id as source_record_id,
    identifier_type,
    cast(identifier_namespace as {{ dbt.type_string() }}) as identifier_namespace,
    identifier_value,
    cast(null as timestamp) as first_seen_at,
    changed_at as last_seen_at
from identifiers
