{% set tag = [('name', 'name', 'text', '')] %}

with

customers as (
    {{ live_documents('retailcrm', 'customers') }}
),

companies as (
    {{ live_documents('retailcrm', 'customers_corporate') }}
),

tags as (
    select
        p.source_system,
        p.source_account,
        p.customer_id,
        lower(e.name) as tag
    from {{ child_rows('customers', 'tags', tag) }}
),

marked as (
    select
        tags.source_account,
        tags.customer_id,
        max(case when {{ mapped_value('customer_tag') }} = 'employee' then 1 else 0 end) = 1 as is_employee,
        max(case when {{ mapped_value('customer_tag') }} = 'b2b' then 1 else 0 end) = 1 as is_b2b,
        max(case when {{ mapped_value('customer_tag') }} = 'test' then 1 else 0 end) = 1 as is_test
    from tags
    {{ mapped('customer_tag', 'tags.source_system', 'tags.tag') }}
    group by tags.source_account, tags.customer_id
),

people as (
    select
        customers.source_system,
        customers.source_account,
        customers.customer_id as source_record_id,
        'person' as kind,
        customers.first_name,
        customers.last_name,
        customers.middle_name,
        nullif(
            trim(
                coalesce(customers.last_name, '') || ' ' || coalesce(customers.first_name, '') || ' '
                || coalesce(customers.middle_name, '')
            ),
            ''
        ) as full_name,
        case lower(customers.sex) when 'male' then 'male' when 'female' then 'female' end as sex,
        customers.birth_date,
        customers.city,
        customers.region,
        customers.address,
        coalesce(marked.is_employee, false) as is_employee,
        coalesce(marked.is_b2b, false) as is_b2b,
        coalesce(marked.is_test, false) as is_test,
        customers.utm_source || coalesce(' / ' || customers.utm_medium, '') as acquisition_source,
        customers.created_at,
        customers.version_at as changed_at,
        nullif(customers.custom_fields, '[]') as custom_fields
    from customers
    left join marked
        on customers.source_account = marked.source_account
            and customers.customer_id = marked.customer_id
),

organisations as (
    select
        source_system,
        source_account,
        customer_id as source_record_id,
        'company' as kind,
        cast(null as {{ dbt.type_string() }}) as first_name,
        cast(null as {{ dbt.type_string() }}) as last_name,
        cast(null as {{ dbt.type_string() }}) as middle_name,
        coalesce(name, company_name) as full_name,
        cast(null as {{ dbt.type_string() }}) as sex,
        cast(null as date) as birth_date,
        cast(null as {{ dbt.type_string() }}) as city,
        cast(null as {{ dbt.type_string() }}) as region,
        address,
        false as is_employee,
        true as is_b2b,
        false as is_test,
        cast(null as {{ dbt.type_string() }}) as acquisition_source,
        created_at,
        version_at as changed_at,
        nullif(custom_fields, '[]') as custom_fields
    from companies
),

final as (
    select * from people
    union all
    select * from organisations
)

select * from final
