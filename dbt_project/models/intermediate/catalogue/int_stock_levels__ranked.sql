-- What every system tells of what lay where at the end of which day. Of the systems that tell anything of a place on a day the best
-- ranked is believed about the whole place: one that leaves out empty shelves knows them to be empty, and no worse system's row may
-- fill them. One row per product, place, day, system and account.
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

told as (
    select
        product_records.product_id,
        store_records.store_id,
        levels.stock_on,
        levels.source_system,
        levels.source_account,
        coalesce(precedence.{{ adapter.quote('rank') }}, 99) as source_rank,
        sum(levels.quantity) as quantity,
        sum(levels.reserved) as reserved
    from levels
    inner join product_records on levels.product_key = product_records.record_key
    inner join store_records on levels.store_key = store_records.record_key
    left join precedence on levels.source_system = precedence.source_system
    group by
        product_records.product_id, store_records.store_id, levels.stock_on, levels.source_system, levels.source_account,
        precedence.{{ adapter.quote('rank') }}
),

final as (
    select
        product_id,
        store_id,
        stock_on,
        source_system,
        source_account,
        quantity,
        reserved,
        dense_rank() over (partition by store_id, stock_on order by source_rank, source_system) = 1 as is_believed
    from told
)

select * from final
