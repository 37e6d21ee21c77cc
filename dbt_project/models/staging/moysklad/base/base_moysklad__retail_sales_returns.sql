{% set contract = [
    ('retail_sales_return_id', 'id', 'text', 'required'),
    ('name', 'name', 'text', ''),
    ('moment', 'moment', 'moscow', 'required'),
    ('is_applicable', 'applicable', 'boolean', ''),
    ('sum_amount', 'sum', 'kopecks', 'required'),
    ('agent_href', 'agent.meta.href', 'text', 'required'),
    ('store_href', 'store.meta.href', 'text', ''),
    ('retail_demand_href', 'demand.meta.href', 'text', ''),
    ('retail_store_href', 'retailStore.meta.href', 'text', ''),
    ('owner_href', 'owner.meta.href', 'text', ''),
    ('description', 'description', 'text', ''),
    ('fiscal_drive', 'cheque.fnNumber', 'text', ''),
    ('fiscal_document', 'cheque.fiscalDocNumber', 'text', ''),
    ('positions', 'positions.rows', 'json', ''),
    ('created_at', 'created', 'moscow', 'required'),
    ('updated_at', 'updated', 'moscow', 'required'),
] %}
{{ staged_documents('moysklad', 'retail_sales_returns', contract) }}
