{% set contract = [
    ('time_zone',           'time_zone',           'text', ''),
    ('purchase_price_type', 'purchase_price_type', 'text', ''),
    ('retail_price_type',   'retail_price_type',   'text', ''),
    ('cost_field',          'cost_field',          'text', ''),
    ('unread',              'unread',              'text', ''),
] %}
{{ staged_documents('one_c', 'settings', contract) }}
