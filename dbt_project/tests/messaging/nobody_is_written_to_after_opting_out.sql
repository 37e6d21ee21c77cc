{{ config(severity='warn') }}
-- An alert, no gate: it describes what the retailer did, not what we computed. Messages of the last 30 days that went to people who had
-- opted out of their channel, topic and brand by then, by campaign; older ones stand in kpi_contact_pressure_daily.
select
    campaign_id,
    channel,
    count(*) as messages,
    min(sent_at) as first_sent_at,
    max(sent_at) as last_sent_at
from {{ ref('messages') }}
where is_after_opt_out and sent_on > {{ days_before_as_of(30) }}
group by campaign_id, channel
