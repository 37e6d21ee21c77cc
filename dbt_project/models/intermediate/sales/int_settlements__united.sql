-- What marketplaces settled, as each tells it: sales, returns and what they charge; one row per row of a settlement report.
with united as (
    {{ canonical_union('settlements', [
        'stg_wildberries__settlements',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as settlement_id,
        case
            when order_record_id is not null
                then source_system || ':' || source_account || ':' || order_record_id
        end as order_key
    from united
)

select * from final
