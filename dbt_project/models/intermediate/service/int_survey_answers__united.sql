-- Every answer to a survey or a request for a rating; one row per answer and question.
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('survey_answers', [
        'stg_usedesk__survey_answers',
        'stg_file_drop__survey_answers',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as answer_id,
        case
            when profile_record_id is not null
                then source_system || ':' || source_account || ':' || profile_record_id
        end as profile_id,
        case
            when ticket_record_id is not null
                then source_system || ':' || source_account || ':' || ticket_record_id
        end as ticket_id
    from united
)

select * from final
