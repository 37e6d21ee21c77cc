-- The answers of a wave that count: of each person the latest to a question, of strangers all.
-- Записи — учитываемые ответы волны: от человека последний на вопрос, от анонимов все.
with answers as (
    select *
    from marts.survey_answers
    where counts_in_wave
),

-- What an item of an index weighs in the wave: its mean importance over all channels and stores, else the usual one of the survey.
items as (
    select
        month,
        survey,
        question,
        coalesce(avg(importance), avg(avg(importance)) over (partition by month, survey), 1) as weight
    from answers
    where survey_type = 'csi'
    group by month, survey, question
),

records as (
    select
        answers.month,
        survey_type,
        answers.survey,
        channel,
        store_id,
        answer_id,
        customer_id,
        answers.question,
        score,
        importance,
        nps_class,
        is_satisfied,
        followed_up_at,
        bought_again_at,
        answered_at + to_days(followup_days) <= as_of as is_followup_due,
        answered_at + to_days(repurchase_days) <= as_of as is_repurchase_due,
        if(survey_type = 'csi' and scale_max > scale_min, 1 + 9 * (score - scale_min) / (scale_max - scale_min), null) as satisfaction,
        if(satisfaction is null, null, weight / count(satisfaction) over (
            partition by answers.month, survey_type, answers.survey, channel, store_id, answers.question
        )) as weight_share
    from answers
    cross join (select max(refreshed_at) as as_of from marts.load_reconciliation)
    cross join (
        select
            max(if(name = 'surveys.detractor_followup_days', cast(value as integer), null)) as followup_days,
            max(if(name = 'surveys.detractor_repurchase_days', cast(value as integer), null)) as repurchase_days
        from marts.parameters
        where name like 'surveys.detractor_%'
    )
    left join items
        on items.month = answers.month and items.survey = answers.survey and items.question is not distinct from answers.question
            and survey_type = 'csi'
)

select
    month,
    survey_type,
    survey,
    channel,
    store_id,
    count(*) as answers,
    count(customer_id) as identified_answers,
    count(*) filter (where nps_class = 'promoter') as promoters,
    count(*) filter (where nps_class = 'passive') as passives,
    count(*) filter (where nps_class = 'detractor') as detractors,
    promoters - detractors as net_promoters,
    count(nps_class) as nps_answers,
    100 * sqrt(greatest((promoters + detractors) / nullif(nps_answers, 0) - (net_promoters / nullif(nps_answers, 0)) ** 2, 0)
        / nullif(nps_answers, 0)) as nps_standard_error,
    nps_standard_error
    * (select cast(value as double) from marts.parameters where name = 'surveys.margin_standard_errors') as nps_margin,
    sum(weight_share * satisfaction) as csi_weighted_scores,
    sum(weight_share) as csi_weights,
    count(is_satisfied) as csat_answers,
    count(*) filter (where is_satisfied) as satisfied_answers,
    count(customer_id) filter (where nps_class = 'detractor') as known_detractors,
    count(customer_id) filter (where nps_class = 'detractor' and is_followup_due) as followup_due_detractors,
    count(followed_up_at) filter (where nps_class = 'detractor' and is_followup_due) as followed_up_detractors,
    count(customer_id) filter (where nps_class = 'detractor' and is_repurchase_due) as repurchase_due_detractors,
    count(bought_again_at) filter (where nps_class = 'detractor' and is_repurchase_due) as repurchased_detractors
from records
group by all
