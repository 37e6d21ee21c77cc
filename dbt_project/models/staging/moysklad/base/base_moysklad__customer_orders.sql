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
{% set contract = [
    ('customer_order_id', 'id', 'text', 'required'),
    ('name', 'name', 'text', 'required'),
    ('external_code', 'externalCode', 'text', ''),
    ('moment', 'moment', 'moscow', 'required'),
    ('is_applicable', 'applicable', 'boolean', ''),
    ('sum_amount', 'sum', 'kopecks', 'required'),
    ('currency_href', 'rate.currency.meta.href', 'text', ''),
    ('paid_amount', 'payedSum', 'kopecks', ''),
    ('shipped_amount', 'shippedSum', 'kopecks', ''),
    ('agent_href', 'agent.meta.href', 'text', 'required'),
    ('store_href', 'store.meta.href', 'text', ''),
    ('owner_href', 'owner.meta.href', 'text', ''),
    ('state_name', 'state.name', 'text', ''),
    ('sales_channel_name', 'salesChannel.name', 'text', ''),
    ('delivery_city', 'shipmentAddressFull.city', 'text', ''),
    ('delivery_planned_on', 'deliveryPlannedMoment', 'date?', ''),
    ('attributes', 'attributes', 'rows?', attribute),
    ('custom_fields', 'attributes', 'json', ''),
    ('positions_count', 'positions.meta.size', 'integer', ''),
    ('positions', 'positions.rows', 'rows', position),
    ('created_at', 'created', 'moscow', 'required'),
    ('updated_at', 'updated', 'moscow', 'required'),
] %}
{{ staged_documents('moysklad', 'customer_orders', contract) }}
