{% set contract = [
    ('refusal',   'refusal', 'text', 'refuse'),
    ('file_name', 'file',    'text', 'required'),
] %}
{{ staged_documents('file_drop', 'strays', contract) }}
