{% set contract = [
    ('time_zone', 'time_zone', 'text', ''),
] %}
{{ staged_documents('abm_loyalty', 'settings', contract) }}
