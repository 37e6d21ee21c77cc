{% set contract = [
    ('time_zone', 'time_zone', 'text', ''),
] %}
{{ staged_documents('file_drop', 'settings', contract) }}
