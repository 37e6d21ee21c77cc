with

customers as (
    {{ live_documents('mindbox', 'customers') }}
),

customer_merges as (
    select
        source_system,
        source_account,
        merged_record_id,
        max(merged_at) as merged_at
    from {{ ref('stg_mindbox__profile_merges') }}
    group by source_system, source_account, merged_record_id
),

merged_away as (
    -- No export shows them any more, but old messages and actions may still name them; their merge says who they are now.
    select customer_merges.*
    from customer_merges
    left join customers
        on
            customer_merges.source_account = customers.source_account
            and customer_merges.merged_record_id = customers.customer_id
    where customers.customer_id is null
),

final as (
    select
        source_system,
        source_account,
        customer_id as source_record_id,
        'person' as kind,
        first_name,
        last_name,
        middle_name,
        case when lower(sex) in ('male', 'female') then lower(sex) end as sex,
        birth_date,
        {{ json_text('custom_fields', 'city') }} as city,
        region,
        changed_at,
        custom_fields
    from customers
    union all
    select
        source_system,
        source_account,
        merged_record_id as source_record_id,
        'person' as kind,
        null as first_name,
        null as last_name,
        null as middle_name,
        null as sex,
        null as birth_date,
        null as city,
        null as region,
        merged_at as changed_at,
        null as custom_fields
    from merged_away
)

select * from final
