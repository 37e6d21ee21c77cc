{% set level = [
    ('store_href', 'meta.href', 'text', 'required'),
    ('quantity', 'stock', 'number', 'required'),
    ('reserved', 'reserve', 'number', ''),
] %}
{% set contract = [
    ('product_href', 'meta.href', 'text', 'required'),
    ('levels', 'stockByStore', 'rows', level),
] %}
{{ staged_documents('moysklad', 'stock', contract) }}
