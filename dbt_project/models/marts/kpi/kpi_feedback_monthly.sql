-- A wave is a month. Of each person the latest answer to a question counts; who is not known counts each time. An index (csi)
-- is the mean of its items, each weighed by what the answers of the same wave say of its importance, so that neither a later wave
-- nor a question that more people answered moves it. What a detractor got and did is told of those whose days for it are over.
with answers as (
    select
        *,
        {{ dbt.dateadd('day', rule('surveys.detractor_followup_days'), 'answered_at') }} <= {{ as_of() }} as is_followup_due,
        {{ dbt.dateadd('day', rule('surveys.detractor_repurchase_days'), 'answered_at') }} <= {{ as_of() }} as is_repurchase_due
    from {{ ref('survey_answers') }}
    where counts_in_wave
),

weights as (
    select
        month,
        survey,
        question,
        avg(avg(importance)) over (partition by month, survey) as usual_importance,
        avg(importance) as importance
    from answers
    where survey_type = 'csi'
    group by month, survey, question
),

weighed as (
    select
        answers.*,
        case when answers.survey_type = 'csi' then coalesce(weights.importance, weights.usual_importance, 1) end as weight,
        case
            when answers.survey_type = 'csi' and answers.scale_max > answers.scale_min
                then 1 + 9 * (answers.score - answers.scale_min) / (answers.scale_max - answers.scale_min)
        end as satisfaction
    from answers
    left join weights
        on answers.survey_type = 'csi'
            and answers.month = weights.month
            and answers.survey = weights.survey
            and coalesce(answers.question, '') = coalesce(weights.question, '')
),

{# an item's mean has its weight once: each of its answers in the cell has that part of it #}
shared as (
    select
        weighed.*,
        case
            when satisfaction is not null
                then weight / count(satisfaction) over (partition by month, survey_type, survey, channel, store_id, question)
        end as weight_share
    from weighed
),

counted as (
    select
        month,
        survey_type,
        survey,
        channel,
        store_id,
        count(*) as answers,
        count(customer_id) as identified_answers,
        count(case when nps_class = 'promoter' then 1 end) as promoters,
        count(case when nps_class = 'passive' then 1 end) as passives,
        count(case when nps_class = 'detractor' then 1 end) as detractors,
        count(nps_class) as nps_answers,
        count(is_satisfied) as csat_answers,
        count(case when is_satisfied then 1 end) as satisfied_answers,
        cast(sum(weight_share * satisfaction) as double) as csi_weighted_scores,
        cast(sum(weight_share) as double) as csi_weights,
        count(case when nps_class = 'detractor' then customer_id end) as known_detractors,
        count(case when nps_class = 'detractor' and is_followup_due then customer_id end) as followup_due_detractors,
        count(case when nps_class = 'detractor' and is_followup_due then followed_up_at end) as followed_up_detractors,
        count(case when nps_class = 'detractor' and is_repurchase_due then customer_id end) as repurchase_due_detractors,
        count(case when nps_class = 'detractor' and is_repurchase_due then bought_again_at end) as repurchased_detractors
    from shared
    group by month, survey_type, survey, channel, store_id
),

shares as (
    select
        *,
        promoters - detractors as net_promoters,
        {{ ratio('promoters', 'nps_answers') }} as promoters_share,
        {{ ratio('detractors', 'nps_answers') }} as detractors_share
    from counted
),

measured as (
    select
        *,
        sqrt(
            greatest(
                promoters_share + detractors_share
                - (promoters_share - detractors_share) * (promoters_share - detractors_share),
                0
            ) / nullif(nps_answers, 0)
        ) as nps_error
    from shares
),

final as (
    select
        month,
        survey_type,
        survey,
        channel,
        store_id,
        answers,
        identified_answers,
        nps_answers,
        promoters,
        passives,
        detractors,
        net_promoters,
        100 * {{ ratio('net_promoters', 'nps_answers') }} as nps,
        100 * nps_error as nps_standard_error,
        100 * {{ rule('surveys.margin_standard_errors') }} * nps_error as nps_margin,
        csat_answers,
        satisfied_answers,
        {{ ratio('satisfied_answers', 'csat_answers') }} as csat,
        csi_weighted_scores,
        csi_weights,
        10 * {{ ratio('csi_weighted_scores', 'csi_weights') }} as csi,
        known_detractors,
        followup_due_detractors,
        followed_up_detractors,
        {{ ratio('followed_up_detractors', 'followup_due_detractors') }} as detractor_followup_share,
        repurchase_due_detractors,
        repurchased_detractors,
        {{ ratio('repurchased_detractors', 'repurchase_due_detractors') }} as detractor_repurchase_share
    from measured
)

select * from final
