{% set contact = [
    ('kind',  'Тип',           'text', ''),
    ('value', 'Представление', 'text', ''),
] %}
{% set contract = [
    ('partner_id', 'Ref_Key',              'uuid',    'required'),
    ('is_deleted', 'DeletionMark',         'boolean', ''),
    ('is_folder',  'IsFolder',             'boolean', ''),
    ('code',       'Code',                 'text',    ''),
    ('name',       'Description',          'text',    ''),
    ('legal_form', 'ЮрФизЛицо',            'text',    ''),
    ('sex',        'Пол',                  'text',    ''),
    ('birth_date', 'ДатаРождения',         'date?',   ''),
    ('contacts',   'КонтактнаяИнформация', 'rows',    contact),
] %}
{{ staged_documents('one_c', 'partners', contract) }}
