-- Counterparties in the house's words. The till's unknown buyer is a placeholder and no company, whatever its legal form;
-- who is an employee or a test stands in the counterparty's groups. One row per counterparty.
with

counterparties as (
    {{ live_documents('moysklad', 'counterparties') }}
),

mappings as (
    select * from {{ ref('value_mappings') }}
    where source_system = 'moysklad' and field in ('customer_group', 'placeholder_name')
),

marked as (
    select
        counterparties.source_account,
        counterparties.counterparty_id,
        {{ dbt.bool_or("mappings.mapped_to = 'employee'") }} as is_employee,
        {{ dbt.bool_or("mappings.mapped_to = 'test'") }} as is_test,
        {{ dbt.bool_or("mappings.mapped_to = 'placeholder'") }} as is_placeholder
    from counterparties
    inner join mappings
        on mappings.source_account in ('*', counterparties.source_account)
            and (
                (mappings.field = 'customer_group' and counterparties.tags like '%"' || mappings.value || '"%')
                or (mappings.field = 'placeholder_name' and counterparties.name = mappings.value)
            )
    group by counterparties.source_account, counterparties.counterparty_id
),

final as (
    select
        counterparties.source_system,
        counterparties.source_account,
        counterparties.counterparty_id as source_record_id,
        case
            when marked.is_placeholder then 'placeholder'
            when counterparties.company_type is null or counterparties.company_type like 'individual%' then 'person'
            else 'company'
        end as kind,
        counterparties.first_name,
        counterparties.last_name,
        counterparties.middle_name,
        case when not coalesce(marked.is_placeholder, false) then counterparties.name end as full_name,
        case counterparties.sex when 'MALE' then 'male' when 'FEMALE' then 'female' end as sex,
        counterparties.birth_date,
        counterparties.city,
        counterparties.actual_address as address,
        coalesce(marked.is_employee, false) as is_employee,
        coalesce(counterparties.company_type, 'individual') not like 'individual%'
        and not coalesce(marked.is_placeholder, false) as is_b2b,
        coalesce(marked.is_test, false) as is_test,
        counterparties.created_at,
        counterparties.updated_at as changed_at,
        counterparties.custom_fields
    from counterparties
    left join marked
        on counterparties.source_account = marked.source_account
            and counterparties.counterparty_id = marked.counterparty_id
)

select * from final
