{% set contract = [
    ('order_id',   'order.id',      'text',  'required'),
    ('status',     'newValue.code', 'text',  'required'),
    ('entered_at', 'createdAt',     'local', 'required'),
] %}
{{ staged_documents('retailcrm', 'order_history', contract, zones=ref('base_retailcrm__settings')) }}
