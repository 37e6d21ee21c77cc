{% set contract = [
    ('price_type_id', 'Ref_Key',     'uuid', 'required'),
    ('name',          'Description', 'text', 'required'),
] %}
{{ staged_documents('one_c', 'price_types', contract) }}
