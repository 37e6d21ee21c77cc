{# What stands under `told` is spelled by the vendor; none of these names is documented (ingestion/abm_loyalty/api.py). #}
{% set contract = [
    ('account_id',   'account',             'text',   'required'),
    ('raw_type',     'told.type',           'text',   'required'),
    ('amount',       'told.amount',         'number', 'required'),
    ('occurred_at',  'told.date',           'local',  'required'),
    ('available_on', 'told.activationDate', 'date?',  ''),
    ('order_number', 'told.checkNumber',    'text',   ''),
] %}
{{ staged_documents('abm_loyalty', 'operations', contract, zones=ref('base_abm_loyalty__settings')) }}
