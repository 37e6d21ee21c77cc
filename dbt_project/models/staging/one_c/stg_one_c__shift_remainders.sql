-- What the report of a till's shift tells of sales that no receipt of it explains, because they were purged before they were read. Which
-- receipts are a report's is told by stg_one_c__shift_receipts. A report that tells how many receipts it holds leaves what is missing in
-- number and, product by product, in what was sold; one that does not tell leaves a shift of which we hold nothing. As many receipts as
-- were told leave nothing, whatever the sums: one that was changed later is right. One row per report and product.
{{ config(materialized='table') }}
{% set goods = [
    ('item_id',         'Номенклатура_Key', 'uuid',   'required'),
    ('quantity',        'Количество',       'number', 'required'),
    ('net_amount',      'Сумма',            'money',  'required'),
    ('discount_amount', 'СуммаСкидки',      'money',  ''),
] %}
with

shift_reports as (
    {{ live_documents('one_c', 'shift_reports') }}
),

positions as (
    select * from {{ ref('stg_one_c__positions') }}
),

held as (
    select * from {{ ref('stg_one_c__shift_receipts') }}
),

counted as (
    select
        shift_reports.source_account,
        shift_reports.shift_report_id,
        case
            when max(shift_reports.receipts_told) is not null
                then max(shift_reports.receipts_told) - count(held.receipt_id)
            when count(held.receipt_id) = 0 then 1
            else 0
        end as receipts_count
    from shift_reports
    left join held
        on shift_reports.source_account = held.source_account
            and shift_reports.shift_report_id = held.shift_report_id
    group by shift_reports.source_account, shift_reports.shift_report_id
),

told as (
    select
        p.source_system,
        p.source_account,
        p.shift_report_id,
        e.item_id as product_record_id,
        sum(e.quantity) as quantity,
        sum(e.net_amount) as net_amount,
        sum(e.net_amount + coalesce(e.discount_amount, 0)) as gross_amount
    from {{ child_rows('shift_reports', 'goods', goods) }}
    group by p.source_system, p.source_account, p.shift_report_id, e.item_id
),

explained as (
    select
        held.source_account,
        held.shift_report_id,
        positions.product_record_id,
        sum(positions.quantity) as quantity,
        sum(positions.net_amount) as net_amount,
        sum(positions.gross_amount) as gross_amount
    from held
    inner join positions
        on held.source_account = positions.source_account
            and held.receipt_id = positions.order_record_id
    group by held.source_account, held.shift_report_id, positions.product_record_id
),

left_over as (
    select
        told.source_system,
        told.source_account,
        told.shift_report_id,
        told.product_record_id,
        counted.receipts_count,
        round(told.quantity - coalesce(explained.quantity, 0), 6) as quantity,
        greatest(told.net_amount - coalesce(explained.net_amount, 0), 0) as net_amount,
        told.gross_amount - coalesce(explained.gross_amount, 0) as gross_amount
    from told
    inner join counted
        on told.source_account = counted.source_account
            and told.shift_report_id = counted.shift_report_id
            and counted.receipts_count > 0
    left join explained
        on told.source_account = explained.source_account
            and told.shift_report_id = explained.shift_report_id
            and told.product_record_id = explained.product_record_id
),

final as (
    select
        source_system,
        source_account,
        shift_report_id || ':' || product_record_id as source_record_id,
        shift_report_id as order_record_id,
        cast(receipts_count as integer) as receipts_count,
        cast(row_number() over (partition by source_account, shift_report_id order by product_record_id) as integer) as line_number,
        product_record_id,
        quantity,
        cast(greatest(gross_amount, net_amount) as decimal(18, 2)) as gross_amount,
        cast(net_amount as decimal(18, 2)) as net_amount
    from left_over
    where quantity > 0
)

select * from final
