-- Which campaign a utm_campaign stands for: the one campaign of a vendor whose links carry it, else the advertising
-- campaign that costs name so. One row per utm_campaign in lower case.
{{ config(materialized='view') }}

with sent as (
    select
        lower(trim(utm_campaign)) as campaign_word,
        min(campaign_id) as campaign_id
    from {{ ref('int_campaigns') }}
    where utm_campaign is not null
    group by lower(trim(utm_campaign))
    having count(*) = 1
),

final as (
    select campaign_word, campaign_id from sent

    union all

    select campaign_word, campaign_id from {{ ref('int_advertising_campaigns') }}
)

select * from final
