{% set goods = [
    ('item_id',         'Номенклатура_Key', 'uuid',   'required'),
    ('quantity',        'Количество',       'number', 'required'),
    ('net_amount',      'Сумма',            'money',  'required'),
    ('discount_amount', 'СуммаСкидки',      'money',  ''),
] %}
{% set contract = [
    ('shift_report_id', 'Ref_Key',         'uuid',    'required'),
    ('is_deleted',      'DeletionMark',    'boolean', ''),
    ('is_posted',       'Posted',          'boolean', 'required'),
    ('number',          'Number',          'text',    ''),
    ('closed_at',       'Date',            'local',   'required'),
    ('till_id',         'КассаККМ_Key',    'uuid',    ''),
    ('store_id',        'Склад_Key',       'uuid',    ''),
    ('shift_number',    'НомерСменыККМ',   'text',    ''),
    ('receipts_told',   'КоличествоЧеков', 'integer', ''),
    ('goods',           'Товары',          'rows',    goods),
] %}
{{ staged_documents('one_c', 'shift_reports', contract, zones=ref('base_one_c__settings')) }}
