{% set merged = [
    ('merged_customer_id', 'ids.mindboxId', 'text', 'required'),
] %}
{% set contract = [
    ('customer_id', 'resultingCustomer.ids.mindboxId', 'text', 'required'),
    ('merged_at', 'resultingCustomer.changeDateTimeUtc', 'utc', ''),
    ('merged_customers', 'mergedCustomers', 'rows', merged),
] %}
{{ staged_documents('mindbox', 'customer_merges', contract) }}
