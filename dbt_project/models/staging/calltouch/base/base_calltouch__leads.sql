{% set order = [
    ('order_number', 'orderNumber', 'text', ''),
] %}
{% set phone = [
    ('phone', 'phoneNumber', 'text', ''),
] %}
{% set contact = [
    ('kind',  'contactType',  'text', ''),
    ('value', 'contactValue', 'text', ''),
] %}
{% set contract = [
    ('lead_id',          'requestId',           'text',     'required'),
    ('left_at',          'date',                'epoch_ms', 'required'),
    ('subject',          'subject',             'text',     ''),
    ('is_unique',        'uniqueRequest',       'boolean?', ''),
    ('is_target',        'targetRequest',       'boolean?', ''),
    ('client_record_id', 'client.clientId',     'text',     ''),
    ('full_name',        'client.fio',          'text',     ''),
    ('phones',           'client.phones',       'rows',     phone),
    ('contacts',         'client.contacts',     'rows',     contact),
    ('source',           'session.source',      'text',     ''),
    ('medium',           'session.medium',      'text',     ''),
    ('utm_source',       'session.utmSource',   'text',     ''),
    ('utm_medium',       'session.utmMedium',   'text',     ''),
    ('utm_campaign',     'session.utmCampaign', 'text',     ''),
    ('client_id',        'session.yaClientId',  'text',     ''),
    ('tags',             'RequestTags',         'json',     ''),
    ('orders',           'orders',              'rows',     order),
] %}
{{ staged_documents('calltouch', 'leads', contract) }}
