-- Every product record that any system tells of or only mentions, and the product that it is; one row per record.
-- A product that stands on order lines or stock rows only (its system has no catalogue of its own) is a record too.
with told as (
    select * from {{ ref('int_products__united') }}
),

mentioned as (
    select
        product_key as record_key,
        source_system,
        source_account,
        min(coalesce(
            product_record_id, 'barcode ' || barcode, 'article ' || article, 'name ' || product_name
        )) as source_record_id,
        min(article) as article,
        min(barcode) as barcode,
        min(product_name) as name
    from {{ ref('int_order_lines__united') }}
    where product_key is not null
    group by product_key, source_system, source_account

    union all

    select distinct
        stock.product_key as record_key,
        stock.source_system,
        stock.source_account,
        stock.product_record_id as source_record_id,
        cast(null as {{ dbt.type_string() }}) as article,
        cast(null as {{ dbt.type_string() }}) as barcode,
        cast(null as {{ dbt.type_string() }}) as name
    from {{ ref('int_stock_levels__united') }} as stock
    left join {{ ref('int_order_lines__united') }} as lines on stock.product_key = lines.product_key
    where lines.product_key is null
),

precedence as (
    select * from {{ ref('field_precedence') }}
    where entity = 'products' and field = 'record'
),

together as (
    select
        record_key,
        source_system,
        source_account,
        source_record_id,
        external_id,
        article,
        barcode,
        name,
        brand,
        category,
        subcategory,
        price,
        cost,
        is_exclusive,
        is_archived,
        false as is_only_mentioned
    from told

    union all

    select
        mentioned.record_key,
        mentioned.source_system,
        mentioned.source_account,
        mentioned.source_record_id,
        cast(null as {{ dbt.type_string() }}) as external_id,
        mentioned.article,
        mentioned.barcode,
        mentioned.name,
        cast(null as {{ dbt.type_string() }}) as brand,
        cast(null as {{ dbt.type_string() }}) as category,
        cast(null as {{ dbt.type_string() }}) as subcategory,
        cast(null as decimal(18, 2)) as price,
        cast(null as decimal(18, 2)) as cost,
        cast(null as boolean) as is_exclusive,
        cast(null as boolean) as is_archived,
        true as is_only_mentioned
    from mentioned
    left join told on mentioned.record_key = told.record_key
    where told.record_key is null
),

records as (
    select
        together.*,
        coalesce(precedence.{{ adapter.quote('rank') }}, 99) as record_rank
    from together
    left join precedence on together.source_system = precedence.source_system
),

matched as (
    select * from (
        {{ matched_records('records', 'products', [
            ('external id', ['external_id', 'source_record_id']),
            ('barcode', ['barcode']),
            ('article', ['article']),
        ]) }}
    ) as links
),

final as (
    select
        records.*,
        matched.leader_key as product_id,
        matched.matched_by
    from records
    inner join matched on records.record_key = matched.record_key
)

select * from final
