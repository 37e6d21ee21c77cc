{% set attribute = [
    ('name', 'name', 'text', 'required'),
    ('value', 'value', 'text', ''),
] %}
{% set contract = [
    ('product_id', 'id', 'text', 'required'),
    ('external_code', 'externalCode', 'text', ''),
    ('article', 'article', 'text', ''),
    ('barcodes', 'barcodes', 'json', ''),
    ('name', 'name', 'text', 'required'),
    ('path_name', 'pathName', 'text', ''),
    ('sale_price', 'salePrices[0].value', 'kopecks', ''),
    ('buy_price', 'buyPrice.value', 'kopecks', ''),
    ('attributes', 'attributes', 'rows?', attribute),
    ('is_archived', 'archived', 'boolean', ''),
    ('updated_at', 'updated', 'moscow', 'required'),
] %}
{{ staged_documents('moysklad', 'products', contract) }}
