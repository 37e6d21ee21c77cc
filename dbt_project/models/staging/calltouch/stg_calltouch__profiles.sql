-- Clients who left a form and can be reached; one row per client. The name is the last one given.
with

leads as (
    {{ live_documents('calltouch', 'leads') }}
),

reachable as (
    select distinct source_account, source_record_id from {{ ref('stg_calltouch__identifiers') }}
),

ranked as (
    select
        leads.*,
        min(left_at) over (partition by source_account, client_record_id) as first_left_at,
        max(left_at) over (partition by source_account, client_record_id) as last_left_at,
        row_number() over (
            partition by source_account, client_record_id
            order by case when full_name is null then 1 else 0 end, left_at desc, lead_id desc
        ) as choice
    from leads
    where client_record_id is not null
),

final as (
    select
        ranked.source_system,
        ranked.source_account,
        ranked.client_record_id as source_record_id,
        'person' as kind,
        ranked.full_name,
        ranked.first_left_at as created_at,
        ranked.last_left_at as changed_at
    from ranked
    inner join reachable
        on ranked.source_account = reachable.source_account
            and ranked.client_record_id = reachable.source_record_id
    where ranked.choice = 1
)

select * from final
