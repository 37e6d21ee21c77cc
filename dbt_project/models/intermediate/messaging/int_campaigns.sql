-- Every campaign as each system tells it; one row per system's campaign.
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('campaigns', [
        'stg_mindbox__campaigns',
        'stg_file_drop__campaigns',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as campaign_id
    from united
)

select * from final
