-- Values that several customers hold or that link nobody, and why: `too_many` (a shared thing), `company` (a company's, so that
-- it says nothing of the people who use it), `recycled` (held by people of different surnames, one after the other), `shared` (a
-- household's, or lent), `junk` and `unreadable`. Of ids of other systems' records those that link nobody: too many name them, or
-- they are junk. One row per type, value and class (people or companies).
with groups as (
    select * from {{ ref('int_identifier_groups') }}
    where verdict = 'too_many'
),

identifiers as (
    select * from {{ ref('int_identifiers') }}
    where identifier_type <> 'browser_client'
),

profiles as (
    select * from {{ ref('int_identity_profiles') }}
),

customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

-- What one customer holds alone needs no second look.
contested as (
    select identifiers.identifier_type, identifiers.link_value
    from identifiers
    inner join customer_of_profile on identifiers.profile_id = customer_of_profile.profile_id
    where identifiers.rejected_because is null and identifiers.identifier_type <> 'source_record'
    group by 1, 2
    having min(customer_of_profile.customer_id) <> max(customer_of_profile.customer_id)

    union

    select identifier_type, link_value from groups
),

held as (
    select
        identifiers.identifier_type,
        identifiers.link_value,
        identifiers.is_company,
        customer_of_profile.customer_id,
        count(distinct identifiers.profile_id) as profiles_count,
        min({{ surname_stem('profiles.last_name_key') }}) as surname,
        max({{ surname_stem('profiles.last_name_key') }}) as other_surname,
        min(coalesce(identifiers.first_seen_at, identifiers.last_seen_at, profiles.first_seen_at)) as first_seen_at,
        max(coalesce(identifiers.last_seen_at, identifiers.first_seen_at, profiles.first_seen_at)) as last_seen_at
    from contested
    inner join identifiers
        on contested.identifier_type = identifiers.identifier_type and contested.link_value = identifiers.link_value
    inner join profiles on identifiers.profile_id = profiles.profile_id
    inner join customer_of_profile on identifiers.profile_id = customer_of_profile.profile_id
    where identifiers.rejected_because is null
    group by 1, 2, 3, 4
),

-- Each holder beside the one before; one alone, or the first, follows nobody.
followed as (
    select
        held.*,
        max(case when is_company then 1 else 0 end) over (partition by identifier_type, link_value) as companies,
        lag(customer_id) over (
            partition by identifier_type, link_value, is_company order by first_seen_at, last_seen_at, customer_id
        ) as former_id,
        max(last_seen_at) over (
            partition by identifier_type, link_value, is_company order by first_seen_at, last_seen_at, customer_id
            rows between unbounded preceding and 1 preceding
        ) as former_seen_at,
        lag(surname) over (
            partition by identifier_type, link_value, is_company order by first_seen_at, last_seen_at, customer_id
        ) as former_surname,
        lag(other_surname) over (
            partition by identifier_type, link_value, is_company order by first_seen_at, last_seen_at, customer_id
        ) as former_other_surname
    from held
),

shared as (
    select
        identifier_type,
        link_value,
        is_company,
        sum(profiles_count) as profiles_count,
        count(*) as customers_count,
        max(companies) = 1 and not is_company as is_of_company,
        min(
            case
                when former_id is null then 1
                when former_seen_at < first_seen_at
                    and former_surname not in (surname, other_surname) and former_other_surname not in (surname, other_surname)
                    then 1
                else 0
            end
        ) = 1 as is_handed_on,
        max(case when former_id is not null then first_seen_at end) as last_holder_since,
        count(distinct surname) as surnames_count,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from followed
    group by 1, 2, 3
),

final as (
    select
        shared.identifier_type,
        shared.link_value as identifier_value,
        shared.is_company,
        case
            when groups.link_value is not null then 'too_many'
            when shared.is_of_company then 'company'
            when shared.is_handed_on and shared.identifier_type = 'phone' then 'recycled'
            else 'shared'
        end as verdict,
        case
            when groups.link_value is not null
                then 'shared by ' || cast(groups.profiles_count as {{ dbt.type_string() }}) || ' records of '
                    || cast(groups.names_count as {{ dbt.type_string() }}) || ' names'
            when shared.is_of_company
                then 'held by a company too: it links the people who use it with nobody but whose names agree'
            when shared.is_handed_on and shared.identifier_type = 'phone'
                then 'held by ' || cast(shared.customers_count as {{ dbt.type_string() }})
                    || ' people of different surnames, one after the other, the last since '
                    || cast({{ business_date('shared.last_holder_since') }} as {{ dbt.type_string() }})
            else 'held by ' || cast(shared.customers_count as {{ dbt.type_string() }}) || ' customers whom facts keep apart'
                || case when shared.surnames_count > 1 then ', of different surnames' else '' end
        end as reason,
        shared.profiles_count,
        shared.customers_count,
        shared.first_seen_at,
        shared.last_seen_at
    from shared
    left join groups
        on shared.identifier_type = groups.identifier_type
            and shared.link_value = groups.link_value
            and shared.is_company = groups.is_company
    where shared.customers_count > 1 or groups.link_value is not null or shared.is_of_company

    union all

    select
        identifiers.identifier_type,
        identifiers.identifier_value,
        identifiers.is_company,
        case when identifiers.rejected_because = 'unreadable' then 'unreadable' else 'junk' end as verdict,
        identifiers.rejected_because as reason,
        count(distinct identifiers.profile_id) as profiles_count,
        count(distinct customer_of_profile.customer_id) as customers_count,
        min(identifiers.first_seen_at) as first_seen_at,
        max(identifiers.last_seen_at) as last_seen_at
    from identifiers
    left join customer_of_profile on identifiers.profile_id = customer_of_profile.profile_id
    where identifiers.rejected_because is not null
        -- The namespace of such an id is unknown: that is a matter of the seed identifier_namespaces, not of the value.
        and not (identifiers.identifier_type = 'source_record' and identifiers.rejected_because = 'unreadable')
    group by 1, 2, 3, 5
)

select * from final
