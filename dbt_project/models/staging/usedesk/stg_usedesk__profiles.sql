with

clients as (
    {{ live_documents('usedesk', 'clients') }}
),

details as (
    {{ live_documents('usedesk', 'client_details') }}
),

reachable as (
    select distinct source_account, source_record_id from {{ ref('stg_usedesk__identifiers') }}
),

told as (
    select source_system, source_account, client_id, name, cast(null as timestamp) as created_at, version_at
    from clients

    union all

    select source_system, source_account, client_id, name, created_at, version_at
    from details
),

ranked as (
    select
        told.*,
        max(created_at) over (partition by source_account, client_id) as first_written_at,
        row_number() over (partition by source_account, client_id order by version_at desc, created_at desc) as age
    from told
),

final as (
    select
        ranked.source_system,
        ranked.source_account,
        ranked.client_id as source_record_id,
        'person' as kind,
        ranked.name as full_name,
        ranked.first_written_at as created_at,
        ranked.version_at as changed_at
    from ranked
    inner join reachable
        on ranked.source_account = reachable.source_account
            and ranked.client_id = reachable.source_record_id
    where ranked.age = 1
)

select * from final
