{% set contract = [
    ('retail_store_id', 'id', 'text', 'required'),
    ('external_code', 'externalCode', 'text', ''),
    ('name', 'name', 'text', 'required'),
    ('address', 'address', 'text', ''),
    ('city', 'addressFull.city', 'text', ''),
    ('store_href', 'store.meta.href', 'text', ''),
    ('is_active', 'active', 'boolean', ''),
    ('is_archived', 'archived', 'boolean', ''),
] %}
{{ staged_documents('moysklad', 'retail_stores', contract) }}
