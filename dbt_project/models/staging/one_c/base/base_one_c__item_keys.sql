{% set contract = [
    ('item_key_id', 'Ref_Key',          'uuid',  'required'),
    ('item_id',     'Номенклатура_Key', 'uuid',  ''),
    ('store_id',    'Склад_Key',        'uuid',  ''),
    ('place_id',    'МестоХранения',    'uuid?', ''),
] %}
{{ staged_documents('one_c', 'item_keys', contract) }}
