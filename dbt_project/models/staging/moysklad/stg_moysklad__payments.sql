-- How a receipt was paid. A gift card offsets an advance (assumed: the vendor does not say which sum holds it), so its
-- amount is taken out of the advance, then of card and cash, and the parts add up to the receipt. An order's payment is
-- what the vendor has matched to it. One row per document and way of payment.
{% set gift_card = [
    ('number', 'name', 'text', ''),
    ('amount', 'paymentSum', 'kopecks', ''),
] %}
{% set ways = [
    ('cashSum', 'cash_left'), ('noCashSum', 'card_left'), ('qrSum', 'qr_amount'), ('advancePaymentSum', 'advance_left'),
    ('prepaymentCashSum', 'prepaid_cash_amount'), ('prepaymentNoCashSum', 'prepaid_card_amount'),
    ('prepaymentQrSum', 'prepaid_qr_amount'), ('giftCards', 'gift_amount'),
] %}
with

receipts as (
    {{ live_documents('moysklad', 'retail_demands') }}
),

customer_orders as (
    {{ live_documents('moysklad', 'customer_orders') }}
),

gift_cards as (
    select
        p.source_account,
        p.retail_demand_id,
        sum(e.amount) as gift_amount
    from {{ child_rows('receipts', 'gift_cards', gift_card) }}
    group by p.source_account, p.retail_demand_id
),

amounts as (
    select
        receipts.source_system,
        receipts.source_account,
        receipts.retail_demand_id as order_record_id,
        receipts.moment as paid_at,
        receipts.qr_amount,
        receipts.prepaid_cash_amount,
        receipts.prepaid_card_amount,
        receipts.prepaid_qr_amount,
        coalesce(gift_cards.gift_amount, 0) as gift_amount,
        coalesce(receipts.advance_amount, 0) as advance_amount,
        coalesce(receipts.card_amount, 0) as card_amount,
        coalesce(receipts.cash_amount, 0) as cash_amount
    from receipts
    left join gift_cards
        on receipts.source_account = gift_cards.source_account
            and receipts.retail_demand_id = gift_cards.retail_demand_id
),

split as (
    select
        *,
        greatest(advance_amount - gift_amount, 0) as advance_left,
        greatest(card_amount - greatest(gift_amount - advance_amount, 0), 0) as card_left,
        greatest(cash_amount - greatest(gift_amount - advance_amount - card_amount, 0), 0) as cash_left
    from amounts
),

ways as (
    {%- for way, column in ways %}
    select
        source_system,
        source_account,
        order_record_id,
        '{{ way }}' as raw_payment_type,
        {{ column }} as amount,
        paid_at
    from split
    union all
    {%- endfor %}
    select
        source_system,
        source_account,
        customer_order_id as order_record_id,
        'payedSum' as raw_payment_type,
        paid_amount as amount,
        cast(null as timestamp) as paid_at
    from customer_orders
),

final as (
    select
        source_system,
        source_account,
        order_record_id || ':' || raw_payment_type as source_record_id,
        order_record_id,
        raw_payment_type,
        cast(amount as decimal(18, 2)) as amount,
        paid_at,
        'paid' as status
    from ways
    where amount > 0
)

select * from final
