-- Who stands behind each shared value, and what follows: `link` (one person), `conflicted` (a family's or a recycled
-- number: only those who also share a name or birth date are linked), `too_many` (a shared thing, skipped). Companies
-- and people are apart, so that a company's mailbox does not join it with its buyer; one row per type, value and class.
with identifiers as (
    select * from {{ ref('int_identifiers') }}
    where rejected_because is null and identifier_type not in ('source_record', 'browser_client')
),

profiles as (
    select * from {{ ref('int_identity_profiles') }}
),

counted as (
    select
        identifiers.identifier_type,
        identifiers.link_value,
        identifiers.is_company,
        count(distinct identifiers.profile_id) as profiles_count,
        count(distinct profiles.first_name_key) as names_count,
        count(distinct profiles.birth_date) as birth_dates_count,
        count(distinct profiles.sex) as sexes_count
    from identifiers
    inner join profiles on identifiers.profile_id = profiles.profile_id
    group by 1, 2, 3
    having count(distinct identifiers.profile_id) > 1
),

final as (
    select
        counted.*,
        case
            when profiles_count > {{ rule('identity.records_per_identifier') }}
                or (not is_company and names_count > {{ rule('identity.names_per_identifier') }})
                then 'too_many'
            when is_company then 'link'
            -- A number is handed on and shared in families; a mailbox or a card must show two signs of two people.
            when identifier_type = 'phone'
                and (names_count > 1 or birth_dates_count > 1 or sexes_count > 1)
                then 'conflicted'
            when names_count > 1 and (birth_dates_count > 1 or sexes_count > 1) then 'conflicted'
            else 'link'
        end as verdict
    from counted
)

select * from final
