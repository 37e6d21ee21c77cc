-- What somebody wrote into a form of how to be reached; one row per lead, type of contact and value.
{% set phone = [
    ('phone', 'phoneNumber', 'text', ''),
] %}
{% set contact = [
    ('kind',  'contactType',  'text', ''),
    ('value', 'contactValue', 'text', ''),
] %}
with

leads as (
    {{ live_documents('calltouch', 'leads') }}
),

final as (
    select
        p.source_system,
        p.source_account,
        p.lead_id,
        p.client_record_id,
        p.left_at,
        'phone' as identifier_type,
        e.phone as identifier_value
    from {{ child_rows('leads', 'phones', phone) }}
    where e.phone is not null

    union

    select
        p.source_system,
        p.source_account,
        p.lead_id,
        p.client_record_id,
        p.left_at,
        'email' as identifier_type,
        e.value as identifier_value
    from {{ child_rows('leads', 'contacts', contact) }}
    where {{ matches('e.value', '^[^@ ]+@[^@ ]+$') }}
)

select * from final
