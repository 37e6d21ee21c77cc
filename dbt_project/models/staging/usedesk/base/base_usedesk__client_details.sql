{% set emails = [
    ('email', 'email', 'text', ''),
] %}
{% set phones = [
    ('phone', 'phone', 'text', ''),
] %}
{% set messengers = [
    ('network', 'type',     'text', ''),
    ('identity', 'identity', 'text', ''),
] %}
{% set contract = [
    ('client_id',  'client.id',         'text',  'required'),
    ('name',       'client.name',       'text',  ''),
    ('created_at', 'client.created_at', 'local', 'required'),
    ('emails',     'client.emails',     'rows',  emails),
    ('phones',     'client.phones',     'rows',  phones),
    ('messengers', 'client.messengers', 'rows',  messengers),
] %}
{{ staged_documents('usedesk', 'client_details', contract, zones=ref('base_usedesk__settings')) }}
