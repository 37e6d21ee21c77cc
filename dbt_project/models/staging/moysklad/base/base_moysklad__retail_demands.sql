{% set position = [
    ('position_id', 'id', 'text', 'required'),
    ('assortment_href', 'assortment.meta.href', 'text', 'required'),
    ('quantity', 'quantity', 'number', 'required'),
    ('price_kopecks', 'price', 'number', 'required'),
    ('discount_percent', 'discount', 'number', ''),
    ('cost', 'stock.cost', 'kopecks', ''),
] %}
{% set attribute = [
    ('name', 'name', 'text', 'required'),
    ('value', 'value', 'text', ''),
] %}
{% set gift_card = [
    ('number', 'name', 'text', ''),
    ('amount', 'paymentSum', 'kopecks', ''),
] %}
{% set contract = [
    ('retail_demand_id', 'id', 'text', 'required'),
    ('name', 'name', 'text', ''),
    ('moment', 'moment', 'moscow', 'required'),
    ('is_applicable', 'applicable', 'boolean', ''),
    ('sum_amount', 'sum', 'kopecks', 'required'),
    ('currency_href', 'rate.currency.meta.href', 'text', ''),
    ('agent_href', 'agent.meta.href', 'text', 'required'),
    ('store_href', 'store.meta.href', 'text', ''),
    ('retail_store_href', 'retailStore.meta.href', 'text', ''),
    ('owner_href', 'owner.meta.href', 'text', ''),
    ('cash_amount', 'cashSum', 'kopecks', ''),
    ('card_amount', 'noCashSum', 'kopecks', ''),
    ('qr_amount', 'qrSum', 'kopecks', ''),
    ('advance_amount', 'advancePaymentSum', 'kopecks', ''),
    ('prepaid_cash_amount', 'prepaymentCashSum', 'kopecks', ''),
    ('prepaid_card_amount', 'prepaymentNoCashSum', 'kopecks', ''),
    ('prepaid_qr_amount', 'prepaymentQrSum', 'kopecks', ''),
    ('gift_cards', 'giftCards', 'rows', gift_card),
    ('fiscal_drive', 'cheque.fnNumber', 'text', ''),
    ('fiscal_document', 'cheque.fiscalDocNumber', 'text', ''),
    ('attributes', 'attributes', 'rows?', attribute),
    ('custom_fields', 'attributes', 'json', ''),
    ('positions_count', 'positions.meta.size', 'integer', ''),
    ('positions', 'positions.rows', 'rows', position),
    ('created_at', 'created', 'moscow', 'required'),
    ('updated_at', 'updated', 'moscow', 'required'),
] %}
{{ staged_documents('moysklad', 'retail_demands', contract) }}
