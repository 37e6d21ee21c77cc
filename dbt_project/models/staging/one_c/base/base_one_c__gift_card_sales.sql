{% set gift_card = [
    ('line_number', 'LineNumber',    'integer', ''),
    ('card_number', 'СерийныйНомер', 'text',    ''),
    ('amount',      'Сумма',         'money',   'required'),
] %}
{% set contract = [
    ('gift_card_sale_id', 'Ref_Key',               'uuid',    'required'),
    ('is_deleted',        'DeletionMark',          'boolean', ''),
    ('is_posted',         'Posted',                'boolean', 'required'),
    ('number',            'Number',                'text',    ''),
    ('sold_at',           'Date',                  'local',   'required'),
    ('store_id',          'Склад_Key',             'uuid',    ''),
    ('cashier_id',        'Кассир_Key',            'uuid',    ''),
    ('gift_cards',        'ПодарочныеСертификаты', 'rows',    gift_card),
] %}
{{ staged_documents('one_c', 'gift_card_sales', contract, zones=ref('base_one_c__settings')) }}
