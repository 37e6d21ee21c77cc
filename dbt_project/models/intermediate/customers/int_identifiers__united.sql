-- Identifiers of the profiles as the vendors write them; one row per profile, identifier and spelling.
with records as (
    {{ canonical_union('identifiers', [
        'stg_retailcrm__identifiers',
        'stg_moysklad__identifiers',
        'stg_one_c__identifiers',
        'stg_mindbox__identifiers',
        'stg_usedesk__identifiers',
        'stg_calltouch__identifiers',
        'stg_abm_loyalty__identifiers',
        'stg_file_drop__identifiers',
    ]) }}
),

final as (
    select
        source_system || ':' || source_account || ':' || source_record_id as profile_id,
        records.*
    from records
)

select * from final
