{% set contract = [
    ('till_id',  'Ref_Key',     'uuid', 'required'),
    ('name',     'Description', 'text', ''),
    ('store_id', 'Склад_Key',   'uuid', ''),
] %}
{{ staged_documents('one_c', 'tills', contract) }}
