{% set contract = [
    ('customer_id',   'id',               'text',  'required'),
    ('external_id',   'externalId',       'text',  ''),
    ('created_at',    'createdAt',        'local', 'required'),
    ('site',          'site',             'text',  ''),
    ('name',          'nickName',         'text',  ''),
    ('company_name',  'mainCompany.name', 'text',  ''),
    ('address',       'mainAddress.name', 'text',  ''),
    ('custom_fields', 'customFields',     'json',  ''),
] %}
{{ staged_documents('retailcrm', 'customers_corporate', contract, zones=ref('base_retailcrm__settings')) }}
