{% set contract = [
    ('time_zone', 'time_zone', 'text', ''),
] %}
{{ staged_documents('calltouch', 'settings', contract) }}
