{% set contract = [
    ('refusal',          'refusal',           'text',    'refuse'),
    ('file_name',        'file',              'text',    'required'),
    ('file_modified_at', 'modified_at',       'utc',     'required'),
    ('line_number',      'line',              'integer', 'required'),
    ('session_id',       'row.session_id',    'text',    'required'),
    ('device_id',        'row.device_id',     'text',    'required'),
    ('customer_id',      'row.customer_id',   'text',    ''),
    ('platform',         'row.platform',      'text',    ''),
    ('started_at',       'row.started_at',    'local',   'required'),
    ('ended_at',         'row.ended_at',      'local',   ''),
    ('screens',          'row.screens',       'integer', ''),
    ('is_new_device',    'row.is_new_device', 'boolean', ''),
] %}
{{ staged_documents('file_drop', 'app_sessions', contract, zones=ref('base_file_drop__settings')) }}
