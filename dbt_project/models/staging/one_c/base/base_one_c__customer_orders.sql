{% set goods = [
    ('line_number',     'LineNumber',       'integer', 'required'),
    ('item_id',         'Номенклатура_Key', 'uuid',    'required'),
    ('quantity',        'Количество',       'number',  'required'),
    ('unit_price',      'Цена',             'money',   ''),
    ('discount_amount', 'СуммаСкидки',      'money',   ''),
    ('net_amount',      'Сумма',            'money',   'required'),
    ('is_cancelled',    'Отменено',         'boolean', ''),
] %}
{% set contract = [
    ('customer_order_id', 'Ref_Key',              'uuid',    'required'),
    ('is_deleted',        'DeletionMark',         'boolean', ''),
    ('is_posted',         'Posted',               'boolean', 'required'),
    ('number',            'Number',               'text',    ''),
    ('ordered_at',        'Date',                 'local',   'required'),
    ('shop_number',       'НомерПоДаннымКлиента', 'text',    ''),
    ('partner_id',        'Партнер_Key',          'uuid',    ''),
    ('store_id',          'Склад_Key',            'uuid',    ''),
    ('manager_id',        'Менеджер_Key',         'uuid',    ''),
    ('status',            'Статус',               'text',    ''),
    ('net_amount',        'СуммаДокумента',       'money',   'required'),
    ('ships_on',          'ДатаОтгрузки',         'date?',   ''),
    ('goods',             'Товары',               'rows',    goods),
] %}
{{ staged_documents('one_c', 'customer_orders', contract, zones=ref('base_one_c__settings')) }}
