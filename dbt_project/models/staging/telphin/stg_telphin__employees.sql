-- Sets that are named after somebody; one row per set. A set without a name of its own is known by its number alone.
with

extensions as (
    {{ live_documents('telphin', 'extensions') }}
),

final as (
    select
        source_system,
        source_account,
        name as source_record_id,
        label as name,
        coalesce(status, 'active') <> 'blocked' as is_active
    from extensions
    where kind = 'phone' and label is not null and label <> name
)

select * from final
