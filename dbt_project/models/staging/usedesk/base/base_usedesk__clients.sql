{% set contract = [
    ('client_id', 'id',     'text', 'required'),
    ('name',      'name',   'text', ''),
    ('email',     'emails', 'text', ''),
    ('phone',     'phone',  'text', ''),
] %}
{{ staged_documents('usedesk', 'clients', contract) }}
