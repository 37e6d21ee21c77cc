{% set contract = [
    ('product_folder_id', 'id', 'text', 'required'),
    ('name', 'name', 'text', 'required'),
    ('path_name', 'pathName', 'text', ''),
    ('is_archived', 'archived', 'boolean', ''),
] %}
{{ staged_documents('moysklad', 'product_folders', contract) }}
