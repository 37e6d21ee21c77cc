{% set contract = [
    ('refusal',          'refusal',            'text',      'refuse'),
    ('file_name',        'file',               'text',      'required'),
    ('file_modified_at', 'modified_at',        'utc',       'required'),
    ('line_number',      'line',               'integer',   'required'),
    ('operation_id',     'row.operation_id',  'text',      'required'),
    ('account_id',       'row.account_id',    'text',      'required'),
    ('operation_type',   'row.operation_type', 'text',      'required'),
    ('cancels_type',     'row.cancels_type',  'text',      ''),
    ('points',           'row.points',        'number',    'required'),
    ('occurred_at',      'row.occurred_at',   'local',     'required'),
    ('available_on',     'row.available_on',  'open_date', ''),
    ('order_number',     'row.order_number',  'text',      ''),
] %}
{% set is_taken_back = "lower(operation_type) = 'cancelled' and lower(cancels_type)" %}
{% set impossible = [
    ("lower(operation_type) = 'earned' and points < 0", 'points: what is earned comes in and is above zero'),
    ("lower(operation_type) in ('redeemed', 'expired') and points > 0", 'points: what is redeemed or expired goes out and is below zero'),
    (is_taken_back ~ " = 'earned' and points > 0", 'points: what cancels something earned goes out and is below zero'),
    (is_taken_back ~ " in ('redeemed', 'expired') and points < 0",
        'points: what cancels something redeemed or expired comes in and is above zero'),
] %}
{{ staged_documents(
    'file_drop', 'loyalty_operations', contract, zones=ref('base_file_drop__settings'), impossible=impossible
) }}
