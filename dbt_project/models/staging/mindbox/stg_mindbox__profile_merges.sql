{% set merged = [
    ('merged_customer_id', 'ids.mindboxId', 'text', 'required'),
] %}
with

customer_merges as (
    {{ live_documents('mindbox', 'customer_merges') }}
)

select
    p.source_system,
    p.source_account,
    p.customer_id as source_record_id,
    e.merged_customer_id as merged_record_id,
    max(p.merged_at) as merged_at
from {{ child_rows('customer_merges', 'merged_customers', merged) }}
where e.merged_customer_id <> p.customer_id
group by p.source_system, p.source_account, p.customer_id, e.merged_customer_id
