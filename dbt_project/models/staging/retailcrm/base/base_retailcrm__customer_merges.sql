{% set contract = [
    ('merged_customer_id',    'customer.id',   'text',  'required'),
    ('surviving_customer_id', 'combinedTo.id', 'text',  'required'),
    ('merged_at',             'createdAt',     'local', 'required'),
] %}
{{ staged_documents('retailcrm', 'customer_merges', contract, zones=ref('base_retailcrm__settings')) }}
