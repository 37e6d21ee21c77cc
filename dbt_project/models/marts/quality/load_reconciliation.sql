with

receipts as (
    select * from {{ ref('int_receipts') }}
),

verdicts as (
    select * from {{ ref('int_verdicts') }}
),

rejections as (
    select * from {{ ref('int_rejections') }}
),

published as (
    select *
    from {{ published_table('load_reconciliation') }} as load_reconciliation
    where refresh_id <> {{ refresh_id() }}
),

-- What stands in staging, counted there: the accepted version and the open rejected one of each key.
standing as (
    select source_system, source_account, resource, document_key, version_at, load_id, 1 as staged, 0 as quarantined
    from verdicts
    where is_accepted
    union all
    select source_system, source_account, resource, document_key, version_at, load_id, 0 as staged, 1 as quarantined
    from rejections
    where is_open
),

standing_counts as (
    select source_system, source_account, resource, sum(staged) as staged, sum(quarantined) as quarantined
    from standing
    group by source_system, source_account, resource
),

standing_documents as (
    select distinct source_system, source_account, resource, document_key, version_at, load_id
    from standing
),

-- Versions that retention let go from the lake were received and superseded all the same.
dropped_counts as (
    select source_system, source_account, resource, sum(documents) as dropped
    from ({{ lake_dropped() }}) as dropped
    group by source_system, source_account, resource
),

-- Superseded is what the lake holds and staging does not, found document by document, never by subtraction of totals.
receipt_counts as (
    select
        receipts.source_system,
        receipts.source_account,
        receipts.resource,
        sum(receipts.copies) as received,
        sum(receipts.copies - case when standing_documents.document_key is null then 0 else 1 end) as superseded
    from receipts
    left join standing_documents
        on receipts.source_system = standing_documents.source_system
            and receipts.source_account = standing_documents.source_account
            and receipts.resource = standing_documents.resource
            and receipts.document_key = standing_documents.document_key
            and receipts.version_at = standing_documents.version_at
            and receipts.load_id = standing_documents.load_id
    group by receipts.source_system, receipts.source_account, receipts.resource
),

received_keys as (
    select source_system, source_account, resource, document_key, max(version_at) as newest_at
    from receipts
    group by source_system, source_account, resource, document_key
),

staged_keys as (
    select source_system, source_account, resource, document_key, max(version_at) as newest_at
    from verdicts
    group by source_system, source_account, resource, document_key
),

key_counts as (
    select
        received_keys.source_system,
        received_keys.source_account,
        received_keys.resource,
        sum(case when staged_keys.document_key is null then 1 else 0 end) as lost_keys,
        sum(case when staged_keys.newest_at < received_keys.newest_at then 1 else 0 end) as stale_keys
    from received_keys
    left join staged_keys
        on received_keys.source_system = staged_keys.source_system
            and received_keys.source_account = staged_keys.source_account
            and received_keys.resource = staged_keys.resource
            and received_keys.document_key = staged_keys.document_key
    group by received_keys.source_system, received_keys.source_account, received_keys.resource
),

every_resource as (
    select source_system, source_account, resource from receipt_counts
    union
    select source_system, source_account, resource from standing_counts
),

received_before as (
    select
        source_system,
        source_account,
        resource,
        received,
        row_number() over (
            partition by source_system, source_account, resource order by refreshed_at desc, received desc
        ) as age
    from published
),

this_refresh as (
    select
        every_resource.source_system,
        every_resource.source_account,
        every_resource.resource,
        {{ refresh_id() }} as refresh_id,
        {{ as_of() }} as refreshed_at,
        coalesce(receipt_counts.received, 0) + coalesce(dropped_counts.dropped, 0) as received,
        coalesce(receipt_counts.received, 0) + coalesce(dropped_counts.dropped, 0)
        - coalesce(received_before.received, 0) as newly_received,
        coalesce(standing_counts.staged, 0) as staged,
        coalesce(receipt_counts.superseded, 0) + coalesce(dropped_counts.dropped, 0) as superseded,
        coalesce(standing_counts.quarantined, 0) as quarantined,
        coalesce(key_counts.lost_keys, 0) as lost_keys,
        coalesce(key_counts.stale_keys, 0) as stale_keys
    from every_resource
    left join receipt_counts
        on every_resource.source_system = receipt_counts.source_system
            and every_resource.source_account = receipt_counts.source_account
            and every_resource.resource = receipt_counts.resource
    left join standing_counts
        on every_resource.source_system = standing_counts.source_system
            and every_resource.source_account = standing_counts.source_account
            and every_resource.resource = standing_counts.resource
    left join key_counts
        on every_resource.source_system = key_counts.source_system
            and every_resource.source_account = key_counts.source_account
            and every_resource.resource = key_counts.resource
    left join dropped_counts
        on every_resource.source_system = dropped_counts.source_system
            and every_resource.source_account = dropped_counts.source_account
            and every_resource.resource = dropped_counts.resource
    left join received_before
        on every_resource.source_system = received_before.source_system
            and every_resource.source_account = received_before.source_account
            and every_resource.resource = received_before.resource
            and received_before.age = 1
),

final as (
    select
        source_system, source_account, resource, refresh_id, refreshed_at, received, newly_received, staged, superseded,
        quarantined, lost_keys, stale_keys,
        received = staged + superseded + quarantined and lost_keys = 0 and stale_keys = 0 as is_balanced
    from this_refresh
    union all
    select
        source_system, source_account, resource, refresh_id, refreshed_at, received, newly_received, staged, superseded,
        quarantined, lost_keys, stale_keys, is_balanced
    from published
)

select
    cast(source_system as {{ dbt.type_string() }}) as source_system,
    cast(source_account as {{ dbt.type_string() }}) as source_account,
    cast(resource as {{ dbt.type_string() }}) as resource,
    cast(refresh_id as {{ dbt.type_string() }}) as refresh_id,
    cast(refreshed_at as timestamp) as refreshed_at,
    cast(received as {{ dbt.type_bigint() }}) as received,
    cast(newly_received as {{ dbt.type_bigint() }}) as newly_received,
    cast(staged as {{ dbt.type_bigint() }}) as staged,
    cast(superseded as {{ dbt.type_bigint() }}) as superseded,
    cast(quarantined as {{ dbt.type_bigint() }}) as quarantined,
    cast(lost_keys as {{ dbt.type_bigint() }}) as lost_keys,
    cast(stale_keys as {{ dbt.type_bigint() }}) as stale_keys,
    cast(is_balanced as {{ dbt.type_boolean() }}) as is_balanced
from final
