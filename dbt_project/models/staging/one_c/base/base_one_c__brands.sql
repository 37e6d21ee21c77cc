{% set contract = [
    ('brand_id', 'Ref_Key',          'uuid',    'required'),
    ('name',     'Description',      'text',    'required'),
    ('is_own',   'СобственнаяМарка', 'boolean', ''),
] %}
{{ staged_documents('one_c', 'brands', contract) }}
