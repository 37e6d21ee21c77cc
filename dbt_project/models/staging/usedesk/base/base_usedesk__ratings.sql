{% set contract = [
    ('ticket_id',   'ticket_id',   'text',    'required'),
    ('score',       'rating',      'integer', 'required'),
    ('comment',     'comment',     'text',    ''),
    ('rated_at',    'rated_at',    'local',   ''),
    ('received_at', 'received_at', 'utc',     'required'),
] %}
{{ staged_documents('usedesk', 'ratings', contract, zones=ref('base_usedesk__settings')) }}
