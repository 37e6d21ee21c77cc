-- Every store record that any system tells of or only mentions, and the store that it is; one row per record.
-- A place that only an order, a return, a stock row or another fact mentions is a record too.
with told as (
    select * from {{ ref('int_stores__united') }}
),

mentioned as (
    {{ mentioned_records('store_record_id', [
        'int_orders__united',
        'int_returns__united',
        'int_stock_levels__united',
        'int_sale_costs__united',
        'int_gift_card_sales__united',
    ]) }}
),

final as (
    {{ records_of('stores', 'store_id', [
        ('external id', ['external_id', 'source_record_id']),
        ('name', ['name']),
    ], namesakes={'name': []}) }}
)

select * from final
