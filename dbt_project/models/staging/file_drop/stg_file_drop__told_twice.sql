-- What two files tell, where rows have no id; a warning, since only their owner knows whether both are meant.
{{ config(materialized='table') }}  -- Spark keeps no view of a function that is lent to it
with

rows_told as (
    select
        source_account,
        'channel_costs' as dataset,
        cast(cost_on as {{ dbt.type_string() }}) || ' ' || lower(channel) || coalesce(' ' || campaign, '')
        || coalesce(' ' || utm_campaign, '') as told,
        file_name
    from ({{ live_documents('file_drop', 'channel_costs') }}) as documents

    union all

    select
        source_account,
        'store_entrants' as dataset,
        store_code || ' ' || cast(counted_at as {{ dbt.type_string() }}) as told,
        file_name
    from ({{ live_documents('file_drop', 'store_entrants') }}) as documents

    union all

    -- Who they were stays out of a warning: the hash tells people apart as well.
    select
        source_account,
        'event_visits' as dataset,
        event_name || ' ' || cast(attended_at as {{ dbt.type_string() }}) || coalesce(' ' || store_code, '')
        || coalesce(' ' || {{ keyed_hash("coalesce(email, '') || ' ' || coalesce(phone, '')") }}, '') as told,
        file_name
    from ({{ live_documents('file_drop', 'event_visits') }}) as documents
)

select
    source_account,
    dataset,
    told,
    count(distinct file_name) as files,
    min(file_name) as first_file,
    max(file_name) as last_file
from rows_told
group by source_account, dataset, told
having count(distinct file_name) > 1
