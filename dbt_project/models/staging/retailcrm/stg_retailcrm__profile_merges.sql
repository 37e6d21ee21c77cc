with

declared_merges as (
    {{ live_documents('retailcrm', 'customer_merges') }}
),

final as (
    select
        source_system,
        source_account,
        surviving_customer_id as source_record_id,
        merged_customer_id as merged_record_id,
        max(merged_at) as merged_at
    from declared_merges
    where surviving_customer_id <> merged_customer_id
    group by source_system, source_account, surviving_customer_id, merged_customer_id
)

select * from final
