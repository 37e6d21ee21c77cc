-- Which people keep house together: those who share a telephone number and a surname, or an address with house and flat in one
-- city, and whoever shares one with these. A number that was handed on is no household's, and behind one of several surnames may be
-- its last owner or a typing error: there only the same surname counts. It merges nobody: identity is finished before. An
-- address of more customers than identity.names_per_identifier is an office or a pickup point. A household bears the number of its
-- oldest customer's id; who shares nothing is a household alone. One row per customer that is no company.
with customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

people as (
    select
        customer_of_profile.customer_id,
        min(profiles.profile_no) as customer_no
    from customer_of_profile
    inner join {{ ref('int_identity_profiles') }} as profiles on customer_of_profile.profile_id = profiles.profile_id
    group by customer_of_profile.customer_id
    having max(case when profiles.is_company then 1 else 0 end) = 0
),

customers as (
    select customer_id, city from {{ ref('int_customers') }}
),

records as (
    select profile_id, address, city from {{ ref('int_profiles') }}
    where address is not null
),

phones as (
    select * from {{ ref('int_identifiers__shared') }}
    where identifier_type = 'phone' and verdict = 'shared' and not is_company
),

identifiers as (
    select * from {{ ref('int_identifiers') }}
    where identifier_type = 'phone' and rejected_because is null and not is_company
),

people_named as (
    select profile_id, {{ surname_stem('last_name_key') }} as surname from {{ ref('int_identity_profiles') }}
),

numbers as (
    select
        people.customer_no,
        phones.identifier_value,
        people_named.surname,
        min(people_named.surname) over (partition by phones.identifier_value)
        = max(people_named.surname) over (partition by phones.identifier_value) as is_of_one_surname
    from phones
    inner join identifiers on phones.identifier_value = identifiers.link_value
    inner join customer_of_profile on identifiers.profile_id = customer_of_profile.profile_id
    inner join people on customer_of_profile.customer_id = people.customer_id
    inner join people_named on identifiers.profile_id = people_named.profile_id
),

dwelling as (
    select
        people.customer_no,
        {{ city_key('coalesce(records.city, customers.city)') }} || '|' || {{ address_key('records.address') }} as dwelling
    from records
    inner join customer_of_profile on records.profile_id = customer_of_profile.profile_id
    inner join people on customer_of_profile.customer_id = people.customer_id
    inner join customers on people.customer_id = customers.customer_id
),

joined as (
    select distinct customer_no, 'address|' || dwelling as node
    from dwelling
    where dwelling is not null

    union all

    select distinct
        customer_no,
        'phone|' || identifier_value || case when coalesce(is_of_one_surname, true) then '' else '|' || surname end as node
    from numbers
    where coalesce(is_of_one_surname, true) or surname is not null
),

nodes as (
    select node, row_number() over (order by node) as node_no
    from joined
    group by node
    having count(*) between 2 and {{ rule('identity.names_per_identifier') }}
),

links as (
    select joined.customer_no as profile_no, nodes.node_no, 0 as rank
    from joined
    inner join nodes on joined.node = nodes.node
),

households as (
    {{ linked_components('links') }}
),

final as (
    select
        people.customer_id,
        'h' || substring(coalesce(oldest.customer_id, people.customer_id), 2) as household_id
    from people
    left join households on people.customer_no = households.profile_no
    left join people as oldest on households.component_no = oldest.customer_no
)

select * from final
