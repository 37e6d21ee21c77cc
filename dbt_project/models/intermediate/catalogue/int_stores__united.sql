-- Every store, warehouse and pickup point as each system tells it; one row per system's place.
with united as (
    {{ canonical_union('stores', [
        'stg_moysklad__stores',
        'stg_one_c__stores',
        'stg_retailcrm__stores',
        'stg_wildberries__stores',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as record_key
    from united
)

select * from final
