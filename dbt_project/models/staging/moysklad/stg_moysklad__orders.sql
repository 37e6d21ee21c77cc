-- Receipts of the tills and mirrors of the shop's orders in the house's words. `sum` is authoritative for the net
-- amount; the gross is what the positions cost before their discounts. Points are read from the document's own field,
-- else from the posted bonus operations that spent them on it or its shipment, up to what the document's discount leaves for them. A
-- receipt that is not posted has a status of its own; an order says by its state where it stands, posted or not, and has that status where
-- it has no state either and nothing of it is paid or shipped. One row per receipt or order.
{# a table, since several models and their tests read it and each reading of a view would parse every document again #}
{{ config(materialized='table') }}
with

receipts as (
    {{ live_documents('moysklad', 'retail_demands') }}
),

customer_orders as (
    {{ live_documents('moysklad', 'customer_orders') }}
),

bonus_transactions as (
    {{ live_documents('moysklad', 'bonus_transactions') }}
),

bonus_programs as (
    {{ live_documents('moysklad', 'bonus_programs') }}
),

purchases as (
    select * from {{ ref('stg_moysklad__purchases') }}
),

profiles as (
    select * from {{ ref('stg_moysklad__profiles') }}
),

places as (
    select * from {{ ref('stg_moysklad__places') }}
),

custom_fields as (
    select * from {{ ref('stg_moysklad__custom_fields') }}
),

payments as (
    select * from {{ ref('stg_moysklad__payments') }}
),

currencies as (
    select * from {{ ref('stg_moysklad__currencies') }}
),

gross as (
    select
        source_account,
        order_record_id,
        sum(gross_amount) as gross_amount,
        count(*) as positions_came
    from {{ ref('stg_moysklad__positions') }}
    group by source_account, order_record_id
),

spent as (
    select
        bonus_transactions.source_account,
        coalesce(purchases.order_record_id, {{ last_segment('bonus_transactions.parent_href') }}) as order_record_id,
        sum(case when bonus_transactions.transaction_type = 'SPENDING' then bonus_transactions.bonus_value end)
            as points_redeemed,
        sum(case when bonus_transactions.transaction_type = 'EARNING' then bonus_transactions.bonus_value end) as points_earned,
        sum(
            case
                when bonus_transactions.transaction_type = 'SPENDING'
                    then cast(bonus_transactions.bonus_value as double) / coalesce(bonus_programs.points_per_rouble, 1)
            end
        ) as roubles_spent
    from bonus_transactions
    left join bonus_programs
        on bonus_transactions.source_account = bonus_programs.source_account
            and {{ last_segment('bonus_transactions.bonus_program_href') }} = bonus_programs.bonus_program_id
    left join purchases
        on bonus_transactions.source_account = purchases.source_account
            and bonus_transactions.parent_type = purchases.vendor_kind
            and {{ last_segment('bonus_transactions.parent_href') }} = purchases.source_record_id
    where bonus_transactions.parent_type in ('retaildemand', 'customerorder', 'demand')
        and coalesce(bonus_transactions.transaction_status, 'COMPLETED') <> 'CANCELED'
        and coalesce(bonus_transactions.is_applicable, true)
    group by
        bonus_transactions.source_account,
        coalesce(purchases.order_record_id, {{ last_segment('bonus_transactions.parent_href') }})
),

told_discounts as (
    select
        source_account,
        source_record_id,
        max(case when meaning = 'points_discount' then try_cast(value as decimal(18, 2)) end) as points_discount_amount,
        sum(case when meaning in ('personal_discount', 'promo_discount') then try_cast(value as decimal(18, 2)) end)
            as other_discount_amount
    from custom_fields
    group by source_account, source_record_id
),

main_payments as (
    select
        source_account,
        order_record_id,
        raw_payment_type,
        row_number() over (partition by source_account, order_record_id order by amount desc, raw_payment_type) as place
    from payments
),

documents as (
    select
        source_system,
        source_account,
        retail_demand_id as source_record_id,
        'receipt' as order_kind,
        name as order_number,
        cast(null as {{ dbt.type_string() }}) as external_order_id,
        cast(null as {{ dbt.type_string() }}) as mirror_number,
        {{ fiscal_key('fiscal_drive', 'fiscal_document') }} as fiscal_key,
        {{ last_segment('agent_href') }} as profile_record_id,
        moment as ordered_at,
        'retaildemand' as raw_order_method,
        case when coalesce(is_applicable, true) then 'retaildemand' else 'retaildemand, not posted' end as raw_status,
        'retaildemand' as raw_fulfilment,
        {{ last_segment('retail_store_href') }} as retail_store_id,
        {{ last_segment('store_href') }} as stock_place_id,
        {{ last_segment('owner_href') }} as employee_record_id,
        cast(null as {{ dbt.type_string() }}) as delivery_city,
        cast(null as date) as promised_on,
        moment as received_at,
        updated_at as status_changed_at,
        sum_amount as net_revenue,
        {{ last_segment('currency_href') }} as currency_id,
        custom_fields
    from receipts

    union all

    select
        source_system,
        source_account,
        customer_order_id as source_record_id,
        'order' as order_kind,
        name as order_number,
        external_code as external_order_id,
        name as mirror_number,
        cast(null as {{ dbt.type_string() }}) as fiscal_key,
        {{ last_segment('agent_href') }} as profile_record_id,
        moment as ordered_at,
        coalesce(sales_channel_name, 'customerorder') as raw_order_method,
        case
            when state_name is not null then state_name
            when coalesce(is_applicable, true) or greatest(coalesce(paid_amount, 0), coalesce(shipped_amount, 0)) > 0
                then 'customerorder'
            else 'customerorder, not posted'
        end as raw_status,
        cast(null as {{ dbt.type_string() }}) as raw_fulfilment,
        cast(null as {{ dbt.type_string() }}) as retail_store_id,
        {{ last_segment('store_href') }} as stock_place_id,
        {# the owner of a mirror is whoever wrote it down, mostly the integration and nobody who sold #}
        cast(null as {{ dbt.type_string() }}) as employee_record_id,
        delivery_city,
        delivery_planned_on as promised_on,
        cast(null as timestamp) as received_at,
        updated_at as status_changed_at,
        sum_amount as net_revenue,
        {{ last_segment('currency_href') }} as currency_id,
        custom_fields
    from customer_orders
),

counted as (
    select
        documents.*,
        coalesce(documents.retail_store_id, places.retail_store_id) as store_record_id,
        coalesce(gross.gross_amount, documents.net_revenue) as gross_amount,
        coalesce(
            told_discounts.points_discount_amount,
            {# what was spent on a shipment need not be in the sum of its order #}
            least(
                cast(coalesce(spent.roubles_spent, 0) as decimal(18, 2)),
                greatest(
                    cast(
                        coalesce(gross.gross_amount, documents.net_revenue) - documents.net_revenue
                        - coalesce(told_discounts.other_discount_amount, 0) as decimal(18, 2)
                    ),
                    cast(0 as decimal(18, 2))
                )
            )
        ) as points_discount_amount,
        coalesce(spent.points_redeemed, 0) as points_redeemed,
        coalesce(spent.points_earned, 0) as points_earned,
        {#- a currency that the account's list lacks is unknown; without a list nobody knows of any but the reporting one #}
        coalesce(
            named.currency,
            case when own.currency_id is not null then 'currency ' || documents.currency_id end,
            own.currency
        ) as currency,
        main_payments.raw_payment_type,
        coalesce(profiles.is_test, false) as is_test,
        coalesce(profiles.is_b2b, false) as is_b2b,
        coalesce(profiles.is_employee, false) as is_employee_purchase
    from documents
    left join gross
        on documents.source_account = gross.source_account
            and documents.source_record_id = gross.order_record_id
    left join spent
        on documents.source_account = spent.source_account
            and documents.source_record_id = spent.order_record_id
    left join told_discounts
        on documents.source_account = told_discounts.source_account
            and documents.source_record_id = told_discounts.source_record_id
    left join main_payments
        on documents.source_account = main_payments.source_account
            and documents.source_record_id = main_payments.order_record_id
            and main_payments.place = 1
    left join places
        on documents.source_account = places.source_account
            and documents.stock_place_id = places.store_id
    left join currencies as named
        on documents.source_account = named.source_account
            and documents.currency_id = named.currency_id
    left join currencies as own
        on documents.source_account = own.source_account
            and own.currency_id = ''
    left join profiles
        on documents.source_account = profiles.source_account
            and documents.profile_record_id = profiles.source_record_id
),

final as (
    select
        source_system,
        source_account,
        source_record_id,
        order_kind,
        order_number,
        external_order_id,
        mirror_number,
        fiscal_key,
        profile_record_id,
        ordered_at,
        raw_order_method,
        raw_status,
        raw_fulfilment,
        raw_payment_type,
        store_record_id,
        employee_record_id,
        delivery_city,
        promised_on,
        received_at,
        status_changed_at,
        gross_amount,
        cast(gross_amount - net_revenue - points_discount_amount as decimal(18, 2)) as discount_amount,
        points_discount_amount,
        net_revenue,
        currency,
        points_redeemed,
        points_earned,
        is_test,
        is_b2b,
        is_employee_purchase,
        custom_fields
    from counted
)

select * from final
