{% set contract = [
    ('refusal',          'refusal',           'text',    'refuse'),
    ('file_name',        'file',              'text',    'required'),
    ('file_modified_at', 'modified_at',       'utc',     'required'),
    ('line_number',      'line',              'integer', 'required'),
    ('promotion_id',     'row.promotion_id',  'text',    'required'),
    ('promotion_name',   'row.name',          'text',    'required'),
    ('promo_code',       'row.promo_code',    'text',    ''),
    ('discount_type',    'row.discount_type', 'text',    ''),
    ('channel',          'row.channel',       'text',    ''),
    ('starts_on',        'row.starts_on',     'date',    'required'),
    ('ends_on',          'row.ends_on',       'open_date',   ''),
    ('budget',           'row.budget',        'money',   ''),
] %}
{{ staged_documents('file_drop', 'promotions', contract, zones=ref('base_file_drop__settings')) }}
