{% set contract = [
    ('refusal',          'refusal',        'text',    'refuse'),
    ('file_name',        'file',           'text',    'required'),
    ('file_modified_at', 'modified_at',    'utc',     'required'),
    ('line_number',      'line',           'integer', 'required'),
    ('store_code',       'row.store',      'text',    'required'),
    ('counted_at',       'row.counted_at', 'local',   'required'),
    ('entrants',         'row.entrants',   'integer', 'required'),
] %}
{{ staged_documents('file_drop', 'store_entrants', contract, zones=ref('base_file_drop__settings')) }}
