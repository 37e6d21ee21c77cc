{% set contract = [
    ('refusal',          'refusal',           'text',    'refuse'),
    ('file_name',        'file',              'text',    'required'),
    ('file_modified_at', 'modified_at',       'utc',     'required'),
    ('line_number',      'line',              'integer', 'required'),
    ('message_id',       'row.message_id',    'text',    'required'),
    ('campaign',         'row.campaign',      'text',    'required'),
    ('message_type',     'row.message_type',  'text',    ''),
    ('trigger_name',     'row.trigger',       'text',    ''),
    ('channel',          'row.channel',       'text',    'required'),
    ('recipient',        'row.recipient',     'text',    'required'),
    ('sent_at',          'row.sent_at',       'local',   'required'),
    ('delivered_at',     'row.delivered_at',  'local',   ''),
    ('opened_at',        'row.opened_at',     'local',   ''),
    ('clicked_at',       'row.clicked_at',    'local',   ''),
    ('failed_at',        'row.failed_at',     'local',   ''),
    ('failed_reason',    'row.failed_reason', 'text',    ''),
] %}
{{ staged_documents('file_drop', 'messages', contract, zones=ref('base_file_drop__settings')) }}
