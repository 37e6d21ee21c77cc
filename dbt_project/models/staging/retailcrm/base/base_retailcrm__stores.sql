{% set contract = [
    ('code',        'code',           'text',     'required'),
    ('name',        'name',           'text',     ''),
    ('external_id', 'externalId',     'text',     ''),
    ('xml_id',      'xmlId',          'text',     ''),
    ('store_type',  'type',           'text',     ''),
    ('region',      'address.region', 'text',     ''),
    ('city',        'address.city',   'text',     ''),
    ('address',     'address.text',   'text',     ''),
    ('is_active',   'active',         'boolean?', ''),
] %}
{{ staged_documents('retailcrm', 'stores', contract) }}
