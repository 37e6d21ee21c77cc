-- What sold goods had cost, from the register of revenue and cost. Rows of customer orders name the order, those of tills name the store
-- alone, since 1C posts them by the report of the shift: they cover what was sold in (sold_from, sold_at], its stretch. 1C works out
-- costs at the close of the month: until then a row's cost is nought, which says that nobody knows it yet. One row per active record of
-- the register. Live UT 11 and ERP name goods and place by a key of analytics, others by themselves. A key that the catalogue of keys does
-- not hold stands for its item, so that the amount is not lost; a row that names no goods at all is no cost of goods.
{% set record = [
    ('line_number',       'LineNumber',                     'integer', ''),
    ('sold_at',           'Period',                         'local',   'required'),
    ('is_active',         'Active',                         'boolean', ''),
    ('item_key_id',       'АналитикаУчетаНоменклатуры_Key', 'uuid',    ''),
    ('item_id',           'Номенклатура_Key',               'uuid',    ''),
    ('store_id',          'Склад_Key',                      'uuid',    ''),
    ('customer_order_id', 'ЗаказКлиента_Key',               'uuid',    ''),
    ('quantity',          'Количество',                     'number',  ''),
    ('revenue',           'СуммаВыручки',                   'money',   ''),
    ('cost',              'Стоимость',                      'money',   ''),
    ('cost_before_vat',   'СтоимостьБезНДС',                'money',   ''),
    ('flat_cost',         'Себестоимость',                  'money',   ''),
] %}
with

sale_costs as (
    {{ live_documents('one_c', 'sale_costs') }}
),

customer_orders as (
    {{ live_documents('one_c', 'customer_orders') }}
),

item_keys as (
    {{ live_documents('one_c', 'item_keys') }}
),

settings as (
    {{ live_documents('one_c', 'settings') }}
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
        e.item_key_id,
        e.item_id,
        e.store_id,
        e.customer_order_id,
        e.quantity,
        e.revenue,
        e.cost,
        e.cost_before_vat,
        e.flat_cost
    from {{ child_rows('sale_costs', 'records', record) }}
),

costed as (
    select
        records.source_system,
        records.source_account,
        records.recorder_id,
        records.line_number,
        records.sold_at,
        coalesce(records.item_id, item_keys.item_id, records.item_key_id) as item_id,
        -- A place that is no store (a department, a buyer) is found in no catalogue of stores.
        coalesce(records.store_id, item_keys.store_id, item_keys.place_id) as store_id,
        records.customer_order_id,
        records.quantity,
        records.revenue,
        case settings.cost_field
            when 'СтоимостьБезНДС' then records.cost_before_vat
            when 'Себестоимость' then records.flat_cost
            else coalesce(records.cost, records.flat_cost)
        end as cost
    from records
    left join item_keys
        on records.source_account = item_keys.source_account
            and records.item_key_id = item_keys.item_key_id
    left join settings
        on records.source_account = settings.source_account
    where coalesce(records.is_active, true)
),

final as (
    select
        costed.source_system,
        costed.source_account,
        costed.recorder_id || ':' || cast(costed.line_number as {{ dbt.type_string() }}) as source_record_id,
        costed.customer_order_id as order_record_id,
        customer_orders.shop_number as order_number,
        costed.store_id as store_record_id,
        costed.item_id as product_record_id,
        case when costed.customer_order_id is null then shifts.began_at end as sold_from,
        costed.sold_at,
        costed.quantity,
        costed.revenue,
        case when not (costed.cost = 0 and costed.revenue <> 0) then costed.cost end as cost
    from costed
    left join customer_orders
        on costed.source_account = customer_orders.source_account
            and costed.customer_order_id = customer_orders.customer_order_id
    left join shifts
        on costed.source_account = shifts.source_account
            and costed.recorder_id = shifts.shift_report_id
    where costed.item_id is not null
)

select * from final
