with campaigns as (
    select * from {{ ref('int_campaigns') }}
),

advertised as (
    select * from {{ ref('int_advertising_campaigns') }}
),

final as (
    select
        campaign_id,
        source_system,
        source_account,
        source_record_id,
        coalesce(name, system_name, campaign_id) as name,
        system_name,
        message_type,
        trigger_name,
        channel,
        topic,
        brand,
        created_at,
        utm_source,
        utm_medium,
        utm_campaign
    from campaigns

    union all

    select
        advertised.campaign_id,
        advertised.source_system,
        advertised.source_account,
        cast(null as {{ dbt.type_string() }}) as source_record_id,
        advertised.name,
        cast(null as {{ dbt.type_string() }}) as system_name,
        cast(null as {{ dbt.type_string() }}) as message_type,
        cast(null as {{ dbt.type_string() }}) as trigger_name,
        case when advertised.raw_channel is not null then {{ mapped_value('cost_channel') }} end as channel,
        cast(null as {{ dbt.type_string() }}) as topic,
        cast(null as {{ dbt.type_string() }}) as brand,
        cast(advertised.first_cost_on as timestamp) as created_at,
        cast(null as {{ dbt.type_string() }}) as utm_source,
        cast(null as {{ dbt.type_string() }}) as utm_medium,
        advertised.utm_campaign
    from advertised
    {{ mapped('cost_channel', 'advertised.source_system', 'advertised.raw_channel') }}
)

select * from final
