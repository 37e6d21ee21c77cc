-- What a channel cost on a day, with impressions and clicks; one row per system's line.
{{ config(materialized='view') }}

with united as (
    {{ canonical_union('channel_costs', [
        'stg_file_drop__channel_costs',
    ]) }}
),

final as (
    select
        united.*,
        source_system || ':' || source_account || ':' || source_record_id as cost_line_id
    from united
)

select * from final
