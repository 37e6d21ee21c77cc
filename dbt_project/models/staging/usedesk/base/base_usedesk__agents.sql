{% set contract = [
    ('agent_id', 'id',    'text', 'required'),
    ('name',     'name',  'text', ''),
    ('email',    'email', 'text', ''),
    ('phone',    'phone', 'text', ''),
    ('role',     'role',  'text', ''),
] %}
{{ staged_documents('usedesk', 'agents', contract) }}
