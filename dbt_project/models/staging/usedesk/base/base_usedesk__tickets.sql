{% set custom_fields = [
    ('field_id', 'id',    'text', ''),
    ('name',     'name',  'text', ''),
    ('value',    'value', 'text', ''),
] %}
{% set contract = [
    ('ticket_id',     'id',              'text',  'required'),
    ('status_id',     'status_id',       'text',  'required'),
    ('subject',       'subject',         'text',  ''),
    ('client_id',     'client_id',       'text',  ''),
    ('assignee_id',   'assignee_id',     'text',  ''),
    ('channel_id',    'channel_id',      'text',  ''),
    ('email',         'email',           'text',  ''),
    ('ticket_type',   'type',            'text',  ''),
    ('priority',      'priority',        'text',  ''),
    ('created_at',    'published_at',    'local', 'required'),
    ('changed_at',    'last_updated_at', 'local', ''),
    ('custom_fields', 'custom_fields',   'rows',  custom_fields),
] %}
{{ staged_documents('usedesk', 'tickets', contract, zones=ref('base_usedesk__settings')) }}
