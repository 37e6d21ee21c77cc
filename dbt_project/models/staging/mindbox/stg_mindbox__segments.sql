{% set segmentation = [
    ('segmentation_code', 'segmentation.ids.externalId', 'text', ''),
    ('segment_code', 'segment.ids.externalId', 'text', ''),
    ('segment_name', 'segment.name', 'text', ''),
] %}
with

customers as (
    {{ live_documents('mindbox', 'customers') }}
)

select
    p.source_system,
    p.source_account,
    p.customer_id as profile_record_id,
    e.segment_code,
    p.customer_id || ':' || e.segment_code as source_record_id,
    max(e.segment_name) as segment_name
from {{ child_rows('customers', 'segmentations', segmentation) }}
where e.segment_code is not null
group by p.source_system, p.source_account, p.customer_id, e.segment_code
