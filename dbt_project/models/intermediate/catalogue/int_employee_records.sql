-- Every employee record that any system tells of or only mentions, and the employee that it is; one row per record.
-- Somebody whom only an order or a return mentions is a record too.
with told as (
    select * from {{ ref('int_employees__united') }}
),

mentioned as (
    select
        source_system || ':' || source_account || ':' || employee_record_id as record_key,
        source_system,
        source_account,
        employee_record_id as source_record_id
    from {{ ref('int_orders__united') }}
    where employee_record_id is not null
    union
    select
        source_system || ':' || source_account || ':' || employee_record_id as record_key,
        source_system,
        source_account,
        employee_record_id as source_record_id
    from {{ ref('int_returns__united') }}
    where employee_record_id is not null
),

precedence as (
    select * from {{ ref('field_precedence') }}
    where entity = 'employees' and field = 'record'
),

together as (
    select
        record_key,
        source_system,
        source_account,
        source_record_id,
        name,
        email,
        phone,
        store_key,
        is_active,
        false as is_only_mentioned
    from told

    union all

    select
        mentioned.record_key,
        mentioned.source_system,
        mentioned.source_account,
        mentioned.source_record_id,
        cast(null as {{ dbt.type_string() }}) as name,
        cast(null as {{ dbt.type_string() }}) as email,
        cast(null as {{ dbt.type_string() }}) as phone,
        cast(null as {{ dbt.type_string() }}) as store_key,
        cast(null as boolean) as is_active,
        true as is_only_mentioned
    from mentioned
    left join told on mentioned.record_key = told.record_key
    where told.record_key is null
),

records as (
    select
        together.*,
        coalesce(precedence.{{ adapter.quote('rank') }}, 99) as record_rank
    from together
    left join precedence on together.source_system = precedence.source_system
),

matched as (
    select * from (
        {{ matched_records('records', 'employees', [
            ('e-mail', ['email']),
            ('phone', ['phone']),
            ('name', ['name']),
        ]) }}
    ) as links
),

final as (
    select
        records.*,
        matched.leader_key as employee_id,
        matched.matched_by
    from records
    inner join matched on records.record_key = matched.record_key
)

select * from final
