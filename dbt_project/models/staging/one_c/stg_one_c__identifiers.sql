-- What a partner can be recognised by, as written: phones and mailboxes of the contact lines, numbers of loyalty cards, the annulled ones
-- too, which still are the owner's in other books. The buyer who is nobody has none. One row per partner and identifier.
{# a table, since profiles, orders and returns read it and each reading of a view would parse every partner again #}
{{ config(materialized='table') }}
{% set contact = [
    ('kind',  'Тип',           'text', ''),
    ('value', 'Представление', 'text', ''),
] %}
with

partners as (
    {{ live_documents('one_c', 'partners') }}
),

cards as (
    {{ live_documents('one_c', 'cards') }}
),

nobodies as (
    select value
    from {{ ref('value_mappings') }}
    where source_system = 'one_c' and field = 'placeholder_name'
),

known as (
    select partners.*
    from partners
    left join nobodies on partners.name = nobodies.value
    where nobodies.value is null
        and not coalesce(partners.is_deleted, false)
        and not coalesce(partners.is_folder, false)
),

told as (
    select
        p.source_system,
        p.source_account,
        p.partner_id,
        case e.kind when 'АдресЭлектроннойПочты' then 'email' when 'Телефон' then 'phone' end as identifier_type,
        e.value as identifier_value
    from {{ child_rows('known', 'contacts', contact) }}

    union all

    select
        known.source_system,
        known.source_account,
        known.partner_id,
        'loyalty_card' as identifier_type,
        cards.card_number as identifier_value
    from cards
    inner join known
        on cards.source_account = known.source_account
            and cards.partner_id = known.partner_id
    where not coalesce(cards.is_deleted, false)
),

final as (
    select distinct
        source_system,
        source_account,
        partner_id as source_record_id,
        identifier_type,
        identifier_value
    from told
    where identifier_type is not null and identifier_value is not null
)

select * from final
