-- Who stands behind each shared value, and what follows: `link` (one person), `conflicted` (several people's, as two of its records
-- show, int_identifier_pairs; a recycled number; what a company holds too; or more records without a name than one person has: only
-- those who agree in more are linked), `too_many` (a shared thing, or an id that every record names: skipped). Companies and people
-- are apart, so that a company's mailbox does not join it with its buyer. A number was handed on (is_handed_on) where two people of
-- different surnames told it one after the other, with time between (macro handed_on). Told is counted by the days on which records
-- were made: vendors date the last sight of a number by whatever changed in the record, or by the last time it was fetched. One row
-- per type, value and class.
with identifiers as (
    select * from {{ ref('int_identifiers') }}
    where rejected_because is null and identifier_type <> 'browser_client'
),

profiles as (
    select * from {{ ref('int_identity_profiles') }}
),

records as (
    select profile_id, city from {{ ref('int_profiles') }}
),

unlike as (
    select distinct identifier_type, link_value
    from {{ ref('int_identifier_pairs') }}
    where are_unlike
),

of_companies as (
    select distinct identifier_type, link_value
    from identifiers
    where is_company and identifier_type <> 'source_record'
),

counted as (
    select
        identifiers.identifier_type,
        identifiers.link_value,
        identifiers.is_company,
        count(distinct identifiers.profile_id) as profiles_count,
        count(distinct profiles.first_name_key) as names_count,
        sum(case when coalesce(profiles.first_name_key, profiles.last_name_key) is null then 1 else 0 end) as nameless_count
    from identifiers
    inner join profiles on identifiers.profile_id = profiles.profile_id
    group by 1, 2, 3
    having count(distinct identifiers.profile_id) > 1
),

-- Who tells a number that several tell; of each surname, since when and until when.
tellers as (
    select
        counted.link_value,
        profiles.profile_id,
        profiles.first_name_key,
        profiles.last_name_key,
        profiles.middle_name_key,
        profiles.birth_date,
        profiles.is_common_name,
        {{ surname_stem('profiles.last_name_key') }} as surname,
        coalesce(identifiers.first_seen_at, profiles.first_seen_at) as told_at
    from counted
    inner join identifiers
        on counted.identifier_type = identifiers.identifier_type
            and counted.link_value = identifiers.link_value
            and counted.is_company = identifiers.is_company
    inner join profiles on identifiers.profile_id = profiles.profile_id
    where counted.identifier_type = 'phone' and not counted.is_company and profiles.last_name_key is not null
),

dated as (
    select
        tellers.*,
        min(told_at) over (partition by link_value, surname) as first_told_at,
        max(told_at) over (partition by link_value, surname) as last_told_at,
        min(surname) over (partition by link_value) <> max(surname) over (partition by link_value) as is_of_several
    from tellers
),

owners as (
    select
        dated.*,
        {{ date_digits('dated.birth_date') }} as birth_digits,
        {{ city_key('records.city') }} as city_key
    from dated
    left join records on dated.profile_id = records.profile_id
    where dated.is_of_several
),

passed_on as (
    select distinct one.link_value
    from owners as one
    inner join owners as other on one.link_value = other.link_value
    where {{ handed_on('one', 'other') }}
),

final as (
    select
        counted.*,
        of_companies.link_value is not null and not counted.is_company as is_of_company,
        passed_on.link_value is not null as is_handed_on,
        case
            when counted.profiles_count > {{ rule('identity.records_per_identifier') }}
                or (not counted.is_company and counted.names_count > {{ rule('identity.names_per_identifier') }})
                then 'too_many'
            when counted.is_company or counted.identifier_type = 'source_record' then 'link'
            -- Colleagues write from one mailbox, and a name alone does not tell them apart.
            when of_companies.link_value is not null or passed_on.link_value is not null then 'conflicted'
            when unlike.link_value is not null or counted.nameless_count > {{ rule('identity.nameless_per_identifier') }}
                then 'conflicted'
            else 'link'
        end as verdict
    from counted
    left join of_companies
        on counted.identifier_type = of_companies.identifier_type and counted.link_value = of_companies.link_value
    left join unlike on counted.identifier_type = unlike.identifier_type and counted.link_value = unlike.link_value
    left join passed_on
        on counted.identifier_type = 'phone' and not counted.is_company and counted.link_value = passed_on.link_value
)

select * from final
