-- The golden record, attribute by attribute: of all that a customer's records say, the value that the seed
-- survivorship_rules prefers, and the record it came from. Method `source`: the best ranked system, then the newest, then
-- the fullest record; `completeness`: the fullest first; `earliest`: the oldest. One row per customer and attribute.
with customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

profiles as (
    select * from {{ ref('int_profiles') }}
),

identifiers as (
    select * from {{ ref('int_identifiers') }}
    where rejected_because is null
),

rules as (
    select * from {{ ref('survivorship_rules') }}
),

described as (
    select
        customer_of_profile.customer_id,
        profiles.*,
        coalesce(profiles.changed_at, profiles.created_at) as said_at,
        (case when profiles.first_name is null then 0 else 1 end)
        + (case when profiles.last_name is null then 0 else 1 end)
        + (case when profiles.middle_name is null then 0 else 1 end) as names_given,
        (case when profiles.birth_date is null then 0 else 1 end)
        + (case when profiles.sex is null then 0 else 1 end)
        + (case when profiles.city is null then 0 else 1 end)
        + (case when profiles.address is null then 0 else 1 end) as facts_given
    from profiles
    inner join customer_of_profile on profiles.profile_id = customer_of_profile.profile_id
),
{% set facts = [
    ('name', "coalesce(full_name, trim(concat_ws(' ', last_name, first_name, middle_name)))", 'names_given'),
    ('sex', 'sex', 'facts_given'),
    ('birth_date', 'cast(birth_date as ' ~ dbt.type_string() ~ ')', 'facts_given'),
    ('city', 'city', 'facts_given'),
    ('address', 'address', 'facts_given'),
    ('acquisition_channel', 'acquisition_source', 'facts_given'),
] %}
claims as (
    {%- for attribute, value, completeness in facts %}
    select
        customer_id,
        '{{ attribute }}' as attribute,
        {{ value }} as attribute_value,
        profile_id,
        source_system,
        said_at,
        created_at as first_said_at,
        {{ completeness }} as completeness
    from described
    where nullif({{ value }}, '') is not null

    union all
    {% endfor %}
    select
        described.customer_id,
        identifiers.identifier_type as attribute,
        identifiers.identifier_value as attribute_value,
        described.profile_id,
        described.source_system,
        coalesce(identifiers.last_seen_at, described.said_at) as said_at,
        coalesce(identifiers.first_seen_at, described.created_at) as first_said_at,
        described.facts_given as completeness
    from identifiers
    inner join described on identifiers.profile_id = described.profile_id
    where identifiers.identifier_type in ('email', 'phone', 'loyalty_card')
),

ranked as (
    select
        claims.*,
        row_number() over (
            partition by claims.customer_id, claims.attribute
            order by
                case when general.method = 'completeness' then claims.completeness end desc nulls last,
                case when general.method = 'earliest' then claims.first_said_at end asc nulls last,
                coalesce(own.priority, general.priority, 99),
                claims.said_at desc nulls last,
                claims.completeness desc,
                claims.profile_id,
                claims.attribute_value
        ) as place
    from claims
    left join rules as own on claims.attribute = own.attribute and claims.source_system = own.source_system
    left join rules as general on claims.attribute = general.attribute and general.source_system = '*'
),

final as (
    select customer_id, attribute, attribute_value, profile_id, said_at
    from ranked
    where place = 1
)

select * from final
