-- Campaigns that only their costs and links name: those whose utm_campaign (or name, where costs give no link) belongs to
-- no campaign of a vendor. One row per utm_campaign or name.
with costs as (
    select
        *,
        lower(trim(coalesce(utm_campaign, campaign_name))) as campaign_word
    from {{ ref('int_channel_costs__united') }}
),

sent as (
    select distinct lower(trim(utm_campaign)) as campaign_word
    from {{ ref('int_campaigns') }}
    where utm_campaign is not null
),

final as (
    select
        'campaign:' || costs.campaign_word as campaign_id,
        costs.campaign_word,
        min(costs.source_system) as source_system,
        min(costs.source_account) as source_account,
        coalesce(min(costs.campaign_name), costs.campaign_word) as name,
        case when min(costs.raw_channel) = max(costs.raw_channel) then min(costs.raw_channel) end as raw_channel,
        min(costs.utm_campaign) as utm_campaign,
        min(costs.cost_on) as first_cost_on
    from costs
    left join sent on costs.campaign_word = sent.campaign_word
    where costs.campaign_word is not null and sent.campaign_word is null
    group by costs.campaign_word
)

select * from final
