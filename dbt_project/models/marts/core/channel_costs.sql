with costs as (
    select * from {{ ref('int_channel_costs__united') }}
),

words as (
    select * from {{ ref('int_campaign_words') }}
),

rates as (
    select * from {{ ref('int_exchange_rates') }}
),

translated as (
    select
        costs.cost_on,
        {{ mapped_value('cost_channel') }} as channel,
        words.campaign_id,
        coalesce(costs.impressions, 0) as impressions,
        coalesce(costs.clicks, 0) as clicks,
        cast(costs.cost * rates.rate as decimal(18, 2)) as cost
    from costs
    left join rates
        on coalesce(costs.currency, '{{ rule('business.currency') }}') = rates.currency
            and costs.cost_on >= rates.valid_from
            and costs.cost_on < rates.valid_before
    {{ mapped('cost_channel', 'costs.source_system', 'costs.raw_channel') }}
    left join words
        on lower(trim(coalesce(costs.utm_campaign, costs.campaign_name))) = words.campaign_word
            and (words.channel is null or words.channel = {{ mapped_value('cost_channel') }})
),

final as (
    select
        cost_on,
        channel,
        campaign_id,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(clicks) as bigint) as clicks,
        -- a line in a currency without a rate has no cost rather than a wrong one; unmapped_values names the currency
        cast(sum(cost) as decimal(18, 2)) as cost
    from translated
    group by cost_on, channel, campaign_id
)

select * from final
