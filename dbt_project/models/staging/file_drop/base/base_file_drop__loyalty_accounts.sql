{% set contract = [
    ('refusal',          'refusal',            'text',      'refuse'),
    ('file_name',        'file',               'text',      'required'),
    ('file_modified_at', 'modified_at',        'utc',       'required'),
    ('line_number',      'line',               'integer',   'required'),
    ('account_id',       'row.account_id',    'text',      'required'),
    ('card_number',      'row.card',          'text',      ''),
    ('email',            'row.email',         'text',      ''),
    ('phone',            'row.phone',         'text',      ''),
    ('full_name',        'row.full_name',     'text',      ''),
    ('account_status',   'row.status',        'text',      ''),
    ('enrolled_at',      'row.enrolled_at',   'local',     ''),
    ('closed_at',        'row.closed_at',     'local',     ''),
    ('balance',          'row.balance',       'number',    ''),
] %}
{{ staged_documents('file_drop', 'loyalty_accounts', contract, zones=ref('base_file_drop__settings')) }}
