{% set contract = [
    ('account_id',   'id',          'text',     'required'),
    ('status',       'status',      'text',     ''),
    ('is_active',    'active',      'boolean?', ''),
    ('activated_at', 'activatedAt', 'local?',   ''),
] %}
{{ staged_documents('retailcrm', 'loyalty_accounts', contract, zones=ref('base_retailcrm__settings'), every_version=true) }}
