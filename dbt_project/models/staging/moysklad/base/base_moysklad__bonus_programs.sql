{% set contract = [
    ('bonus_program_id', 'id', 'text', 'required'),
    ('name', 'name', 'text', ''),
    ('is_active', 'active', 'boolean', ''),
    ('points_per_rouble', 'spendRatePointsToRouble', 'integer', ''),
] %}
{{ staged_documents('moysklad', 'bonus_programs', contract) }}
