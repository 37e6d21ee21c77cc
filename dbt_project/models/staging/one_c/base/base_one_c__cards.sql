{% set contract = [
    ('card_id',     'Ref_Key',      'uuid',    'required'),
    ('is_deleted',  'DeletionMark', 'boolean', ''),
    ('card_number', 'Штрихкод',     'text',    ''),
    ('partner_id',  'Партнер_Key',  'uuid',    ''),
    ('status',      'Статус',       'text',    ''),
] %}
{{ staged_documents('one_c', 'cards', contract) }}
