-- The segments that vendors put people in; one row per profile and segment.
with records as (
    {{ canonical_union('segments', [
        'stg_retailcrm__segments',
        'stg_mindbox__segments',
    ]) }}
),

final as (
    select
        source_system || ':' || source_account || ':' || profile_record_id as profile_id,
        records.*
    from records
)

select * from final
