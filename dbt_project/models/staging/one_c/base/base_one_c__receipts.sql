{% set goods = [
    ('line_number',       'LineNumber',                   'integer', 'required'),
    ('item_id',           'Номенклатура_Key',             'uuid',    'required'),
    ('quantity',          'Количество',                   'number',  'required'),
    ('unit_price',        'Цена',                         'money',   ''),
    ('mass_discount',     'СуммаАвтоматическойСкидки',    'money',   ''),
    ('personal_discount', 'СуммаПерсональнойСкидки',      'money',   ''),
    ('promo_discount',    'СуммаСкидкиПоПромокоду',       'money',   ''),
    ('points_discount',   'СуммаБонусныхБалловКСписанию', 'money',   ''),
    ('net_amount',        'Сумма',                        'money',   'required'),
] %}
{% set card_payment = [
    ('way',    'ВидОплаты', 'text',  ''),
    ('amount', 'Сумма',     'money', 'required'),
] %}
{% set gift_card = [
    ('amount', 'Сумма', 'money', 'required'),
] %}
{% set contract = [
    ('receipt_id',      'Ref_Key',                     'uuid',    'required'),
    ('is_deleted',      'DeletionMark',                'boolean', ''),
    ('is_posted',       'Posted',                      'boolean', 'required'),
    ('number',          'Number',                      'text',    ''),
    ('sold_at',         'Date',                        'local',   'required'),
    ('status',          'Статус',                      'text',    ''),
    ('till_id',         'КассаККМ_Key',                'uuid',    ''),
    ('store_id',        'Склад_Key',                   'uuid',    ''),
    ('cashier_id',      'Кассир_Key',                  'uuid',    ''),
    ('partner_id',      'Партнер_Key',                 'uuid',    ''),
    ('card_id',         'КартаЛояльности_Key',         'uuid',    ''),
    ('shift_number',    'НомерСменыККМ',               'text',    ''),
    ('fiscal_drive',    'ЗаводскойНомерФН',            'text',    ''),
    ('fiscal_document', 'НомерФискальногоДокумента',   'text',    ''),
    ('shift_report_id', 'ОтчетОРозничныхПродажах_Key', 'uuid',    ''),
    ('net_amount',      'СуммаДокумента',              'money',   'required'),
    ('cash_received',   'ПолученоНаличными',           'money',   ''),
    ('points_earned',   'БаллыНачислено',              'number',  ''),
    ('goods',           'Товары',                      'rows',    goods),
    ('card_payments',   'ОплатаПлатежнымиКартами',     'rows',    card_payment),
    ('gift_cards',      'ПодарочныеСертификаты',       'rows',    gift_card),
] %}
{{ staged_documents('one_c', 'receipts', contract, zones=ref('base_one_c__settings')) }}
