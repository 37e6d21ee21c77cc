-- Which channel each mark of a source stands for (what the vendor calls it, utm_medium, utm_source): by the first rule of the
-- seed traffic_rules that fits, else by what the vendor's word means (value_mappings, field traffic_source), since the mark on a
-- link says more. Neither knows it: `unknown`, and the mark stands in unmapped_values. One row per system, account and mark.
{% set marked = [
    ('int_sessions__united', 'sessions'),
    ('int_calls__united',    'calls'),
    ('int_leads__united',    'leads'),
] %}

with marks as (
    {%- for model, resource in marked %}
    select
        source_system,
        source_account,
        '{{ resource }}' as resource,
        trim(raw_traffic_source) as raw_traffic_source,
        lower(trim(utm_medium)) as utm_medium,
        lower(trim(utm_source)) as utm_source,
        {{ traffic_key(model) }} as traffic_key,
        count(*) as records
    from {{ ref(model) }} as {{ model }}
    where raw_traffic_source is not null or utm_medium is not null or utm_source is not null
    group by 1, 2, 3, 4, 5, 6, 7
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

counted as (
    select
        source_system,
        source_account,
        traffic_key,
        min(resource) as resource,
        max(raw_traffic_source) as raw_traffic_source,
        max(utm_medium) as utm_medium,
        max(utm_source) as utm_source,
        cast(sum(records) as {{ dbt.type_bigint() }}) as records
    from marks
    group by source_system, source_account, traffic_key
),

rules as (
    select * from {{ ref('traffic_rules') }}
),

fitting as (
    select
        counted.source_system,
        counted.source_account,
        counted.traffic_key,
        rules.priority,
        rules.traffic_channel,
        row_number() over (
            partition by counted.source_system, counted.source_account, counted.traffic_key
            order by rules.priority
        ) as choice
    from counted
    inner join rules
        on (rules.source_system = '*' or counted.source_system = rules.source_system)
            and (rules.traffic_source is null or lower(counted.raw_traffic_source) like lower(rules.traffic_source))
            and (rules.utm_medium is null or counted.utm_medium like lower(rules.utm_medium))
            and (rules.utm_source is null or counted.utm_source like lower(rules.utm_source))
),

final as (
    select
        counted.source_system,
        counted.source_account,
        counted.traffic_key,
        counted.resource,
        counted.records,
        coalesce(fitting.traffic_channel, {{ mapped_value('traffic_source') }}) as traffic_channel,
        fitting.priority as rule_priority,
        fitting.priority is not null or {{ mapped_value('traffic_source') }} <> 'unknown' as is_mapped,
        case
            when counted.utm_medium is null and counted.utm_source is null then counted.raw_traffic_source
            else counted.traffic_key
        end as raw_value
    from counted
    left join fitting
        on counted.source_system = fitting.source_system
            and counted.source_account = fitting.source_account
            and counted.traffic_key = fitting.traffic_key
            and fitting.choice = 1
    {{ mapped('traffic_source', 'counted.source_system', 'counted.raw_traffic_source') }}
)

select * from final
