with

rejections as (
    select * from {{ ref('int_rejections') }}
),

verdicts as (
    select * from {{ ref('int_verdicts') }}
),

published as (
    select * from {{ published_table('quarantine') }} as quarantine
),

set_aside as (
    select
        source_system,
        source_account,
        resource,
        document_key as source_record_id,
        problem as reason,
        problem_column as column_name,
        {{ keyed_hash('rejected_payload') }} as payload_hash,
        version_at,
        load_id,
        loaded_at as rejected_at,
        case when is_open then 'open' else 'replayed' end as status
    from rejections
),

-- A rule that was mended restages its model from the lake, and what it had rejected is gone from there: the last
-- publication remembers it, for as long as a version as new or newer is accepted.
replayed_since as (
    select
        published.source_system,
        published.source_account,
        published.resource,
        published.source_record_id,
        published.reason,
        published.column_name,
        published.payload_hash,
        published.version_at,
        published.load_id,
        published.rejected_at,
        'replayed' as status
    from published
    inner join verdicts
        on published.source_system = verdicts.source_system
            and published.source_account = verdicts.source_account
            and published.resource = verdicts.resource
            and published.source_record_id = verdicts.document_key
            and verdicts.is_accepted
            and verdicts.version_at >= published.version_at
    left join rejections
        on published.source_system = rejections.source_system
            and published.source_account = rejections.source_account
            and published.resource = rejections.resource
            and published.source_record_id = rejections.document_key
            and published.version_at = rejections.version_at
            and published.load_id = rejections.load_id
    where rejections.document_key is null
),

final as (
    select * from set_aside
    union all
    select * from replayed_since
)

select
    cast(source_system as {{ dbt.type_string() }}) as source_system,
    cast(source_account as {{ dbt.type_string() }}) as source_account,
    cast(resource as {{ dbt.type_string() }}) as resource,
    cast(source_record_id as {{ dbt.type_string() }}) as source_record_id,
    cast(reason as {{ dbt.type_string() }}) as reason,
    cast(column_name as {{ dbt.type_string() }}) as column_name,
    cast(payload_hash as {{ dbt.type_string() }}) as payload_hash,
    cast(version_at as timestamp) as version_at,
    cast(load_id as {{ dbt.type_string() }}) as load_id,
    cast(rejected_at as timestamp) as rejected_at,
    cast(status as {{ dbt.type_string() }}) as status
from final
