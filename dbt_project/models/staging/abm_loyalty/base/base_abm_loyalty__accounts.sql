{# What stands under `told` is spelled by the vendor; none of these names is documented (ingestion/abm_loyalty/api.py). #}
{% set card = [
    ('card_number', 'number', 'text', ''),
    ('card_status', 'status', 'text', ''),
] %}
{% set contract = [
    ('account_id',     'account',                'text',    'required'),
    ('card_number',    'told.cardNumber',        'text',    ''),
    ('cards',          'told.cards',             'rows',    card),
    ('phone',          'told.phone',             'text',    ''),
    ('email',          'told.email',             'text',    ''),
    ('last_name',      'told.lastName',          'text',    ''),
    ('first_name',     'told.firstName',         'text',    ''),
    ('middle_name',    'told.middleName',        'text',    ''),
    ('birth_date',     'told.birthDate',         'date?',   ''),
    ('raw_sex',        'told.gender',            'text',    ''),
    ('raw_status',     'told.status',            'text',    ''),
    ('enrolled_at',    'told.registrationDate',  'local',   ''),
    ('closed_at',      'told.closeDate',         'local',   ''),
    ('balance',        'told.balance',           'number',  ''),
    ('pending',        'told.pendingBalance',    'number?', ''),
] %}
{{ staged_documents('abm_loyalty', 'accounts', contract, zones=ref('base_abm_loyalty__settings')) }}
