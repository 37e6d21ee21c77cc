-- One order is one row, however many systems hold it. Of each fact the best ranked record that has one is believed
-- (seed field_precedence; `*` stands for the facts without a rule of their own); the record that was not believed stays
-- named, with the amount it held. Money is in the reporting currency, `currency` and `exchange_rate` say from what; what a
-- currency without a rate is worth nobody knows, so such an order has no amounts and is not counted until it has one.
-- Records that are named and give nothing (is_ignored) are not here. Selling a gift card is no revenue: its lines are taken out
-- of gross, discounts and net and stand in `gift_cards_sold_amount`; an order of nothing else is not counted.
with records as (
    select * from {{ ref('int_orders__united') }}
),

matched as (
    select * from {{ ref('int_orders__matched') }}
),

precedence as (
    select * from {{ ref('int_order_precedence') }}
),

mapped as (
    select * from {{ ref('int_values__mapped') }}
    where resource = 'orders'
),

rates as (
    select * from {{ ref('int_exchange_rates') }}
),

gift_cards as (
    select * from {{ ref('int_gift_card_lines') }}
),

customer_of_profile as (
    select * from {{ ref('int_customer_of_profile') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

profiles as (
    select profile_id, is_test from {{ ref('int_profiles') }}
),

translated as (
    select
        records.*,
        matched.order_id,
        matched.is_leader,
        matched.matched_by,
        customer_of_profile.customer_id,
        coalesce(records.is_test, false) or coalesce(profiles.is_test, false) as is_anybodys_test,
        case
            when status.mapped_to is not null then status.mapped_to
            when records.raw_status is null and records.order_kind in ('receipt', 'shift_report') then 'completed'
        end as status,
        case
            when channel.mapped_to is not null then channel.mapped_to
            when records.raw_order_method is null and records.order_kind in ('receipt', 'shift_report') then 'store'
        end as sales_channel,
        case
            when fulfilment.mapped_to is not null then fulfilment.mapped_to
            when records.raw_fulfilment is null and records.order_kind in ('receipt', 'shift_report') then 'in_store'
        end as fulfilment_method,
        payment.mapped_to as payment_method,
        case
            when records.store_record_id is not null
                then records.source_system || ':' || records.source_account || ':' || records.store_record_id
        end as store_key,
        case
            when records.employee_record_id is not null
                then records.source_system || ':' || records.source_account || ':' || records.employee_record_id
        end as employee_key,
        coalesce(gift_cards.gross_amount, 0) as gift_cards_gross,
        coalesce(gift_cards.discount_amount, 0) as gift_cards_discount,
        coalesce(gift_cards.points_discount_amount, 0) as gift_cards_points,
        coalesce(gift_cards.net_amount, 0) as gift_cards_net,
        coalesce(gift_cards.is_all_there_is, false) as is_gift_cards_only,
        coalesce(precedence.record_rank, 99) as record_rank,
        coalesce(precedence.customer_rank, 99) as customer_rank,
        coalesce(precedence.number_rank, 99) as number_rank,
        coalesce(precedence.brand_rank, 99) as brand_rank,
        coalesce(precedence.ordered_at_rank, 99) as ordered_at_rank,
        coalesce(precedence.sales_channel_rank, 99) as sales_channel_rank,
        coalesce(precedence.status_rank, 99) as status_rank,
        coalesce(precedence.fulfilment_rank, 99) as fulfilment_rank,
        coalesce(precedence.payment_method_rank, 99) as payment_method_rank,
        coalesce(precedence.store_rank, 99) as store_rank,
        coalesce(precedence.employee_rank, 99) as employee_rank,
        coalesce(precedence.delivery_rank, 99) as delivery_rank,
        coalesce(precedence.amounts_rank, 99) as amounts_rank,
        coalesce(precedence.points_rank, 99) as points_rank,
        row_number() over (
            partition by matched.order_id
            order by
                case when matched.is_leader then 0 else 1 end,
                records.source_system, records.source_account, records.source_record_id
        ) as record_place
    from records
    inner join matched on records.order_key = matched.order_key and not matched.is_ignored
    left join gift_cards on records.order_key = gift_cards.order_key
    left join precedence on records.source_system = precedence.source_system
    left join customer_of_profile on records.profile_id = customer_of_profile.profile_id
    left join profiles on records.profile_id = profiles.profile_id
    left join mapped as status
        on records.source_system = status.source_system
            and records.source_account = status.source_account
            and status.field = 'order_status'
            and records.raw_status = status.raw_value
    left join mapped as channel
        on records.source_system = channel.source_system
            and records.source_account = channel.source_account
            and channel.field = 'sales_channel'
            and records.raw_order_method = channel.raw_value
    left join mapped as fulfilment
        on records.source_system = fulfilment.source_system
            and records.source_account = fulfilment.source_account
            and fulfilment.field = 'fulfilment_method'
            and records.raw_fulfilment = fulfilment.raw_value
    left join mapped as payment
        on records.source_system = payment.source_system
            and records.source_account = payment.source_account
            and payment.field = 'payment_method'
            and records.raw_payment_type = payment.raw_value
),

{# the amounts of one order come from one record, else gross less discounts would no longer be net; of the others the best
   ranked is named as the mirror, and the next in rank for amounts says what it held #}
placed as (
    select
        *,
        row_number() over (partition by order_id order by amounts_rank, record_place) as amounts_place
    from translated
),

merged as (
    select
        order_id,
        max(case when is_leader then source_system end) as source_system,
        max(case when is_leader then source_account end) as source_account,
        max(case when is_leader then source_record_id end) as source_record_id,
        min_by(order_key, case when not is_leader then record_rank * 1000 + record_place end) as mirror_order_key,
        min_by(matched_by, case when not is_leader then record_rank * 1000 + record_place end) as mirror_matched_by,
        max(case when amounts_place = 2 then net_revenue - gift_cards_net end) as mirror_net_revenue,
        max(case when amounts_place = 1 then order_key end) as amounts_order_key,
        max(case when is_leader then coalesce(receipts_count, 1) end) as receipts_count,
        {{ preferred('customer_id', 'customer') }} as customer_id,
        {{ preferred('profile_id', 'customer') }} as profile_id,
        {{ preferred('order_kind', 'number') }} as order_kind,
        {{ preferred('order_number', 'number') }} as order_number,
        {{ preferred('brand', 'brand') }} as brand,
        {{ preferred('ordered_at', 'ordered_at') }} as ordered_at,
        {{ preferred("case when sales_channel <> 'unknown' then sales_channel end", 'sales_channel') }} as sales_channel,
        {{ preferred("case when status <> 'unknown' then status end", 'status') }} as status,
        {{ preferred('status_changed_at', 'status') }} as status_changed_at,
        {{ preferred("case when fulfilment_method <> 'unknown' then fulfilment_method end", 'fulfilment') }}
            as fulfilment_method,
        {{ preferred("case when payment_method <> 'unknown' then payment_method end", 'payment_method') }}
            as payment_method,
        {{ preferred('store_key', 'store') }} as store_key,
        {{ preferred('employee_key', 'employee') }} as employee_key,
        {{ preferred('delivery_region', 'delivery') }} as delivery_region,
        {{ preferred('delivery_city', 'delivery') }} as delivery_city,
        {{ preferred('promised_on', 'delivery') }} as promised_on,
        {{ preferred('received_at', 'delivery') }} as received_at,
        {{ preferred('cancelled_at', 'status') }} as cancelled_at,
        max(case when amounts_place = 1 then gross_amount - gift_cards_gross end) as gross_amount,
        max(case when amounts_place = 1 then discount_amount - gift_cards_discount end) as discount_amount,
        max(case when amounts_place = 1 then points_discount_amount - gift_cards_points end) as points_discount_amount,
        max(case when amounts_place = 1 then net_revenue - gift_cards_net end) as net_revenue,
        max(case when amounts_place = 1 then gift_cards_net end) as gift_cards_net,
        max(case when amounts_place = 1 and is_gift_cards_only then 1 else 0 end) = 1 as is_gift_cards_only,
        {{ preferred('delivery_amount', 'amounts') }} as delivery_amount,
        {{ preferred('currency', 'amounts') }} as currency,
        {{ preferred('points_redeemed', 'points') }} as points_redeemed,
        {{ preferred('points_earned', 'points') }} as points_earned,
        {{ dbt.bool_or('is_anybodys_test') }} as is_test,
        {{ dbt.bool_or('coalesce(is_b2b, false)') }} as is_b2b,
        {{ dbt.bool_or('coalesce(is_employee_purchase, false)') }} as is_employee_purchase,
        max(case when is_leader then cast(custom_fields as {{ dbt.type_string() }}) end) as custom_fields,
        count(*) as records
    from placed
    group by order_id
),

dated as (
    select
        *,
        {{ business_date('ordered_at') }} as ordered_on,
        coalesce(currency, '{{ rule('business.currency') }}') as order_currency
    from merged
),

final as (
    select
        dated.order_id,
        dated.source_system,
        dated.source_account,
        dated.source_record_id,
        dated.amounts_order_key,
        dated.mirror_order_key,
        dated.mirror_matched_by,
        dated.records,
        dated.receipts_count,
        dated.order_kind,
        dated.order_number,
        dated.brand,
        dated.customer_id,
        dated.profile_id,
        dated.ordered_at,
        dated.ordered_on,
        coalesce(dated.sales_channel, 'unknown') as sales_channel,
        coalesce(dated.status, 'unknown') as status,
        dated.status_changed_at,
        coalesce(dated.fulfilment_method, 'unknown') as fulfilment_method,
        coalesce(dated.payment_method, 'unknown') as payment_method,
        dated.store_key,
        dated.employee_key,
        dated.delivery_region,
        dated.delivery_city,
        dated.promised_on,
        dated.received_at,
        case
            when dated.status = 'cancelled' then coalesce(dated.cancelled_at, dated.status_changed_at)
        end as cancelled_at,
        coalesce(dated.status in ('completed', 'returned'), false) as is_completed,
        coalesce(dated.status = 'cancelled', false) as is_cancelled,
        dated.is_test,
        dated.is_b2b or coalesce(customers.is_b2b, false) as is_b2b,
        dated.is_employee_purchase or coalesce(customers.is_employee, false) as is_employee_purchase,
        dated.is_gift_cards_only,
        not (coalesce(dated.status = 'cancelled', false) or dated.is_test or dated.is_gift_cards_only) and rates.rate is not null
            as is_counted,
        cast(dated.gross_amount * rates.rate as decimal(18, 2)) as gross_amount,
        cast(dated.discount_amount * rates.rate as decimal(18, 2)) as discount_amount,
        cast(dated.points_discount_amount * rates.rate as decimal(18, 2)) as points_discount_amount,
        cast(coalesce(dated.delivery_amount, 0) * rates.rate as decimal(18, 2)) as delivery_amount,
        cast(dated.net_revenue * rates.rate as decimal(18, 2)) as net_revenue,
        cast(dated.mirror_net_revenue * rates.rate as decimal(18, 2)) as mirror_net_revenue,
        cast(dated.gift_cards_net * rates.rate as decimal(18, 2)) as gift_cards_sold_amount,
        dated.order_currency as currency,
        rates.rate as exchange_rate,
        dated.points_redeemed,
        dated.points_earned,
        dated.custom_fields
    from dated
    left join customers on dated.customer_id = customers.customer_id
    left join rates
        on dated.order_currency = rates.currency
            and dated.ordered_on >= rates.valid_from
            and dated.ordered_on < rates.valid_before
)

select * from final
