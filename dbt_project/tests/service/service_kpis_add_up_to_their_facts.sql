-- What the KPI marts count is what the facts hold, no more and no less.
with daily as (
    select
        coalesce(sum(tickets_created), 0) as tickets_created,
        coalesce(sum(sla_targets_due), 0) as sla_targets_due,
        coalesce(sum(sla_targets_met), 0) as sla_targets_met,
        coalesce(sum(csat_answers), 0) as csat_answers,
        coalesce(sum(bot_tickets), 0) as bot_tickets,
        coalesce(sum(order_contacts), 0) as order_contacts
    from {{ ref('kpi_service_daily') }}
),

tickets as (
    select
        count(*) as tickets_created,
        count(tickets.sla_first_response_met) + count(tickets.sla_resolution_met) as sla_targets_due,
        count(case when tickets.sla_first_response_met then 1 end)
        + count(case when tickets.sla_resolution_met then 1 end) as sla_targets_met,
        count(tickets.csat_score) as csat_answers,
        count(case when tickets.has_bot then 1 end) as bot_tickets,
        count(
            case
                when not tickets.is_created_by_agent
                    and orders.ordered_at <= tickets.created_at
                    and orders.sales_channel <> 'marketplace'
                    then 1
            end
        ) as order_contacts
    from {{ ref('tickets') }} as tickets
    left join {{ ref('orders') }} as orders on tickets.order_id = orders.order_id
    where tickets.is_counted
),

{# within one channel and priority the days hold every order once #}
cells as (
    select min(orders_of_day) as fewest_orders, max(orders_of_day) as most_orders
    from (
        select channel, priority, sum(orders_of_day) as orders_of_day
        from {{ ref('kpi_service_daily') }}
        group by channel, priority
    ) as sums
),

orders as (
    select coalesce(sum(receipts_count), 0) as orders
    from {{ ref('orders') }}
    where is_counted and sales_channel <> 'marketplace'
),

telephone as (
    select
        coalesce(sum(coalesce(offered, outbound_calls) + ivr_only), 0) as calls,
        coalesce(sum(missed_called_back), 0) as called_back
    from {{ ref('kpi_calls_daily') }}
),

calls as (
    select
        count(case when calls.direction in ('in', 'out') then 1 end) as calls,
        count(case when calls.is_called_back then 1 end) as called_back,
        count(case when calls.is_about_order and coalesce(orders.sales_channel, '') <> 'marketplace' then 1 end) as about_orders
    from {{ ref('calls') }} as calls
    left join {{ ref('orders') }} as orders on calls.order_id = orders.order_id
),

monthly as (
    select
        coalesce(sum(answers), 0) as answers,
        coalesce(sum(detractors), 0) as detractors,
        coalesce(sum(followed_up_detractors), 0) as followed_up
    from {{ ref('kpi_feedback_monthly') }}
),

answers as (
    select
        count(*) as answers,
        count(case when nps_class = 'detractor' then 1 end) as detractors,
        count(
            case
                when {{ dbt.dateadd('day', rule('surveys.detractor_followup_days'), 'answered_at') }} <= {{ as_of() }}
                    then coalesce(followup_ticket_id, followup_call_id)
            end
        ) as followed_up
    from {{ ref('survey_answers') }}
    where counts_in_wave
),

final as (
    select daily.*
    from daily
    cross join tickets
    cross join cells
    cross join orders
    cross join telephone
    cross join calls
    cross join monthly
    cross join answers
    where daily.tickets_created <> tickets.tickets_created
        or daily.sla_targets_due <> tickets.sla_targets_due
        or daily.sla_targets_met <> tickets.sla_targets_met
        or daily.csat_answers <> tickets.csat_answers
        or daily.bot_tickets <> tickets.bot_tickets
        or daily.order_contacts <> tickets.order_contacts + calls.about_orders
        or cells.fewest_orders <> orders.orders
        or cells.most_orders <> orders.orders
        or telephone.calls <> calls.calls
        or telephone.called_back <> calls.called_back
        or monthly.answers <> answers.answers
        or monthly.detractors <> answers.detractors
        or monthly.followed_up <> answers.followed_up
)

select * from final
