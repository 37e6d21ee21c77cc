-- Who stands behind each shared value, and what follows: `link` (one person), `conflicted` (a family's or a recycled
-- number, or what a company holds too: only those who also share a name or birth date are linked), `too_many` (a shared
-- thing, skipped). Companies and people are apart, so that a company's mailbox does not join it with its buyer; one row per type,
-- value and class.
with identifiers as (
    select * from {{ ref('int_identifiers') }}
    where rejected_because is null and identifier_type not in ('source_record', 'browser_client')
),

profiles as (
    select * from {{ ref('int_identity_profiles') }}
),

of_companies as (
    select distinct identifier_type, link_value
    from identifiers
    where is_company
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
            when counted.profiles_count > {{ rule('identity.records_per_identifier') }}
                or (not counted.is_company and counted.names_count > {{ rule('identity.names_per_identifier') }})
                then 'too_many'
            when counted.is_company then 'link'
            -- Colleagues write from one mailbox; one name there is one person all the same.
            when counted.names_count > 1 and of_companies.link_value is not null then 'conflicted'
            -- A number is handed on and shared in families; a mailbox or a card must show two signs of two people.
            when counted.identifier_type = 'phone'
                and (counted.names_count > 1 or counted.birth_dates_count > 1 or counted.sexes_count > 1)
                then 'conflicted'
            when counted.names_count > 1 and (counted.birth_dates_count > 1 or counted.sexes_count > 1) then 'conflicted'
            else 'link'
        end as verdict
    from counted
    left join of_companies
        on counted.identifier_type = of_companies.identifier_type and counted.link_value = of_companies.link_value
)

select * from final
