{% set contract = [
    ('item_id',       'Номенклатура_Key', 'uuid',   'required'),
    ('price_type_id', 'ВидЦены_Key',      'uuid',   'required'),
    ('set_at',        'Period',           'local?', ''),
    ('price',         'Цена',             'money',  'required'),
] %}
{{ staged_documents('one_c', 'prices', contract, zones=ref('base_one_c__settings')) }}
