-- What lay where at the end of which day, as each system tells it; one row per system's product, place and day.
with united as (
    {{ canonical_union('stock_levels', [
        'stg_moysklad__stock_levels',
        'stg_one_c__stock_levels',
        'stg_wildberries__stock_levels',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || product_record_id as product_key,
        source_system || ':' || source_account || ':' || store_record_id as store_key
    from united
)

select * from final
