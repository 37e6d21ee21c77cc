{% set order = [
    ('order_number', 'orderNumber', 'text', ''),
] %}
{% set contract = [
    ('call_id',         'callId',         'text',      'required'),
    ('began_at',        'date',           'day_first', 'required'),
    ('caller_number',   'callerNumber',   'text',      ''),
    ('dialled_number',  'phoneNumber',    'text',      ''),
    ('waited_seconds',  'waitingConnect', 'number?',   ''),
    ('talk_seconds',    'duration',       'number?',   ''),
    ('is_successful',   'successful',     'boolean',   ''),
    ('status_details',  'statusDetails',  'text',      ''),
    ('is_unique',       'uniqueCall',     'boolean?',  ''),
    ('is_target',       'targetCall',     'boolean?',  ''),
    ('is_callback',     'callbackCall',   'boolean?',  ''),
    ('manager',         'manager',        'text',      ''),
    ('source',          'source',         'text',      ''),
    ('medium',          'medium',         'text',      ''),
    ('utm_source',      'utmSource',      'text',      ''),
    ('utm_medium',      'utmMedium',      'text',      ''),
    ('utm_campaign',    'utmCampaign',    'text',      ''),
    ('client_id',       'yaClientId',     'text',      ''),
    ('tags',            'callTags',       'json',      ''),
    ('orders',          'orders',         'rows',      order),
] %}
{{ staged_documents('calltouch', 'calls', contract, zones=ref('base_calltouch__settings')) }}
