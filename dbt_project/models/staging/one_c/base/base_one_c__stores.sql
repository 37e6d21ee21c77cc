{% set contract = [
    ('store_id',     'Ref_Key',      'uuid',    'required'),
    ('is_folder',    'IsFolder',     'boolean', ''),
    ('code',         'Code',         'text',    ''),
    ('name',         'Description',  'text',    'required'),
    ('store_type',   'ТипСклада',    'text',    ''),
    ('region',       'Регион',       'text',    ''),
    ('city',         'Город',        'text',    ''),
    ('address',      'Адрес',        'text',    ''),
    ('format',       'Формат',       'text',    ''),
    ('is_franchise', 'Франшиза',     'boolean', ''),
    ('opened_on',    'ДатаОткрытия', 'date?',   ''),
    ('closed_on',    'ДатаЗакрытия', 'date?',   ''),
    ('time_zone',    'ЧасовойПояс',  'text',    ''),
] %}
{{ staged_documents('one_c', 'stores', contract) }}
