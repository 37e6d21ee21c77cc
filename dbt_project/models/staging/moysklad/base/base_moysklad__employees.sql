{% set contract = [
    ('employee_id', 'id', 'text', 'required'),
    ('name', 'name', 'text', ''),
    ('full_name', 'fullName', 'text', ''),
    ('email', 'email', 'text', ''),
    ('phone', 'phone', 'text', ''),
    ('retail_store_href', 'retailStore.meta.href', 'text', ''),
    ('is_archived', 'archived', 'boolean', ''),
] %}
{{ staged_documents('moysklad', 'employees', contract) }}
