{% set contract = [
    ('refusal',          'refusal',            'text',      'refuse'),
    ('file_name',        'file',               'text',      'required'),
    ('file_modified_at', 'modified_at',        'utc',       'required'),
    ('line_number',      'line',               'integer',   'required'),
    ('operation_id',     'row.operation_id',  'text',      'required'),
    ('account_id',       'row.account_id',    'text',      'required'),
    ('operation_type',   'row.operation_type', 'text',      'required'),
    ('cancels_type',     'row.cancels_type',  'text',      ''),
    ('points',           'row.points',        'number',    'required'),
    ('occurred_at',      'row.occurred_at',   'local',     'required'),
    ('available_on',     'row.available_on',  'open_date', ''),
    ('order_number',     'row.order_number',  'text',      ''),
] %}
{{ staged_documents('file_drop', 'loyalty_operations', contract, zones=ref('base_file_drop__settings')) }}
