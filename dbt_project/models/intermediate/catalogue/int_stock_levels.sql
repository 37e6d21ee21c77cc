-- What lay where at the end of which day. Of the systems that tell anything of a place on a day the best ranked is believed about
-- the whole place: one that leaves out empty shelves knows them to be empty, and no worse system's row may fill them.
-- One row per product, place and day.
{{ config(materialized='view') }}

with levels as (
    select * from {{ ref('int_stock_levels__united') }}
),

product_records as (
    select * from {{ ref('int_product_records') }}
),

store_records as (
    select * from {{ ref('int_store_records') }}
),

precedence as (
    select * from {{ ref('field_precedence') }}
    where entity = 'stock_levels' and field = 'record'
),

ranked as (
    select
        product_records.product_id,
        store_records.store_id,
        levels.stock_on,
        levels.quantity,
        levels.reserved,
        dense_rank() over (
            partition by store_records.store_id, levels.stock_on
            order by coalesce(precedence.{{ adapter.quote('rank') }}, 99), levels.source_system
        ) as trust
    from levels
    inner join product_records on levels.product_key = product_records.record_key
    inner join store_records on levels.store_key = store_records.record_key
    left join precedence on levels.source_system = precedence.source_system
),

final as (
    select
        product_id,
        store_id,
        stock_on,
        sum(quantity) as quantity,
        sum(reserved) as reserved
    from ranked
    where trust = 1
    group by product_id, store_id, stock_on
)

select * from final
