-- Receipts of the tills, customer orders (mostly mirrors of the shop's, known by its number) and what reports of shifts tell of receipts
-- that are gone, in the house's words; such a report is dated to the day of its shift (stg_one_c__shifts). A receipt that 1C unposted
-- because it archived it is completed, one that was unposted by hand is not, and one put by for later is neither. 1C has no flag for
-- receipts and orders made as a test: they count until they are unposted or marked. The document's sum is its net amount, points and gift
-- cards aside: points are a discount, a gift card is a payment. Where it exceeds what its lines come to (prices without VAT) it is the
-- gross amount too. 1C does not say when a document was struck off: the version in which it was seen so tells when at the latest. One row
-- per receipt, order or report.
{# a table, since several models and their tests read it and each reading of a view would parse every document again #}
{{ config(materialized='table') }}
with

receipts as (
    {{ live_documents('one_c', 'receipts') }}
),

customer_orders as (
    {{ live_documents('one_c', 'customer_orders') }}
),

shift_reports as (
    {{ live_documents('one_c', 'shift_reports') }}
),

shifts as (
    select * from {{ ref('stg_one_c__shifts') }}
),

archived as (
    select source_account, receipt_id
    from {{ ref('stg_one_c__shift_receipts') }}
    where is_standing and is_archived
    group by source_account, receipt_id
),

tills as (
    {{ live_documents('one_c', 'tills') }}
),

cards as (
    {{ live_documents('one_c', 'cards') }}
),

profiles as (
    select * from {{ ref('stg_one_c__profiles') }}
),

sums as (
    select
        source_account,
        order_record_id,
        sum(case when not is_cancelled then gross_amount end) as gross_amount,
        sum(points_discount_amount) as points_discount_amount
    from {{ ref('stg_one_c__positions') }}
    group by source_account, order_record_id
),

remainders as (
    select
        source_account,
        order_record_id,
        max(receipts_count) as receipts_count,
        sum(gross_amount) as gross_amount,
        sum(net_amount) as net_amount
    from {{ ref('stg_one_c__shift_remainders') }}
    group by source_account, order_record_id
),

main_payments as (
    select
        source_account,
        order_record_id,
        raw_payment_type,
        row_number() over (partition by source_account, order_record_id order by amount desc, raw_payment_type) as place
    from {{ ref('stg_one_c__payments') }}
),

documents as (
    select
        receipts.source_system,
        receipts.source_account,
        receipts.receipt_id as source_record_id,
        'receipt' as order_kind,
        receipts.number as order_number,
        cast(null as {{ dbt.type_string() }}) as mirror_number,
        {{ fiscal_key('receipts.fiscal_drive', 'receipts.fiscal_document') }} as fiscal_key,
        1 as receipts_count,
        coalesce(receipts.partner_id, cards.partner_id) as partner_id,
        receipts.sold_at as ordered_at,
        cast(null as timestamp) as shift_began_at,
        'ЧекККМ' as raw_order_method,
        case when receipts.status in ('Пробит', 'Архивный') then 'posted' else coalesce(receipts.status, 'posted') end as word,
        'ЧекККМ' as raw_fulfilment,
        coalesce(receipts.store_id, tills.store_id) as store_record_id,
        receipts.cashier_id as employee_record_id,
        cast(null as date) as promised_on,
        receipts.sold_at as received_at,
        receipts.is_posted or archived.receipt_id is not null or coalesce(receipts.status, '') = 'Отложен' as is_posted,
        receipts.is_deleted,
        receipts.version_at,
        cast(null as decimal(18, 2)) as gross_left,
        receipts.net_amount,
        receipts.points_earned
    from receipts
    left join tills
        on receipts.source_account = tills.source_account
            and receipts.till_id = tills.till_id
    left join cards
        on receipts.source_account = cards.source_account
            and receipts.card_id = cards.card_id
    left join archived
        on receipts.source_account = archived.source_account
            and receipts.receipt_id = archived.receipt_id

    union all

    select
        source_system,
        source_account,
        customer_order_id as source_record_id,
        'order' as order_kind,
        number as order_number,
        shop_number as mirror_number,
        cast(null as {{ dbt.type_string() }}) as fiscal_key,
        1 as receipts_count,
        partner_id,
        ordered_at,
        cast(null as timestamp) as shift_began_at,
        case when shop_number is null then 'ЗаказКлиента менеджера' else 'ЗаказКлиента' end as raw_order_method,
        coalesce(status, 'ЗаказКлиента') as word,
        cast(null as {{ dbt.type_string() }}) as raw_fulfilment,
        store_id as store_record_id,
        manager_id as employee_record_id,
        {# what the shop promised stands in the shop; here is when its order was to leave the warehouse, or left #}
        case when shop_number is null then ships_on end as promised_on,
        cast(null as timestamp) as received_at,
        is_posted,
        is_deleted,
        version_at,
        cast(null as decimal(18, 2)) as gross_left,
        net_amount,
        cast(null as double) as points_earned
    from customer_orders

    union all

    select
        shift_reports.source_system,
        shift_reports.source_account,
        shift_reports.shift_report_id as source_record_id,
        'shift_report' as order_kind,
        shift_reports.number as order_number,
        cast(null as {{ dbt.type_string() }}) as mirror_number,
        cast(null as {{ dbt.type_string() }}) as fiscal_key,
        remainders.receipts_count,
        cast(null as {{ dbt.type_string() }}) as partner_id,
        shifts.dated_at as ordered_at,
        shifts.began_at as shift_began_at,
        'ОтчетОРозничныхПродажах' as raw_order_method,
        'posted' as word,
        'ОтчетОРозничныхПродажах' as raw_fulfilment,
        shifts.store_record_id,
        cast(null as {{ dbt.type_string() }}) as employee_record_id,
        cast(null as date) as promised_on,
        shift_reports.closed_at as received_at,
        shift_reports.is_posted,
        shift_reports.is_deleted,
        shift_reports.version_at,
        remainders.gross_amount as gross_left,
        remainders.net_amount,
        cast(null as double) as points_earned
    from shift_reports
    inner join remainders
        on shift_reports.source_account = remainders.source_account
            and shift_reports.shift_report_id = remainders.order_record_id
    inner join shifts
        on shift_reports.source_account = shifts.source_account
            and shift_reports.shift_report_id = shifts.shift_report_id
),

counted as (
    select
        documents.*,
        case
            when documents.is_deleted then 'deletion_mark'
            when not documents.is_posted then 'unposted'
            else documents.word
        end as raw_status,
        greatest(
            coalesce(documents.gross_left, sums.gross_amount, documents.net_amount),
            documents.net_amount + coalesce(sums.points_discount_amount, 0)
        ) as gross_amount,
        coalesce(sums.points_discount_amount, 0) as points_discount_amount,
        main_payments.raw_payment_type,
        profiles.source_record_id as profile_record_id,
        coalesce(profiles.is_b2b, false) as is_b2b
    from documents
    left join sums
        on documents.source_account = sums.source_account
            and documents.source_record_id = sums.order_record_id
    left join main_payments
        on documents.source_account = main_payments.source_account
            and documents.source_record_id = main_payments.order_record_id
            and main_payments.place = 1
    left join profiles
        on documents.source_account = profiles.source_account
            and documents.partner_id = profiles.source_record_id
),

final as (
    select
        source_system,
        source_account,
        source_record_id,
        order_kind,
        order_number,
        mirror_number,
        fiscal_key,
        receipts_count,
        profile_record_id,
        ordered_at,
        shift_began_at,
        raw_order_method,
        raw_status,
        raw_fulfilment,
        raw_payment_type,
        store_record_id,
        employee_record_id,
        promised_on,
        received_at,
        case when raw_status in ('deletion_mark', 'unposted', 'Отменен') then version_at end as cancelled_at,
        gross_amount,
        cast(gross_amount - net_amount - points_discount_amount as decimal(18, 2)) as discount_amount,
        cast(points_discount_amount as decimal(18, 2)) as points_discount_amount,
        net_amount as net_revenue,
        {# a point is worth a rouble at 1C's tills: they know points by the discount they gave #}
        cast(points_discount_amount as double) as points_redeemed,
        coalesce(points_earned, 0) as points_earned,
        false as is_test,
        is_b2b
    from counted
)

select * from final
