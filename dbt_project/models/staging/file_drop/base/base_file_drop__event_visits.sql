{% set contract = [
    ('refusal',          'refusal',         'text',    'refuse'),
    ('file_name',        'file',            'text',    'required'),
    ('file_modified_at', 'modified_at',     'utc',     'required'),
    ('line_number',      'line',            'integer', 'required'),
    ('event_name',       'row.event',       'text',    'required'),
    ('attended_at',      'row.attended_at', 'local',   'required'),
    ('store_code',       'row.store',       'text',    ''),
    ('email',            'row.email',       'text',    ''),
    ('phone',            'row.phone',       'text',    ''),
] %}
{{ staged_documents('file_drop', 'event_visits', contract, zones=ref('base_file_drop__settings')) }}
