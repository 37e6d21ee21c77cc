-- Every web and app session as each system tells it; a table, since half of this room reads it. One row per system's session.
with united as (
    {{ canonical_union('sessions', [
        'stg_mindbox__sessions',
        'stg_yandex_metrica__sessions',
        'stg_file_drop__sessions',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as session_id,
        case
            when profile_record_id is not null
                then source_system || ':' || source_account || ':' || profile_record_id
        end as profile_id
    from united
)

select * from final
