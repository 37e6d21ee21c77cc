-- What likeness is judged by: names as they sound (a patronymic's initial is none), birth date, sex (of the patronymic where nobody
-- says), city and contacts. `features_hash` changes with whatever a weight hangs on: these facts, every contact, the blocks that are
-- skipped, and the model. Companies and records known by their id alone are not compared; one row per profile.
with profiles as (
    select * from {{ ref('int_identity_profiles') }}
    where is_known and not is_company
),

records as (
    select profile_id, city from {{ ref('int_profiles') }}
    where city is not null
),

city_names as (
    select {{ city_key('variant') }} as variant_key, min({{ city_key('city') }}) as city_key
    from {{ ref('city_variants') }}
    group by 1
),

spelled as (
    select city, {{ city_key('city') }} as city_key
    from (select distinct city from records) as distinct_cities
),

cities as (
    select records.profile_id, coalesce(city_names.city_key, spelled.city_key) as city_key
    from records
    inner join spelled on records.city = spelled.city
    left join city_names on spelled.city_key = city_names.variant_key
),

identifiers as (
    select * from {{ ref('int_identifiers') }}
    where rejected_because is null and identifier_type in ('email', 'phone') and not is_company
),

groups as (
    select * from {{ ref('int_identifier_groups') }}
    where verdict = 'too_many'
),

contacts as (
    select
        identifiers.profile_id,
        min(case when identifiers.identifier_type = 'email' then identifiers.link_value end) as email,
        min(case when identifiers.identifier_type = 'phone' then identifiers.link_value end) as phone,
        {{ sorted_text_list('identifiers.link_value') }} as all_contacts
    from identifiers
    left join groups
        on identifiers.identifier_type = groups.identifier_type
            and identifiers.link_value = groups.link_value
            and identifiers.is_company = groups.is_company
    where groups.link_value is null
    group by identifiers.profile_id
),

skipped as (
    select profile_no, {{ sorted_text_list('block') }} as skipped_blocks
    from {{ ref('int_identity_blocks') }}
    where is_skipped
    group by profile_no
),

described as (
    select
        profiles.profile_id,
        profiles.profile_no,
        profiles.first_name_key,
        profiles.first_names,
        profiles.last_name_key,
        profiles.last_name_parts,
        case when not {{ is_initial('profiles.middle_name_key') }} then profiles.middle_name_key end as middle_name_key,
        profiles.birth_date,
        {{ date_digits('profiles.birth_date') }} as birth_digits,
        profiles.birth_year,
        coalesce(
            profiles.sex,
            case
                when profiles.middle_name_key like '%vna' or profiles.middle_name_key like '%ichna' then 'female'
                when profiles.middle_name_key like '%ich' then 'male'
            end
        ) as sex,
        cities.city_key,
        contacts.email,
        contacts.phone,
        contacts.all_contacts,
        skipped.skipped_blocks
    from profiles
    left join cities on profiles.profile_id = cities.profile_id
    left join contacts on profiles.profile_id = contacts.profile_id
    left join skipped on profiles.profile_no = skipped.profile_no
),

final as (
    select
        profile_id,
        profile_no,
        first_name_key,
        first_names,
        last_name_key,
        last_name_parts,
        middle_name_key,
        birth_date,
        birth_digits,
        birth_year,
        sex,
        city_key,
        email,
        phone,
        md5(
            identity_model_version()
            {%- for fact in ['first_name_key', 'first_names', 'last_name_key', 'last_name_parts', 'middle_name_key', 'birth_digits',
                'birth_year', 'sex', 'city_key', 'all_contacts', 'skipped_blocks'] %}
            || '|' || coalesce({{ fact }}, '')
            {%- endfor %}
        ) as features_hash
    from described
)

select * from final
