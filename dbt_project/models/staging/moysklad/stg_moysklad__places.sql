-- Which shop a stock place belongs to: the point of sale that sells from it, when there is exactly one; else the place
-- stands for itself. One row per stock place.
with

stores as (
    {{ live_documents('moysklad', 'stores') }}
),

retail_stores as (
    {{ live_documents('moysklad', 'retail_stores') }}
),

sellers as (
    select
        source_account,
        {{ last_segment('store_href') }} as store_id,
        min(retail_store_id) as retail_store_id,
        count(*) as sellers_count
    from retail_stores
    where store_href is not null
    group by source_account, {{ last_segment('store_href') }}
),

final as (
    select
        stores.source_system,
        stores.source_account,
        stores.store_id,
        case when sellers.sellers_count = 1 then sellers.retail_store_id end as retail_store_id,
        coalesce(case when sellers.sellers_count = 1 then sellers.retail_store_id end, stores.store_id) as store_record_id
    from stores
    left join sellers
        on stores.source_account = sellers.source_account
            and stores.store_id = sellers.store_id
)

select * from final
