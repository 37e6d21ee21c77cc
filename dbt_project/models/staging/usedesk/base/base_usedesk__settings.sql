{% set channels = [
    ('channel_id', 'id',   'text', 'required'),
    ('kind',       'kind', 'text', 'required'),
] %}
{% set contract = [
    ('time_zone',    'time_zone',    'text', ''),
    ('rating_field', 'rating_field', 'text', ''),
    ('order_field',  'order_field',  'text', ''),
    ('channels',     'channels',     'rows', channels),
] %}
{{ staged_documents('usedesk', 'settings', contract) }}
