-- What is no sign of one person: e-mail addresses, telephone numbers, cards and messenger ids that several customers hold, or that
-- link nobody, and ids of other systems' records that link nobody, and why. Masked, these ids only where they look like a contact,
-- with the keyed hash to look a value up by; one row per type, value and class (people or companies).
with values_shared as (
    select * from {{ ref('int_identifiers__shared') }}
),

final as (
    select
        identifier_type,
        -- An unreadable value may be anything, a name too.
        case
            when identifier_type = 'source_record' then {{ without_contacts('identifier_value') }}
            when verdict <> 'unreadable' then {{ masked('identifier_type', 'identifier_value') }}
        end as identifier_masked,
        {{ keyed_hash('identifier_value') }} as identifier_hash,
        is_company,
        verdict,
        reason,
        cast(profiles_count as integer) as profiles_count,
        cast(customers_count as integer) as customers_count,
        first_seen_at,
        last_seen_at
    from values_shared
)

select * from final
