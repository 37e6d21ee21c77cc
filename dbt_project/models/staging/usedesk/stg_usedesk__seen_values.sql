{% set comment = [('author_type', 'from', 'text', '')] %}
with

details as (
    {{ live_documents('usedesk', 'ticket_details') }}
)

select
    p.source_system,
    p.source_account,
    'ticket_details' as resource,
    'ticket_author' as field,
    e.author_type as raw_value,
    count(*) as records
from {{ child_rows('details', 'comments', comment) }}
where e.author_type is not null
group by p.source_system, p.source_account, e.author_type
