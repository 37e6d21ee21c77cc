-- Users of 1C, who sell and manage; one who is blocked or marked for deletion has left. One row per user.
{% set contact = [
    ('kind',  'Тип',           'text', ''),
    ('value', 'Представление', 'text', ''),
] %}
with

cashiers as (
    {{ live_documents('one_c', 'cashiers') }}
),

contacts as (
    select
        p.source_account,
        p.cashier_id,
        min(case when e.kind = 'АдресЭлектроннойПочты' then e.value end) as email,
        min(case when e.kind = 'Телефон' then e.value end) as phone
    from {{ child_rows('cashiers', 'contacts', contact) }}
    group by p.source_account, p.cashier_id
),

final as (
    select
        cashiers.source_system,
        cashiers.source_account,
        cashiers.cashier_id as source_record_id,
        cashiers.name,
        contacts.email,
        contacts.phone,
        not coalesce(cashiers.is_deleted, false) and not coalesce(cashiers.is_blocked, false) as is_active
    from cashiers
    left join contacts
        on cashiers.source_account = contacts.source_account
            and cashiers.cashier_id = contacts.cashier_id
)

select * from final
