{% set contract = [
    ('customer_return_id', 'Ref_Key',          'uuid',    'required'),
    ('is_deleted',         'DeletionMark',     'boolean', ''),
    ('is_posted',          'Posted',           'boolean', 'required'),
    ('number',             'Number',           'text',    ''),
    ('returned_at',        'Date',             'local',   'required'),
    ('customer_order_id',  'ЗаказКлиента_Key', 'uuid',    ''),
    ('partner_id',         'Партнер_Key',      'uuid',    ''),
    ('amount',             'СуммаДокумента',   'money',   'required'),
    ('reason',             'ПричинаВозврата',  'text',    ''),
] %}
{{ staged_documents('one_c', 'customer_returns', contract, zones=ref('base_one_c__settings')) }}
