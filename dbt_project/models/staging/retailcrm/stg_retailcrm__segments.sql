{% set segment = [
    ('segment_code', 'code', 'text', ''),
    ('segment_name', 'name', 'text', ''),
] %}

with

customers as (
    {{ live_documents('retailcrm', 'customers') }}
),

catalogue as (
    {{ live_documents('retailcrm', 'segments') }}
),

members as (
    select
        p.source_system,
        p.source_account,
        p.customer_id,
        e.segment_code,
        max(e.segment_name) as segment_name
    from {{ child_rows('customers', 'segments', segment) }}
    group by p.source_system, p.source_account, p.customer_id, e.segment_code
),

final as (
    select
        members.source_system,
        members.source_account,
        members.customer_id || ':' || members.segment_code as source_record_id,
        members.customer_id as profile_record_id,
        members.segment_code,
        coalesce(catalogue.name, members.segment_name) as segment_name
    from members
    left join catalogue
        on members.source_account = catalogue.source_account
            and members.segment_code = catalogue.code
)

select * from final
