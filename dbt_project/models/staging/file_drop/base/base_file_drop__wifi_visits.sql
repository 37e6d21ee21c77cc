{% set contract = [
    ('refusal',          'refusal',        'text',    'refuse'),
    ('file_name',        'file',           'text',    'required'),
    ('file_modified_at', 'modified_at',    'utc',     'required'),
    ('line_number',      'line',           'integer', 'required'),
    ('store_code',       'row.store',      'text',    'required'),
    ('mac',              'row.mac',        'text',    'required'),
    ('entered_at',       'row.entered_at', 'local',   'required'),
    ('left_at',          'row.left_at',    'local',   ''),
    ('phone',            'row.phone',      'text',    ''),
] %}
{{ staged_documents('file_drop', 'wifi_visits', contract, zones=ref('base_file_drop__settings')) }}
