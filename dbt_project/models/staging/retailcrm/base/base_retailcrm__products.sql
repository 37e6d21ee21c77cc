{% set offers = [
    ('offer_id',       'id',            'text',   'required'),
    ('external_id',    'externalId',    'text',   ''),
    ('xml_id',         'xmlId',         'text',   ''),
    ('article',        'article',       'text',   ''),
    ('barcode',        'barcode',       'text',   ''),
    ('name',           'name',          'text',   ''),
    ('price',          'price',         'money?', ''),
    ('purchase_price', 'purchasePrice', 'money?', ''),
] %}
{% set contract = [
    ('product_id',   'id',                   'text',     'required'),
    ('external_id',  'externalId',           'text',     ''),
    ('article',      'article',              'text',     ''),
    ('name',         'name',                 'text',     ''),
    ('manufacturer', 'manufacturer',         'text',     ''),
    ('category',     'groups[0].externalId', 'text',     ''),
    ('is_active',    'active',               'boolean?', ''),
    ('offers',       'offers',               'rows',     offers),
] %}
{{ staged_documents('retailcrm', 'products', contract) }}
