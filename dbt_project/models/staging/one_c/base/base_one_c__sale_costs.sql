{% set record = [
    ('line_number',       'LineNumber',                     'integer', ''),
    ('sold_at',           'Period',                         'local',   'required'),
    ('is_active',         'Active',                         'boolean', ''),
    ('item_key_id',       'АналитикаУчетаНоменклатуры_Key', 'uuid',    ''),
    ('item_id',           'Номенклатура_Key',               'uuid',    ''),
    ('store_id',          'Склад_Key',                      'uuid',    ''),
    ('customer_order_id', 'ЗаказКлиента_Key',               'uuid',    ''),
    ('quantity',          'Количество',                     'number',  ''),
    ('revenue',           'СуммаВыручки',                   'money',   ''),
    ('cost',              'Стоимость',                      'money',   ''),
    ('cost_before_vat',   'СтоимостьБезНДС',                'money',   ''),
    ('flat_cost',         'Себестоимость',                  'money',   ''),
] %}
{% set contract = [
    ('recorder_id',   'Recorder',      'uuid', 'required'),
    ('recorder_type', 'Recorder_Type', 'text', ''),
    ('records',       'RecordSet',     'rows', record),
] %}
{{ staged_documents('one_c', 'sale_costs', contract, zones=ref('base_one_c__settings')) }}
