{% set contract = [
    ('source',      'source', 'text', 'required'),
    ('exported_on', 'date',   'date', 'required'),
] %}
{{ staged_documents('yandex_metrica', 'exported_days', contract) }}
