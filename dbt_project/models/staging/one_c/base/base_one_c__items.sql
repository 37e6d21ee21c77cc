{% set contract = [
    ('item_id',    'Ref_Key',         'uuid',    'required'),
    ('is_deleted', 'DeletionMark',    'boolean', ''),
    ('is_folder',  'IsFolder',        'boolean', ''),
    ('parent_id',  'Parent_Key',      'uuid',    ''),
    ('code',       'Code',            'text',    ''),
    ('name',       'Description',     'text',    'required'),
    ('article',    'Артикул',         'text',    ''),
    ('brand_id',   'Марка_Key',       'uuid',    ''),
    ('item_type',  'ТипНоменклатуры', 'text',    ''),
] %}
{{ staged_documents('one_c', 'items', contract) }}
