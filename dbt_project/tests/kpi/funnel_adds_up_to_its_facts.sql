-- The funnel holds every session, counted order and answer once in its stage.
with told as (
    select
        sum(case when stage = 'acquisition' then sessions end) as sessions,
        sum(case when stage = 'purchase' then orders end) as orders,
        sum(answers) as answers
    from {{ ref('kpi_funnel_daily') }}
),

facts as (
    select
        (select count(*) from {{ ref('sessions') }}) as sessions,
        (select coalesce(sum(receipts_count), 0) from {{ ref('orders') }} where is_counted) as orders,
        (select count(*) from {{ ref('survey_answers') }} where question is null)
        + (
            select count(*)
            from (
                select distinct survey, channel, store_id, customer_id, answered_at
                from {{ ref('survey_answers') }}
                where question is not null
            ) as questionnaires
        ) as answers
)

select told.*, facts.*
from told
cross join facts
where coalesce(told.sessions, 0) <> facts.sessions
    or coalesce(told.orders, 0) <> facts.orders
    or coalesce(told.answers, 0) <> facts.answers
