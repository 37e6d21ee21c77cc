with daily as (
    select
        coalesce(sum(sent), 0) as sent,
        coalesce(sum(delivered), 0) as delivered,
        coalesce(sum(hard_bounced), 0) as hard_bounced,
        coalesce(sum(opened), 0) as opened,
        coalesce(sum(clicked), 0) as clicked
    from {{ ref('kpi_messaging_daily') }}
),

messages as (
    select
        count(*) as sent,
        count(case when is_delivered then 1 end) as delivered,
        count(case when is_hard_bounced then 1 end) as hard_bounced,
        count(case when is_opened then 1 end) as opened,
        count(case when is_clicked then 1 end) as clicked
    from {{ ref('messages') }}
)

select daily.*
from daily
cross join messages
where daily.sent <> messages.sent
    or daily.delivered <> messages.delivered
    or daily.hard_bounced <> messages.hard_bounced
    or daily.opened <> messages.opened
    or daily.clicked <> messages.clicked
