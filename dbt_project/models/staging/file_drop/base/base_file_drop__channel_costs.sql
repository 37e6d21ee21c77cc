{% set contract = [
    ('refusal',          'refusal',          'text',    'refuse'),
    ('file_name',        'file',             'text',    'required'),
    ('file_modified_at', 'modified_at',      'utc',     'required'),
    ('line_number',      'line',             'integer', 'required'),
    ('cost_on',          'row.cost_on',      'date',    'required'),
    ('channel',          'row.channel',      'text',    'required'),
    ('campaign',         'row.campaign',     'text',    ''),
    ('utm_campaign',     'row.utm_campaign', 'text',    ''),
    ('impressions',      'row.impressions',  'integer', ''),
    ('clicks',           'row.clicks',       'integer', ''),
    ('cost',             'row.cost',         'money',   'required'),
    ('currency',         'row.currency',     'text',    ''),
] %}
{{ staged_documents('file_drop', 'channel_costs', contract, zones=ref('base_file_drop__settings')) }}
