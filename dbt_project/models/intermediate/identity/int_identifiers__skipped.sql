-- Values that link nobody and why: shared by too many, on the junk list, or unreadable; one row per type, value and class.
with groups as (
    select * from {{ ref('int_identifier_groups') }}
    where verdict = 'too_many'
),

identifiers as (
    select * from {{ ref('int_identifiers') }}
    where rejected_because is not null
),

final as (
    select
        identifier_type,
        link_value as identifier_value,
        is_company,
        'shared by ' || cast(profiles_count as {{ dbt.type_string() }}) || ' records of '
        || cast(names_count as {{ dbt.type_string() }}) || ' names' as reason,
        profiles_count
    from groups

    union all

    select
        identifier_type,
        identifier_value,
        is_company,
        rejected_because as reason,
        count(distinct profile_id) as profiles_count
    from identifiers
    group by 1, 2, 3, 4
)

select * from final
