{% set contract = [
    ('programme_id', 'id',          'text',   'required'),
    ('name',         'name',        'text',   ''),
    ('created_at',   'createdAt',   'local?', ''),
    ('activated_at', 'activatedAt', 'local?', ''),
    ('currency',     'currency',    'text',   ''),
] %}
{{ staged_documents('retailcrm', 'loyalties', contract, zones=ref('base_retailcrm__settings')) }}
