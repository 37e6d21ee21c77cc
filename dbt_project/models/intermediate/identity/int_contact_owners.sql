-- Whose an e-mail address, telephone number or messenger id is: the one customer that holds it, and nobody (customer_id
-- NULL) when two do or when it is a thing that many share. Junk and unreadable values are left out. Facts that name no
-- record, such as a call, find their customer here (macro contact_owner); they never link records themselves. One row per
-- type and value.
with identifiers as (
    select * from {{ ref('int_identifiers') }}
    where rejected_because is null and identifier_type in ('email', 'phone', 'messenger')
),

groups as (
    select * from {{ ref('int_identifier_groups') }}
    where verdict = 'too_many'
),

customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

held as (
    select
        identifiers.identifier_type,
        identifiers.link_value,
        count(distinct customer_of_profile.customer_id) as customers_count,
        min(customer_of_profile.customer_id) as some_customer_id,
        count(groups.link_value) > 0 as is_too_many
    from identifiers
    inner join customer_of_profile on identifiers.profile_id = customer_of_profile.profile_id
    left join groups
        on identifiers.identifier_type = groups.identifier_type
            and identifiers.link_value = groups.link_value
            and identifiers.is_company = groups.is_company
    group by identifiers.identifier_type, identifiers.link_value
),

final as (
    select
        identifier_type,
        link_value,
        case when customers_count = 1 and not is_too_many then some_customer_id end as customer_id,
        customers_count,
        is_too_many
    from held
)

select * from final
