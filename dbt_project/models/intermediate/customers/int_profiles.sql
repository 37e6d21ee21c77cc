-- Every vendor's record of a person, company or placeholder; one row per vendor profile.
with records as (
    {{ canonical_union('profiles', [
        'stg_retailcrm__profiles',
        'stg_moysklad__profiles',
        'stg_one_c__profiles',
        'stg_mindbox__profiles',
        'stg_usedesk__profiles',
        'stg_calltouch__profiles',
        'stg_abm_loyalty__profiles',
        'stg_file_drop__profiles',
    ]) }}
),

final as (
    select
        source_system || ':' || source_account || ':' || source_record_id as profile_id,
        records.*
    from records
)

select * from final
