{% set contract = [
    ('currency_id', 'id', 'text', 'required'),
    ('iso_code', 'isoCode', 'text', ''),
    ('numeric_code', 'code', 'text', ''),
    ('is_default', 'default', 'boolean', ''),
] %}
{{ staged_documents('moysklad', 'currencies', contract) }}
