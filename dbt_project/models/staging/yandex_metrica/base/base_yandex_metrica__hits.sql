{% set contract = [
    ('watch_id',     'ym:pv:watchID',    'text',     'required'),
    ('client_id',    'ym:pv:clientID',   'text',     'required'),
    ('happened_on',  'ym:pv:date',       'date',     'required'),
    ('happened_at',  'ym:pv:dateTime',   'local',    'required'),
    ('is_page_view', 'ym:pv:isPageView', 'boolean?', ''),
    ('ecommerce',    'ym:pv:ecommerce',  'text?',    ''),
    ('params',       'ym:pv:params',     'text?',    ''),
] %}
{{ staged_documents('yandex_metrica', 'hits', contract, zones=ref('base_yandex_metrica__counters')) }}
