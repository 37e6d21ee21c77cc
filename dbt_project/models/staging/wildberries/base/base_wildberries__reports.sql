{% set contract = [
    ('report_number', 'reportId', 'text', 'required'),
    ('report_from', 'dateFrom', 'date', 'required'),
    ('report_to', 'dateTo', 'date', 'required'),
    ('created_on', 'createDate', 'date?', ''),
    ('report_type', 'reportType', 'text', ''),
    ('currency', 'currency', 'text', ''),
    ('for_pay', 'forPaySum', 'money?', ''),
    ('bank_payment', 'bankPaymentSum', 'money?', ''),
] %}
{{ staged_documents('wildberries', 'reports', contract) }}
