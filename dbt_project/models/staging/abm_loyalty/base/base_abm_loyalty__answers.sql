{% set contract = [
    ('asked_by',    'type',     'text', 'required'),
    ('result',      'result',   'text', 'required'),
    ('asked_at',    'asked_at', 'utc',  'required'),
    ('account_id',  'account',  'text', ''),
    ('through',     'through',  'utc',  ''),
] %}
{{ staged_documents('abm_loyalty', 'answers', contract) }}
