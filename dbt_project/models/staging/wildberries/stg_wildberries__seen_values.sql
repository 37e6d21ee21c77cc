-- Words of settlement reports that staging itself translates; one row per word.
with

settlements as (
    {{ live_documents('wildberries', 'settlements') }}
),

final as (
    select
        source_system,
        source_account,
        'settlements' as resource,
        'settlement_operation' as field,
        reason as raw_value,
        count(*) as records
    from settlements
    group by source_system, source_account, reason
)

select * from final
