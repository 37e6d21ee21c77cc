-- What ties a browser, an app or a telephone's Wi-Fi to a person; one row per device and piece of evidence.
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('device_evidence', [
        'stg_yandex_metrica__device_evidence',
        'stg_file_drop__device_evidence',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as evidence_id,
        case
            when session_record_id is not null
                then source_system || ':' || source_account || ':' || session_record_id
        end as session_id
    from united
)

select * from final
