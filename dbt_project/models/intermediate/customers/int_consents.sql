-- What people agreed to, as each vendor states it; one row per profile, channel, topic, contact point and change.
with records as (
    {{ canonical_union('consents', [
        'stg_retailcrm__consents',
        'stg_mindbox__consents',
    ]) }}
),

final as (
    select
        source_system || ':' || source_account || ':' || source_record_id as profile_id,
        records.*
    from records
)

select * from final
