-- Gift cards sold. Whoever knows a card's number can spend it, so it goes on as a keyed hash. One row per card.
{{ config(materialized='table') }}
{% set gift_card = [
    ('line_number', 'LineNumber',    'integer', ''),
    ('card_number', 'СерийныйНомер', 'text',    ''),
    ('amount',      'Сумма',         'money',   'required'),
] %}
with

sales as (
    {{ live_documents('one_c', 'gift_card_sales') }}
),

final as (
    select
        p.source_system,
        p.source_account,
        p.gift_card_sale_id || ':' || cast(coalesce(e.line_number, e.element_number) as {{ dbt.type_string() }}) as source_record_id,
        case when e.card_number is not null then {{ keyed_hash('e.card_number') }} end as card_number,
        p.store_id as store_record_id,
        p.cashier_id as employee_record_id,
        p.sold_at,
        e.amount
    from {{ child_rows('sales', 'gift_cards', gift_card) }}
    where p.is_posted and not coalesce(p.is_deleted, false)
)

select * from final
