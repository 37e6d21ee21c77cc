{%- set fewest = 20 -%}  {#- documents: fewer prove neither that a field is new nor that it is gone -#}
{%- set always = 0.95 -%}
with

fields as (
    select * from {{ ref('int_vendor_fields') }}
),

lists as (
    select source_system, resource, max(documents) as documents, max(last_seen_at) as last_asked_at
    from fields
    where field_path = ''
    group by source_system, resource
),

-- A path whatever its type; null says nothing of the type, and a field that is null in every document is as good as gone.
paths as (
    select
        source_system,
        resource,
        field_path,
        min(documents_before) as documents_before,
        sum(case when field_type = 'null' then 0 else documents end) as documents_filled,
        min(case when field_type <> 'null' then documents_before end) as documents_before_filled,
        min(case when field_type <> 'null' then documents_missed end) as documents_missed,
        max(case when field_type <> 'null' then last_seen_at end) as last_filled_at
    from fields
    where field_path <> ''
    group by source_system, resource, field_path
),

changes as (
    select
        paths.source_system,
        paths.resource,
        paths.field_path,
        paths.documents_before_filled,
        paths.documents_missed,
        paths.documents_filled,
        cast(paths.documents_filled as double) / nullif(lists.documents - paths.documents_before, 0) as documents_share,
        paths.field_path not like '%*%' and paths.documents_before >= {{ fewest }} as is_added,
        paths.field_path not like '%*%'
        and paths.documents_filled >= {{ fewest }}
        and paths.documents_missed >= {{ fewest }}
        and paths.documents_filled >= {{ always }} * (lists.documents - paths.documents_before_filled - paths.documents_missed)
        and {{ dbt.dateadd('day', rule('vendors.field_missed_days'), 'paths.last_filled_at') }} <= lists.last_asked_at as is_vanished
    from paths
    inner join lists
        on paths.source_system = lists.source_system
            and paths.resource = lists.resource
),

-- What stands in a new or a vanished object is told by the object.
within as (
    select distinct inner_field.source_system, inner_field.resource, inner_field.field_path
    from changes as inner_field
    inner join changes as outer_field
        on inner_field.source_system = outer_field.source_system
            and inner_field.resource = outer_field.resource
            and left(inner_field.field_path, length(outer_field.field_path) + 1)
            in (outer_field.field_path || '.', outer_field.field_path || '[')
            and (
                (inner_field.is_added and outer_field.is_added)
                or (inner_field.is_vanished and outer_field.is_vanished)
            )
    where (inner_field.is_added or inner_field.is_vanished) and (outer_field.is_added or outer_field.is_vanished)
),

-- A contract reads a field, the whole that it stands in, or something in it.
reads as (
    select distinct changes.source_system, changes.resource, changes.field_path
    from changes
    inner join {{ ref('int_contract_fields') }} as contracts
        on changes.source_system = contracts.source_system
            and changes.resource = contracts.resource
            and (
                changes.field_path = contracts.field_path
                or left(contracts.field_path, length(changes.field_path) + 1) in (changes.field_path || '.', changes.field_path || '[')
                or (
                    contracts.is_whole
                    and left(changes.field_path, length(contracts.field_path) + 1)
                    in (contracts.field_path || '.', contracts.field_path || '[')
                )
            )
),

judged as (
    select
        fields.source_system,
        fields.resource,
        fields.field_path,
        fields.field_type,
        changes.documents_share,
        fields.first_seen_at,
        fields.last_seen_at,
        fields.first_load_id,
        reads.field_path is not null as is_read_by_us,
        within.field_path is not null as is_within_another,
        case
            when fields.field_type = 'null' and changes.documents_filled > 0 then null
            when changes.is_vanished then 'vanished'
            when changes.is_added then 'added'
            when
                fields.documents_before >= {{ fewest }}
                and fields.documents_before > changes.documents_before_filled
                and fields.field_type <> 'mixed'
                and fields.field_path not like '%*%'
                then 'retyped'
        end as change
    from fields
    inner join changes
        on fields.source_system = changes.source_system
            and fields.resource = changes.resource
            and fields.field_path = changes.field_path
    left join within
        on fields.source_system = within.source_system
            and fields.resource = within.resource
            and fields.field_path = within.field_path
    left join reads
        on fields.source_system = reads.source_system
            and fields.resource = reads.resource
            and fields.field_path = reads.field_path
)

select
    source_system,
    resource,
    field_path,
    field_type,
    documents_share,
    first_seen_at,
    last_seen_at,
    first_load_id,
    is_read_by_us,
    case when not is_within_another then change end as change
from judged
