-- Every employee as each system tells it; one row per system's employee.
with united as (
    {{ canonical_union('employees', [
        'stg_moysklad__employees',
        'stg_one_c__employees',
        'stg_telphin__employees',
        'stg_usedesk__employees',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as record_key
    from united
)

select * from final
