with employees as (
    select * from {{ ref('int_employees') }}
),

stores as (
    select * from {{ ref('int_store_records') }}
),

final as (
    select
        employees.employee_id,
        coalesce(employees.name, employees.employee_id) as name,
        stores.store_id,
        coalesce(employees.is_active, true) as is_active
    from employees
    left join stores on employees.store_key = stores.record_key
)

select * from final
