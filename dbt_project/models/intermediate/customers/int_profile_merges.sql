-- Merges that a vendor declares: source_record_id is the record that stays; one row per merged record.
with records as (
    {{ canonical_union('profile_merges', [
        'stg_retailcrm__profile_merges',
        'stg_mindbox__profile_merges',
    ]) }}
),

final as (
    select
        source_system || ':' || source_account || ':' || source_record_id as profile_id,
        records.*
    from records
)

select * from final
