with

programmes as (
    {{ live_documents('retailcrm', 'loyalties') }}
),

final as (
    select
        source_system,
        source_account,
        programme_id as source_record_id,
        name,
        {{ business_date('coalesce(activated_at, created_at)') }} as started_on
    from programmes
)

select * from final
