{% set contract = [
    ('counter_id',   'id',             'text', 'required'),
    ('counter_name', 'name',           'text', ''),
    ('time_zone',    'time_zone_name', 'text', ''),
    ('goals',        'goals',          'json', ''),
] %}
{{ staged_documents('yandex_metrica', 'counters', contract) }}
