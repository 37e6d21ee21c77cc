{% set contract = [
    ('code',            'code',           'text',     'required'),
    ('name',            'name',           'text',     ''),
    ('is_dynamic',      'isDynamic',      'boolean?', ''),
    ('customers_count', 'customersCount', 'integer?', ''),
] %}
{{ staged_documents('retailcrm', 'segments', contract) }}
