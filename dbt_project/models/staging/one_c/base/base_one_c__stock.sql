{% set contract = [
    ('item_id',  'Номенклатура_Key',        'uuid',   'required'),
    ('store_id', 'Склад_Key',               'uuid',   'required'),
    ('quantity', 'ВНаличииBalance',         'number', 'required'),
    ('reserved', 'ВРезервеСоСкладаBalance', 'number', ''),
] %}
{{ staged_documents('one_c', 'stock', contract) }}
