-- Partners who can be recognised, people and companies. 1C's catalogue does not say since when it knows somebody: the first document that
-- names the partner does. One row per partner.
with

partners as (
    {{ live_documents('one_c', 'partners') }}
),

receipts as (
    {{ live_documents('one_c', 'receipts') }}
),

customer_orders as (
    {{ live_documents('one_c', 'customer_orders') }}
),

reachable as (
    select distinct source_account, source_record_id from {{ ref('stg_one_c__identifiers') }}
),

named as (
    select source_account, partner_id, sold_at as happened_at from receipts
    union all
    select source_account, partner_id, ordered_at as happened_at from customer_orders
),

first_named as (
    select source_account, partner_id, min(happened_at) as happened_at
    from named
    where partner_id is not null
    group by source_account, partner_id
),

final as (
    select
        partners.source_system,
        partners.source_account,
        partners.partner_id as source_record_id,
        case
            when coalesce(partners.legal_form, 'ФизЛицо') in ('ФизЛицо', 'ЧастноеЛицо') then 'person' else 'company'
        end as kind,
        partners.name as full_name,
        case partners.sex when 'Мужской' then 'male' when 'Женский' then 'female' end as sex,
        partners.birth_date,
        coalesce(partners.legal_form, 'ФизЛицо') not in ('ФизЛицо', 'ЧастноеЛицо') as is_b2b,
        false as is_test,
        false as is_employee,
        first_named.happened_at as created_at
    from partners
    inner join reachable
        on partners.source_account = reachable.source_account
            and partners.partner_id = reachable.source_record_id
    left join first_named
        on partners.source_account = first_named.source_account
            and partners.partner_id = first_named.partner_id
)

select * from final
