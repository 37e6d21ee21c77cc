{% set contract = [
    ('demand_id', 'id', 'text', 'required'),
    ('name', 'name', 'text', ''),
    ('moment', 'moment', 'moscow', 'required'),
    ('is_applicable', 'applicable', 'boolean', ''),
    ('agent_href', 'agent.meta.href', 'text', 'required'),
    ('customer_order_href', 'customerOrder.meta.href', 'text', ''),
    ('created_at', 'created', 'moscow', 'required'),
    ('updated_at', 'updated', 'moscow', 'required'),
] %}
{{ staged_documents('moysklad', 'demands', contract) }}
