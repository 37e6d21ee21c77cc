-- Which campaign a utm_campaign stands for: the one campaign of a vendor whose links carry it; where several legs share it (an
-- e-mail, then an SMS), the first of each channel; else the advertising campaign that costs name so. One row per utm_campaign
-- in lower case and channel; channel is NULL where any will do.
{{ config(materialized='view') }}

with borne as (
    select
        lower(trim(utm_campaign)) as campaign_word,
        channel,
        campaign_id,
        count(*) over (partition by lower(trim(utm_campaign))) as legs_count,
        row_number() over (partition by lower(trim(utm_campaign)), channel order by created_at nulls last, campaign_id) as leg
    from {{ ref('int_campaigns') }}
    where utm_campaign is not null
),

final as (
    select
        campaign_word,
        case when legs_count > 1 then channel end as channel,
        campaign_id
    from borne
    where leg = 1 and (legs_count = 1 or channel is not null)

    union all

    select
        campaign_word,
        cast(null as {{ dbt.type_string() }}) as channel,
        campaign_id
    from {{ ref('int_advertising_campaigns') }}
)

select * from final
