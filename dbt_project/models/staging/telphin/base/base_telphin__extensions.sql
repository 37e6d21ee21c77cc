{% set contract = [
    ('extension_id', 'id', 'text', 'required'),
    ('name', 'name', 'text', 'required'),
    ('kind', 'type', 'text', ''),
    ('status', 'status', 'text', ''),
    ('label', 'label', 'text', ''),
] %}
{{ staged_documents('telphin', 'extensions', contract) }}
