{% set contract = [
    ('receipt_return_id', 'Ref_Key',                   'uuid',    'required'),
    ('is_deleted',        'DeletionMark',              'boolean', ''),
    ('is_posted',         'Posted',                    'boolean', 'required'),
    ('number',            'Number',                    'text',    ''),
    ('returned_at',       'Date',                      'local',   'required'),
    ('receipt_id',        'ЧекККМ_Key',                'uuid',    ''),
    ('till_id',           'КассаККМ_Key',              'uuid',    ''),
    ('store_id',          'Склад_Key',                 'uuid',    ''),
    ('cashier_id',        'Кассир_Key',                'uuid',    ''),
    ('partner_id',        'Партнер_Key',               'uuid',    ''),
    ('fiscal_drive',      'ЗаводскойНомерФН',          'text',    ''),
    ('fiscal_document',   'НомерФискальногоДокумента', 'text',    ''),
    ('amount',            'СуммаДокумента',            'money',   'required'),
    ('reason',            'ПричинаВозврата',           'text',    ''),
] %}
{{ staged_documents('one_c', 'receipt_returns', contract, zones=ref('base_one_c__settings')) }}
