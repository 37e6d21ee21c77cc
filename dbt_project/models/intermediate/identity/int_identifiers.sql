-- Identifiers in one spelling: e-mail in lower case, phone in E.164, card in digits, the id of another system's record as
-- its profile id. `link_value` is what two records must share to be linked: for an e-mail, one mailbox however it is
-- spelled (macro email_link_value). `rejected_because` says why a value links nobody; one row per profile, type and value.
with written as (
    select * from {{ ref('int_identifiers__united') }}
),

profiles as (
    select * from {{ ref('int_identity_profiles') }}
),

phones as (
    select * from {{ ref('int_phone_numbers') }}
),

namespaces as (
    select * from {{ ref('identifier_namespaces') }}
),

junk as (
    select * from {{ ref('junk_identifiers') }}
),

read as (
    select
        written.profile_id,
        written.source_system,
        written.source_account,
        written.source_record_id,
        profiles.is_company,
        written.identifier_type,
        trim(written.identifier_value) as identifier_written,
        case written.identifier_type
            when 'email' then lower(trim(written.identifier_value))
            when 'phone' then phones.phone
            when 'loyalty_card' then {{ digits_of('written.identifier_value') }}
            when 'source_record'
                then namespaces.refers_to_system || ':'
                    || case namespaces.refers_to_account when '*' then written.source_account else namespaces.refers_to_account end
                    || ':' || trim(written.identifier_value)
            else written.source_system || ':' || written.source_account || ':' || trim(written.identifier_value)
        end as identifier_value,
        written.first_seen_at,
        written.last_seen_at
    from written
    inner join profiles on written.profile_id = profiles.profile_id
    left join phones on case when written.identifier_type = 'phone' then written.identifier_value end = phones.written
    left join namespaces
        on written.source_system = namespaces.source_system
            and written.identifier_namespace = namespaces.identifier_namespace
            and (namespaces.source_account = '*' or namespaces.source_account = written.source_account)
    where nullif(trim(written.identifier_value), '') is not null
),

shaped as (
    select
        profile_id,
        source_system,
        source_account,
        source_record_id,
        is_company,
        identifier_type,
        coalesce(identifier_value, identifier_written) as identifier_value,
        case
            when identifier_type = 'email' then {{ email_link_value('identifier_value') }} else identifier_value
        end as link_value,
        case
            when identifier_value is null then 'unreadable'
            when identifier_type = 'email'
                and (identifier_value not like '%_@_%._%' or identifier_value like '%@%@%' or identifier_value like '% %')
                then 'unreadable'
            when identifier_type = 'loyalty_card' and length(identifier_value) < 5 then 'unreadable'
        end as shape_problem,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from read
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
),

distinct_values as (
    select distinct identifier_type, link_value, is_company
    from shaped
    where shape_problem is null
),

junk_values as (
    select
        distinct_values.identifier_type,
        distinct_values.link_value,
        distinct_values.is_company,
        min(junk.reason) as reason
    from distinct_values
    inner join junk
        on distinct_values.identifier_type = junk.identifier_type
            and lower(distinct_values.link_value) like junk.value
            and (junk.applies_to = 'any' or not distinct_values.is_company)
    group by 1, 2, 3
),

final as (
    select
        shaped.profile_id,
        shaped.source_system,
        shaped.source_account,
        shaped.source_record_id,
        shaped.is_company,
        shaped.identifier_type,
        shaped.identifier_value,
        shaped.link_value,
        coalesce(shaped.shape_problem, 'junk: ' || junk_values.reason) as rejected_because,
        shaped.first_seen_at,
        shaped.last_seen_at
    from shaped
    left join junk_values
        on shaped.identifier_type = junk_values.identifier_type
            and shaped.link_value = junk_values.link_value
            and shaped.is_company = junk_values.is_company
)

select * from final
