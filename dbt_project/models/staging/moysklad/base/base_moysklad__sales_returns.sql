{% set contract = [
    ('sales_return_id', 'id', 'text', 'required'),
    ('name', 'name', 'text', ''),
    ('moment', 'moment', 'moscow', 'required'),
    ('is_applicable', 'applicable', 'boolean', ''),
    ('sum_amount', 'sum', 'kopecks', 'required'),
    ('currency_href', 'rate.currency.meta.href', 'text', ''),
    ('agent_href', 'agent.meta.href', 'text', 'required'),
    ('store_href', 'store.meta.href', 'text', ''),
    ('demand_href', 'demand.meta.href', 'text', ''),
    ('customer_order_href', 'demand.customerOrder.meta.href', 'text', ''),
    ('owner_href', 'owner.meta.href', 'text', ''),
    ('description', 'description', 'text', ''),
    ('positions', 'positions.rows', 'json', ''),
    ('created_at', 'created', 'moscow', 'required'),
    ('updated_at', 'updated', 'moscow', 'required'),
] %}
{{ staged_documents('moysklad', 'sales_returns', contract) }}
