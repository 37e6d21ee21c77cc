with

answers_ranked as (
    select
        *,
        row_number() over (
            partition by source_account, answer_id, question
            order by file_modified_at desc, file_name desc, line_number desc
        ) as answer_age
    from ({{ live_documents('file_drop', 'survey_answers') }}) as documents
)

select
    source_system,
    source_account,
    answer_id || coalesce(':' || question, '') as source_record_id,
    lower(survey_type) as survey_type,
    survey_name,
    lower(channel) as raw_channel,
    question,
    score,
    coalesce(scale_min, case lower(survey_type) when 'nps' then 0 else 1 end) as scale_min,
    coalesce(scale_max, case lower(survey_type) when 'csat' then 5 else 10 end) as scale_max,
    importance,
    comment_text as comment,
    answered_at,
    email as contact_email,
    phone as contact_phone,
    order_number,
    store_code as store_reference
from answers_ranked
where answer_age = 1
