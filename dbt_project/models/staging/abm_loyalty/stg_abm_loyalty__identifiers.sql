-- Cards, those that were replaced too, phones and e-mails of the members; one row per member, type and spelling.
{{ config(materialized='table') }}  -- Spark keeps no view of a function that is lent to it
{% set card = [
    ('card_number', 'number', 'text', ''),
    ('card_status', 'status', 'text', ''),
] %}
with

accounts as (
    {{ live_documents('abm_loyalty', 'accounts') }}
),

told as (
    select source_system, source_account, account_id, 'loyalty_card' as identifier_type, card_number as identifier_value, version_at
    from accounts

    union

    select p.source_system, p.source_account, p.account_id, 'loyalty_card', e.card_number, p.version_at
    from {{ child_rows('accounts', 'cards', card) }}

    union

    select source_system, source_account, account_id, 'phone', phone, version_at
    from accounts

    union

    select source_system, source_account, account_id, 'email', email, version_at
    from accounts
),

final as (
    select
        source_system,
        source_account,
        {{ without_card('account_id') }} as source_record_id,
        identifier_type,
        cast(null as {{ dbt.type_string() }}) as identifier_namespace,
        identifier_value,
        cast(null as timestamp) as first_seen_at,
        version_at as last_seen_at
    from told
    -- Stars stand for what the vendor hides, and a hidden number is nobody's.
    where identifier_value is not null and identifier_value not like '%*%'
)

select * from final
