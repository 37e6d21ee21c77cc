{% set contract = [
    ('account_id',   'id',          'text',     'required'),
    ('customer_id',  'customer.id', 'text',     ''),
    ('programme_id', 'loyalty.id',  'text',     ''),
    ('card_number',  'cardNumber',  'text',     ''),
    ('phone',        'phoneNumber', 'text',     ''),
    ('balance',      'amount',      'number',   ''),
    ('status',       'status',      'text',     ''),
    ('is_active',    'active',      'boolean?', ''),
    ('created_at',   'createdAt',   'local',    'required'),
    ('activated_at', 'activatedAt', 'local?',   ''),
    ('custom_fields', 'customFields', 'json',   ''),
] %}
{{ staged_documents('retailcrm', 'loyalty_accounts', contract, zones=ref('base_retailcrm__settings')) }}
