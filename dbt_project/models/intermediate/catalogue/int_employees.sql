-- One employee, of each attribute what the best ranked record says; one row per employee.
with records as (
    select
        *,
        case
            when store_record_id is not null
                then source_system || ':' || source_account || ':' || store_record_id
        end as store_key,
        row_number() over (
            partition by employee_id
            order by case when record_key = employee_id then 0 else 1 end, record_key
        ) as record_place
    from {{ ref('int_employee_records') }}
),

final as (
    select
        employee_id,
        {{ preferred('name', 'record') }} as name,
        {{ preferred('email', 'record') }} as email,
        {{ preferred('phone', 'record') }} as phone,
        {{ preferred('store_key', 'record') }} as store_key,
        {{ preferred('is_active', 'record') }} as is_active,
        count(distinct source_system) as systems_count
    from records
    group by employee_id
)

select * from final
