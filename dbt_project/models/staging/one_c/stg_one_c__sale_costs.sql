-- What sold goods had cost, from the register of revenue and cost. Rows of customer orders name the order, those of tills name the store
-- alone, since 1C posts them by the report of the shift: they cover what was sold in (sold_from, sold_at], its stretch. 1C works out
-- costs at the close of the month: until then a row's cost is nought, which says that nobody knows it yet. One row per active record of
-- the register.
{% set record = [
    ('line_number',       'LineNumber',       'integer', ''),
    ('sold_at',           'Period',           'local',   'required'),
    ('is_active',         'Active',           'boolean', ''),
    ('item_id',           'Номенклатура_Key', 'uuid',    'required'),
    ('store_id',          'Склад_Key',        'uuid',    ''),
    ('customer_order_id', 'ЗаказКлиента_Key', 'uuid',    ''),
    ('quantity',          'Количество',       'number',  ''),
    ('revenue',           'СуммаВыручки',     'money',   ''),
    ('cost',              'Себестоимость',    'money',   ''),
] %}
with

sale_costs as (
    {{ live_documents('one_c', 'sale_costs') }}
),

customer_orders as (
    {{ live_documents('one_c', 'customer_orders') }}
),

shifts as (
    select * from {{ ref('stg_one_c__shifts') }}
),

records as (
    select
        p.source_system,
        p.source_account,
        p.recorder_id,
        coalesce(e.line_number, e.element_number) as line_number,
        e.sold_at,
        e.is_active,
        e.item_id,
        e.store_id,
        e.customer_order_id,
        e.quantity,
        e.revenue,
        e.cost
    from {{ child_rows('sale_costs', 'records', record) }}
),

final as (
    select
        records.source_system,
        records.source_account,
        records.recorder_id || ':' || cast(records.line_number as {{ dbt.type_string() }}) as source_record_id,
        records.customer_order_id as order_record_id,
        customer_orders.shop_number as order_number,
        records.store_id as store_record_id,
        records.item_id as product_record_id,
        case when records.customer_order_id is null then shifts.began_at end as sold_from,
        records.sold_at,
        records.quantity,
        records.revenue,
        case when not (records.cost = 0 and records.revenue <> 0) then records.cost end as cost
    from records
    left join customer_orders
        on records.source_account = customer_orders.source_account
            and records.customer_order_id = customer_orders.customer_order_id
    left join shifts
        on records.source_account = shifts.source_account
            and records.recorder_id = shifts.shift_report_id
    where coalesce(records.is_active, true)
)

select * from final
