-- Shops and warehouses. A point of sale carries the facts of its stock place; a stock place that no single point of sale
-- sells from is a warehouse of its own. One row per shop or warehouse.
with

retail_stores as (
    {{ live_documents('moysklad', 'retail_stores') }}
),

stores as (
    {{ live_documents('moysklad', 'stores') }}
),

places as (
    select * from {{ ref('stg_moysklad__places') }}
),

facts as (
    select
        source_account,
        source_record_id as store_id,
        max(case when meaning = 'region' then value end) as region,
        max(case when meaning = 'format' then value end) as format,
        max(case when meaning = 'time_zone' then value end) as time_zone,
        max(case when meaning = 'is_franchise' then value end) as is_franchise,
        max(case when meaning = 'opened_on' then value end) as opened_on,
        max(case when meaning = 'closed_on' then value end) as closed_on
    from {{ ref('stg_moysklad__custom_fields') }}
    where resource = 'stores'
    group by source_account, source_record_id
),

together as (
    select
        source_system,
        source_account,
        retail_store_id as source_record_id,
        external_code,
        name,
        city,
        address,
        {{ last_segment('store_href') }} as stock_place_id,
        'store' as kind
    from retail_stores

    union all

    select
        stores.source_system,
        stores.source_account,
        stores.store_id as source_record_id,
        stores.external_code,
        stores.name,
        stores.city,
        stores.address,
        stores.store_id as stock_place_id,
        'warehouse' as kind
    from stores
    inner join places
        on stores.source_account = places.source_account
            and stores.store_id = places.store_id
    where places.retail_store_id is null
),

final as (
    select
        together.source_system,
        together.source_account,
        together.source_record_id,
        together.external_code as external_id,
        together.name,
        facts.region,
        together.city,
        together.address,
        facts.format,
        facts.time_zone,
        {{ as_boolean('facts.is_franchise') }} as is_franchise,
        {{ as_date('facts.opened_on') }} as opened_on,
        {{ as_date('facts.closed_on') }} as closed_on,
        together.kind
    from together
    left join facts
        on together.source_account = facts.source_account
            and together.stock_place_id = facts.store_id
)

select * from final
