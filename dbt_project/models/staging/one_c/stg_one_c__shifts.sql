-- The shift that each report is of, as the stretch (began_at, closed_at]: closed_at is the report's own moment, began_at that of the same
-- till's report before it, and never more than 24 hours earlier, since no shift may last longer. Only reports that stand (posted and not
-- marked) end a shift before. A shift that closes after midnight or on the next morning sold on the day, by its shop's clock, of the
-- stretch's middle; dated_at is its closing, or the last second of that business day. One row per report.
{# a table, since orders, costs and receipts of shifts read it #}
{{ config(materialized='table') }}
with

shift_reports as (
    {{ live_documents('one_c', 'shift_reports') }}
),

tills as (
    {{ live_documents('one_c', 'tills') }}
),

stores as (
    {{ live_documents('one_c', 'stores') }}
),

clocks as (
    select source_account, store_id, time_zone
    from stores
    where {{ is_time_zone('time_zone') }}
),

told as (
    select
        shift_reports.source_system,
        shift_reports.source_account,
        shift_reports.shift_report_id,
        shift_reports.till_id,
        shift_reports.shift_number,
        coalesce(shift_reports.store_id, tills.store_id) as store_id,
        shift_reports.closed_at,
        shift_reports.is_posted and not coalesce(shift_reports.is_deleted, false) as is_standing
    from shift_reports
    left join tills
        on shift_reports.source_account = tills.source_account
            and shift_reports.till_id = tills.till_id
),

closings as (
    select distinct source_account, till_id, closed_at
    from told
    where is_standing
),

ordered as (
    select
        *,
        lag(closed_at) over (partition by source_account, till_id order by closed_at) as closed_before_at
    from closings
),

stretches as (
    select
        told.*,
        clocks.time_zone,
        case
            when ordered.closed_before_at > told.closed_at - interval '24 hours' then ordered.closed_before_at
            else told.closed_at - interval '24 hours'
        end as began_at
    from told
    left join ordered
        on told.is_standing
            and told.source_account = ordered.source_account
            and told.till_id = ordered.till_id
            and told.closed_at = ordered.closed_at
    left join clocks
        on told.source_account = clocks.source_account
            and told.store_id = clocks.store_id
),

halved as (
    select
        *,
        {{ dbt.dateadd('second', 'cast(floor(' ~ dbt.datediff('began_at', 'closed_at', 'second') ~ ' / 2) as integer)', 'began_at') }}
            as middle_at
    from stretches
),

dated as (
    select
        *,
        {{ business_day_starts_at(
            'case when time_zone is null then ' ~ business_date('middle_at') ~ ' else ' ~ local_date('middle_at', 'time_zone') ~ ' end'
        ) }} as day_starts_at
    from halved
),

final as (
    select
        source_system,
        source_account,
        shift_report_id,
        till_id,
        shift_number,
        store_id as store_record_id,
        began_at,
        closed_at,
        least(closed_at, day_starts_at + interval '24 hours' - interval '1 second') as dated_at,
        is_standing
    from dated
)

select * from final
