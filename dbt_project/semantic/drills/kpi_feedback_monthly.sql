-- The answers of a wave that count: of each person the latest to a question, of strangers all.
-- Записи — учитываемые ответы волны: от человека последний на вопрос, от анонимов все.
-- apart: csi_weighted_scores, csi_weights: an index weighs each item by its mean importance over all channels and stores of the wave
-- (importance of the same answers), not answer by answer.
with records as (
    select month, survey_type, survey, channel, store_id, answer_id, customer_id, question, score, importance, nps_class, is_satisfied,
        followed_up_at, bought_again_at
    from marts.survey_answers
    where counts_in_wave
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
    count(is_satisfied) as csat_answers,
    count(*) filter (where is_satisfied) as satisfied_answers,
    count(customer_id) filter (where nps_class = 'detractor') as known_detractors,
    count(followed_up_at) filter (where nps_class = 'detractor') as followed_up_detractors,
    count(bought_again_at) filter (where nps_class = 'detractor') as repurchased_detractors
from records
group by all
