-- Every answer with its customer, order, store and ticket, what it counts as, and what followed a bad one. A person's answers
-- to one question of a survey count once a month, the latest; an answer by nobody known counts for itself. One row per answer
-- and question.
{% set top_scores = rule('surveys.csat_top_scores_by_scale_points') %}
{% set top_scores = top_scores if top_scores is mapping else {} %}

with records as (
    select * from {{ ref('int_survey_answers__united') }}
),

customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

tickets as (
    select * from {{ ref('int_tickets') }}
),

calls as (
    select * from {{ ref('int_calls') }}
),

orders as (
    select * from {{ ref('int_orders') }}
),

stores as (
    select record_key, store_id from {{ ref('int_store_records') }}
),

told as (
    select
        records.*,
        coalesce(customer_of_profile.customer_id, {{ contact_customer() }}, tickets.customer_id) as known_customer_id,
        tickets.order_id as ticket_order_id,
        {{ mapped_value('survey_channel') }} as channel,
        {{ referenced_id('store') }} as named_store_id
    from records
    left join customer_of_profile on records.profile_id = customer_of_profile.profile_id
    left join tickets on records.ticket_id = tickets.ticket_id
    {{ contact_owner(phone='records.contact_phone', email='records.contact_email') }}
    {{ mapped('survey_channel', 'records.source_system', 'records.raw_channel') }}
    {{ referenced('store', 'records.source_system', 'records.store_reference') }}
),

named as (
    {{ orders_named('told', 'answer_id', 'order_number', 'known_customer_id') }}
),

answers as (
    select
        told.answer_id,
        told.source_system,
        told.source_account,
        told.source_record_id,
        coalesce(told.known_customer_id, orders.customer_id) as customer_id,
        told.survey_type,
        coalesce(told.survey_name, told.survey_type) as survey,
        told.channel,
        told.question,
        told.score,
        told.scale_min,
        told.scale_max,
        told.importance,
        told.comment,
        told.answered_at,
        {{ business_date('told.answered_at') }} as answered_on,
        orders.order_id,
        coalesce(told.named_store_id, stores.store_id) as store_id,
        told.ticket_id,
        coalesce(told.score between told.scale_min and told.scale_max, false) as is_on_scale
    from told
    left join named on told.answer_id = named.answer_id
    left join orders on coalesce(named.order_id, told.ticket_order_id) = orders.order_id
    left join stores on orders.store_key = stores.record_key
),

tops as (
    select 0 as points, 0 as top_scores
    {%- for points, top in top_scores.items() %}
    union all
    select {{ points }} as points, {{ top }} as top_scores
    {%- endfor %}
),

classed as (
    select
        answers.*,
        cast({{ dbt.date_trunc('month', 'answers.answered_on') }} as date) as month,
        case
            when answers.survey_type <> 'nps' or not answers.is_on_scale then null
            when answers.score > answers.scale_max - {{ rule('surveys.promoters_top_scores') }} then 'promoter'
            when answers.score <= {{ rule('surveys.detractors_up_to') }} then 'detractor'
            else 'passive'
        end as nps_class,
        case
            when answers.survey_type = 'csat' and answers.is_on_scale
                then answers.score > answers.scale_max - coalesce(tops.top_scores, {{ rule('surveys.csat_top_scores') }})
        end as is_satisfied
    from answers
    left join tops on answers.scale_max - answers.scale_min + 1 = tops.points
),

counted as (
    select
        classed.*,
        is_on_scale and row_number() over (
            partition by
                coalesce(customer_id, answer_id), survey_type, survey, coalesce(question, ''), month, is_on_scale
            order by answered_at desc, answer_id desc
        ) = 1 as counts_in_wave
    from classed
),

detractors as (
    select answer_id, customer_id, answered_at
    from counted
    where nps_class = 'detractor' and customer_id is not null
),

{# the retailer's word: a customer who complains once more was not asked what went wrong #}
contacts as (
    select customer_id, ticket_id as contact_id, 'ticket' as kind, created_at as happened_at
    from tickets
    where is_counted and is_created_by_agent and customer_id is not null

    union all

    select customer_id, call_id as contact_id, 'call' as kind, started_at as happened_at
    from calls
    where is_answered and direction = 'out' and customer_id is not null
),

followed as (
    select
        detractors.answer_id,
        contacts.contact_id,
        contacts.kind,
        contacts.happened_at,
        row_number() over (
            partition by detractors.answer_id order by contacts.happened_at, contacts.contact_id
        ) as place
    from detractors
    inner join contacts
        on detractors.customer_id = contacts.customer_id
            and contacts.happened_at > detractors.answered_at
            and contacts.happened_at
            <= {{ dbt.dateadd('day', rule('surveys.detractor_followup_days'), 'detractors.answered_at') }}
),

bought as (
    select detractors.answer_id, min(orders.ordered_at) as bought_again_at
    from detractors
    inner join orders
        on detractors.customer_id = orders.customer_id
            and orders.is_counted
            and orders.ordered_at > detractors.answered_at
            and orders.ordered_at
            <= {{ dbt.dateadd('day', rule('surveys.detractor_repurchase_days'), 'detractors.answered_at') }}
    group by detractors.answer_id
),

final as (
    select
        counted.*,
        case when followed.kind = 'ticket' then followed.contact_id end as followup_ticket_id,
        case when followed.kind = 'call' then followed.contact_id end as followup_call_id,
        followed.kind as followup_kind,
        followed.happened_at as followed_up_at,
        bought.bought_again_at
    from counted
    left join followed
        on counted.answer_id = followed.answer_id
            and followed.place = 1
    left join bought on counted.answer_id = bought.answer_id
)

select * from final
