-- How a receipt was paid: by cards and the faster payments system as told, by gift cards, and in cash what these leave of the sum, since
-- the cash that was handed over includes the change. One row per receipt and way of payment.
{% set card_payment = [
    ('way',    'ВидОплаты', 'text',  ''),
    ('amount', 'Сумма',     'money', 'required'),
] %}
{% set gift_card = [
    ('amount', 'Сумма', 'money', 'required'),
] %}
with

receipts as (
    {{ live_documents('one_c', 'receipts') }}
),

without_cash as (
    select
        p.source_account,
        p.receipt_id,
        coalesce(e.way, 'Карта') as raw_payment_type,
        e.amount
    from {{ child_rows('receipts', 'card_payments', card_payment) }}

    union all

    select
        p.source_account,
        p.receipt_id,
        'ПодарочныйСертификат' as raw_payment_type,
        e.amount
    from {{ child_rows('receipts', 'gift_cards', gift_card) }}
),

paid as (
    select source_account, receipt_id, sum(amount) as amount
    from without_cash
    group by source_account, receipt_id
),

ways as (
    select source_account, receipt_id, raw_payment_type, amount from without_cash

    union all

    select
        receipts.source_account,
        receipts.receipt_id,
        'Наличные' as raw_payment_type,
        least(coalesce(receipts.cash_received, 0), receipts.net_amount - coalesce(paid.amount, 0)) as amount
    from receipts
    left join paid
        on receipts.source_account = paid.source_account
            and receipts.receipt_id = paid.receipt_id
),

final as (
    select
        receipts.source_system,
        receipts.source_account,
        receipts.receipt_id || ':' || ways.raw_payment_type as source_record_id,
        receipts.receipt_id as order_record_id,
        ways.raw_payment_type,
        cast(sum(ways.amount) as decimal(18, 2)) as amount,
        receipts.sold_at as paid_at,
        'paid' as status
    from ways
    inner join receipts
        on ways.source_account = receipts.source_account
            and ways.receipt_id = receipts.receipt_id
    group by receipts.source_system, receipts.source_account, receipts.receipt_id, receipts.sold_at, ways.raw_payment_type
    having sum(ways.amount) > 0
)

select * from final
