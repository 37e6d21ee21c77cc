{% set contract = [
    ('code',         'code',    'text',     'required'),
    ('name',         'name',    'text',     ''),
    ('status_group', 'group',   'text',     ''),
    ('channel',      'channel', 'text',     ''),
    ('is_active',    'active',  'boolean?', ''),
] %}
{{ staged_documents('retailcrm', 'references', contract) }}
