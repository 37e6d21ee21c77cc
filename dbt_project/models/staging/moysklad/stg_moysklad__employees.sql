-- Staff; one who is archived has left. One row per employee.
with

employees as (
    {{ live_documents('moysklad', 'employees') }}
),

final as (
    select
        source_system,
        source_account,
        employee_id as source_record_id,
        coalesce(full_name, name) as name,
        email,
        phone,
        {{ last_segment('retail_store_href') }} as store_record_id,
        not coalesce(is_archived, false) as is_active
    from employees
)

select * from final
