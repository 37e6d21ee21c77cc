-- What a counterparty can be recognised by, as written; the till's placeholder is nobody and gives none.
-- One row per counterparty and identifier.
{% set kinds = [('email', 'email'), ('phone', 'phone'), ('loyalty_card', 'discount_card_number')] %}
with

counterparties as (
    {{ live_documents('moysklad', 'counterparties') }}
),

profiles as (
    select * from {{ ref('stg_moysklad__profiles') }}
),

people as (
    select counterparties.*
    from counterparties
    inner join profiles
        on counterparties.source_account = profiles.source_account
            and counterparties.counterparty_id = profiles.source_record_id
    where profiles.kind <> 'placeholder'
),

final as (
    {%- for kind, column in kinds %}
    select
        source_system,
        source_account,
        counterparty_id as source_record_id,
        '{{ kind }}' as identifier_type,
        cast(null as {{ dbt.type_string() }}) as identifier_namespace,
        {{ column }} as identifier_value,
        created_at as first_seen_at,
        updated_at as last_seen_at
    from people
    where {{ column }} is not null
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from final
