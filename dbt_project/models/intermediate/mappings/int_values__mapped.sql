-- The translation of every raw value that was seen: the account's own mapping before the one for all accounts ('*'),
-- NULL where the seed knows neither. A currency is known when it has an exchange rate. One row per system, account,
-- resource, field and value.
with seen as (
    select * from {{ ref('int_values__seen') }}
),

mappings as (
    select * from {{ ref('value_mappings') }}
),

currencies as (
    select distinct currency from {{ ref('int_exchange_rates') }}
),

final as (
    select
        seen.source_system,
        seen.source_account,
        seen.resource,
        seen.field,
        seen.raw_value,
        seen.records,
        coalesce(own.mapped_to, general.mapped_to, currencies.currency) as mapped_to
    from seen
    left join mappings as own
        on seen.source_system = own.source_system
            and seen.source_account = own.source_account
            and seen.field = own.field
            and seen.raw_value = own.value
    left join mappings as general
        on seen.source_system = general.source_system
            and general.source_account = '*'
            and seen.field = general.field
            and seen.raw_value = general.value
    left join currencies
        on seen.field = 'currency'
            and seen.raw_value = currencies.currency
)

select * from final
