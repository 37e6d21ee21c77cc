-- E-mails and phones of the clients who left forms; one row per client, type and spelling.
with

contacts as (
    select * from {{ ref('stg_calltouch__contacts') }}
    where client_record_id is not null
),

final as (
    select
        source_system,
        source_account,
        client_record_id as source_record_id,
        identifier_type,
        cast(null as {{ dbt.type_string() }}) as identifier_namespace,
        identifier_value,
        min(left_at) as first_seen_at,
        max(left_at) as last_seen_at
    from contacts
    group by source_system, source_account, client_record_id, identifier_type, identifier_value
)

select * from final
