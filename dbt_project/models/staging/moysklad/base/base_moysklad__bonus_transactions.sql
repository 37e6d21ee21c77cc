{% set contract = [
    ('bonus_transaction_id', 'id', 'text', 'required'),
    ('external_code', 'externalCode', 'text', ''),
    ('agent_href', 'agent.meta.href', 'text', 'required'),
    ('bonus_program_href', 'bonusProgram.meta.href', 'text', ''),
    ('bonus_value', 'bonusValue', 'integer', 'required'),
    ('transaction_type', 'transactionType', 'text', 'required'),
    ('transaction_status', 'transactionStatus', 'text', ''),
    ('category_type', 'categoryType', 'text', ''),
    ('moment', 'moment', 'moscow', ''),
    ('execution_on', 'executionDate', 'date?', ''),
    ('parent_type', 'parentDocument.meta.type', 'text', ''),
    ('parent_href', 'parentDocument.meta.href', 'text', ''),
    ('is_applicable', 'applicable', 'boolean', ''),
    ('created_at', 'created', 'moscow', 'required'),
    ('updated_at', 'updated', 'moscow', 'required'),
] %}
{# the direction stands in the type #}
{{ staged_documents(
    'moysklad', 'bonus_transactions', contract, impossible=[('bonus_value < 0', 'bonus_value: below zero')]
) }}
