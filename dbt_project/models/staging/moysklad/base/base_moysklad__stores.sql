{% set attribute = [
    ('name', 'name', 'text', 'required'),
    ('value', 'value', 'text', ''),
] %}
{% set contract = [
    ('store_id', 'id', 'text', 'required'),
    ('external_code', 'externalCode', 'text', ''),
    ('name', 'name', 'text', 'required'),
    ('address', 'address', 'text', ''),
    ('city', 'addressFull.city', 'text', ''),
    ('path_name', 'pathName', 'text', ''),
    ('attributes', 'attributes', 'rows?', attribute),
    ('is_archived', 'archived', 'boolean', ''),
] %}
{{ staged_documents('moysklad', 'stores', contract) }}
