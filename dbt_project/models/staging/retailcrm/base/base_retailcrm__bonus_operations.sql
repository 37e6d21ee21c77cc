{% set contract = [
    ('bonus_type',   'type',                 'text',   'required'),
    ('occurred_at',  'createdAt',            'local',  'required'),
    ('points',       'amount',               'number', 'required'),
    ('account_id',   'loyaltyAccount.id',    'text',   'required'),
    ('programme_id', 'loyalty.id',           'text',   ''),
    ('order_id',     'order.id',             'text',   ''),
    ('available_on', 'bonus.activationDate', 'date?',  ''),
    ('event',        'event.type',           'text',   ''),
] %}
{{ staged_documents('retailcrm', 'bonus_operations', contract, zones=ref('base_retailcrm__settings')) }}
