with tickets as (
    select * from {{ ref('int_tickets') }}
),

ratings as (
    select
        ticket_id,
        score,
        is_satisfied,
        answered_at,
        answered_on,
        row_number() over (partition by ticket_id order by answered_at desc, answer_id desc) as place
    from {{ ref('int_survey_answers') }}
    where survey_type = 'csat' and ticket_id is not null and is_on_scale
),

final as (
    select
        tickets.ticket_id,
        tickets.source_system,
        tickets.source_account,
        tickets.source_record_id,
        tickets.ticket_number,
        tickets.customer_id,
        tickets.channel,
        tickets.type,
        tickets.priority,
        tickets.status,
        tickets.is_counted,
        tickets.employee_id,
        tickets.order_id,
        tickets.created_at,
        tickets.created_on,
        tickets.is_created_by_agent,
        tickets.first_response_at,
        tickets.first_resolved_at,
        tickets.resolved_at,
        tickets.reopened_count,
        tickets.replies_count,
        tickets.client_comments_count,
        tickets.first_response_minutes,
        tickets.first_response_business_minutes,
        tickets.first_resolution_minutes,
        tickets.first_resolution_business_minutes,
        tickets.resolution_minutes,
        tickets.resolution_business_minutes,
        tickets.requester_wait_minutes,
        tickets.requester_wait_business_minutes,
        tickets.first_response_due_at,
        tickets.resolution_due_at,
        tickets.sla_first_response_met,
        tickets.sla_resolution_met,
        ratings.score as csat_score,
        ratings.is_satisfied as is_csat_satisfied,
        ratings.answered_at as csat_rated_at,
        ratings.answered_on as csat_rated_on,
        tickets.has_bot,
        tickets.is_bot_resolved
    from tickets
    left join ratings
        on tickets.ticket_id = ratings.ticket_id
            and ratings.place = 1
)

select * from final
