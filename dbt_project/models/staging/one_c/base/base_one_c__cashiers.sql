{% set contact = [
    ('kind',  'Тип',           'text', ''),
    ('value', 'Представление', 'text', ''),
] %}
{% set contract = [
    ('cashier_id', 'Ref_Key',              'uuid',    'required'),
    ('name',       'Description',          'text',    ''),
    ('is_deleted', 'DeletionMark',         'boolean', ''),
    ('is_blocked', 'Недействителен',       'boolean', ''),
    ('contacts',   'КонтактнаяИнформация', 'rows',    contact),
] %}
{{ staged_documents('one_c', 'cashiers', contract) }}
