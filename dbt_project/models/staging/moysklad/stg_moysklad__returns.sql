-- Both kinds of returns. A return at a till names its receipt; a return of an order names its shipment, which names the
-- order (stg_moysklad__purchases). One without a basis names neither. One that is not posted did not take place. One row per return.
with

till_returns as (
    {{ live_documents('moysklad', 'retail_sales_returns') }}
),

order_returns as (
    {{ live_documents('moysklad', 'sales_returns') }}
),

purchases as (
    select * from {{ ref('stg_moysklad__purchases') }}
),

currencies as (
    select * from {{ ref('stg_moysklad__currencies') }}
),

places as (
    select * from {{ ref('stg_moysklad__places') }}
),

together as (
    select
        source_system,
        source_account,
        retail_sales_return_id as source_record_id,
        'retailsalesreturn' as vendor_kind,
        {{ last_segment('agent_href') }} as profile_record_id,
        {{ last_segment('store_href') }} as stock_place_id,
        {{ last_segment('owner_href') }} as employee_record_id,
        moment as returned_at,
        sum_amount as amount,
        {{ last_segment('currency_href') }} as currency_id,
        description as reason,
        {{ fiscal_key('fiscal_drive', 'fiscal_document') }} as fiscal_key
    from till_returns
    where coalesce(is_applicable, true)

    union all

    select
        source_system,
        source_account,
        sales_return_id as source_record_id,
        'salesreturn' as vendor_kind,
        {{ last_segment('agent_href') }} as profile_record_id,
        {{ last_segment('store_href') }} as stock_place_id,
        {{ last_segment('owner_href') }} as employee_record_id,
        moment as returned_at,
        sum_amount as amount,
        {{ last_segment('currency_href') }} as currency_id,
        description as reason,
        cast(null as {{ dbt.type_string() }}) as fiscal_key
    from order_returns
    where coalesce(is_applicable, true)
),

final as (
    select
        together.source_system,
        together.source_account,
        together.source_record_id,
        purchases.order_record_id,
        together.profile_record_id,
        together.returned_at,
        together.amount,
        {#- a currency that the account's list lacks is unknown; without a list nobody knows of any but the reporting one #}
        coalesce(
            named.currency,
            case when own.currency_id is not null then 'currency ' || together.currency_id end,
            own.currency
        ) as currency,
        case
            when together.vendor_kind = 'salesreturn' and places.retail_store_id is not null then 'salesreturn at a shop'
            else together.vendor_kind
        end as raw_return_channel,
        places.retail_store_id as store_record_id,
        together.employee_record_id,
        together.reason,
        together.fiscal_key
    from together
    left join places
        on together.source_account = places.source_account
            and together.stock_place_id = places.store_id
    left join currencies as named
        on together.source_account = named.source_account
            and together.currency_id = named.currency_id
    left join currencies as own
        on together.source_account = own.source_account
            and own.currency_id = ''
    left join purchases
        on together.source_account = purchases.source_account
            and together.vendor_kind = purchases.vendor_kind
            and together.source_record_id = purchases.source_record_id
)

select * from final
