-- Currencies by their id, and the account's own once more under no id, for papers that name none. One row per account and id.
with

currencies as (
    {{ live_documents('moysklad', 'currencies') }}
),

final as (
    select source_account, currency_id, coalesce(iso_code, numeric_code, 'currency ' || currency_id) as currency
    from currencies

    union all

    select source_account, '' as currency_id, max(coalesce(iso_code, numeric_code)) as currency
    from currencies
    where is_default
    group by source_account
)

select * from final
