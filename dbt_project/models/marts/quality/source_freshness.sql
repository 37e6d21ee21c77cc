{% set accounts = var('accounts') or [] -%}
{% set required = rule('vendors.required') -%}
with

contacts as (
    select *
    from ({{ lake_contacts() }}) as every_contact
    where status in ('success', 'failed')
),

switched_on as (
    {%- for account in accounts %}
    select
        '{{ account.source_system }}' as source_system,
        '{{ account.source_account }}' as source_account,
        {{ account.freshness_hours }} as freshness_hours
    {{ 'union all' if not loop.last }}
    {%- else %}
    select '' as source_system, '' as source_account, 0 as freshness_hours
    {%- endfor %}
),

newest as (
    select
        *,
        row_number() over (
            partition by source_system, source_account order by contacted_at desc, finished_at desc, refresh_id desc
        ) as age
    from contacts
),

answered as (
    select
        *,
        row_number() over (
            partition by source_system, source_account order by contacted_at desc, finished_at desc, refresh_id desc
        ) as age
    from contacts
    where status = 'success'
),

known as (
    select source_system, source_account from switched_on where source_system <> ''
    union
    select source_system, source_account from contacts
),

final as (
    select
        known.source_system,
        known.source_account,
        answered.data_through_at,
        answered.contacted_at as last_answered_at,
        newest.contacted_at as last_contacted_at,
        newest.error as last_error,
        newest.history_left_days,
        switched_on.source_system is not null as is_switched_on,
        answered.contacted_at is null
        or newest.status = 'failed'
        or answered.contacted_at
            < {{ as_of() }} - interval '1 hour' * cast(coalesce(switched_on.freshness_hours, {{ rule('vendors.publish_without_for_hours') }}) as int)
        as is_stale,
        {%- if required is sequence and required is not string and required | length > 0 %}
        known.source_system in ({% for vendor in required %}'{{ vendor }}'{{ ', ' if not loop.last }}{% endfor %}) as is_required
        {%- else %}
        false as is_required
        {%- endif %}
    from known
    left join newest
        on known.source_system = newest.source_system
        and known.source_account = newest.source_account
        and newest.age = 1
    left join answered
        on known.source_system = answered.source_system
        and known.source_account = answered.source_account
        and answered.age = 1
    left join switched_on
        on known.source_system = switched_on.source_system
        and known.source_account = switched_on.source_account
)

select
    cast(source_system as {{ dbt.type_string() }}) as source_system,
    cast(source_account as {{ dbt.type_string() }}) as source_account,
    cast(data_through_at as timestamp) as data_through_at,
    cast(last_answered_at as timestamp) as last_answered_at,
    cast(last_contacted_at as timestamp) as last_contacted_at,
    cast(nullif(last_error, '') as {{ dbt.type_string() }}) as last_error,
    cast(history_left_days as {{ type_double() }}) as history_left_days,
    cast(is_switched_on as {{ dbt.type_boolean() }}) as is_switched_on,
    cast(is_stale as {{ dbt.type_boolean() }}) as is_stale,
    cast(is_required as {{ dbt.type_boolean() }}) as is_required
from final
