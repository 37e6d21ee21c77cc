-- Words of the vendor that staging itself translates; one row per account, field and word.
with

accounts as (
    {{ live_documents('abm_loyalty', 'accounts') }}
),

operations as (
    {{ live_documents('abm_loyalty', 'operations') }}
),

final as (
    select source_system, source_account, 'accounts' as resource, 'loyalty_status' as field, raw_status as raw_value, count(*) as records
    from accounts
    group by source_system, source_account, raw_status

    union all

    select source_system, source_account, 'operations', 'loyalty_operation', raw_type, count(*)
    from operations
    group by source_system, source_account, raw_type
)

select * from final
