-- Baskets as orders. The sums are those of the units that were not cancelled; of a basket cancelled whole, those of all.
-- One row per basket (gNumber).
with

units as (
    select * from {{ ref('stg_wildberries__units') }}
),

baskets as (
    select
        source_system,
        source_account,
        basket_number,
        min(ordered_at) as ordered_at,
        max(changed_at) as status_changed_at,
        count(*) as units_count,
        sum(case when is_cancelled then 0 else 1 end) as live_units,
        sum(case when not is_cancelled and (sold_at is not null or returned_at is not null) then 1 else 0 end) as sold_units,
        sum(case when returned_at is not null then 1 else 0 end) as returned_units,
        max(cancelled_at) as last_cancelled_at,
        max(sold_at) as last_sold_at,
        max(region) as delivery_region,
        sum(total_price) as whole_gross,
        sum(case when is_cancelled then 0 else total_price end) as live_gross,
        sum(price_with_discount) as whole_net,
        sum(case when is_cancelled then 0 else price_with_discount end) as live_net
    from units
    group by source_system, source_account, basket_number
),

judged as (
    select
        *,
        case
            when live_units = 0 then 'cancelled'
            when sold_units < live_units then 'created'
            when returned_units = sold_units then 'returned'
            else 'completed'
        end as raw_status,
        cast(case when live_units = 0 then whole_gross else live_gross end as decimal(18, 2)) as gross_amount,
        cast(case when live_units = 0 then whole_net else live_net end as decimal(18, 2)) as net_revenue
    from baskets
),

final as (
    select
        source_system,
        source_account,
        basket_number as source_record_id,
        'order' as order_kind,
        basket_number as order_number,
        ordered_at,
        'marketplace' as raw_order_method,
        raw_status,
        delivery_region,
        case when raw_status in ('completed', 'returned') then last_sold_at end as received_at,
        case when raw_status = 'cancelled' then last_cancelled_at end as cancelled_at,
        status_changed_at,
        gross_amount,
        cast(gross_amount - net_revenue as decimal(18, 2)) as discount_amount,
        cast(0 as decimal(18, 2)) as points_discount_amount,
        cast(0 as decimal(18, 2)) as delivery_amount,
        net_revenue,
        false as is_test,
        false as is_b2b,
        false as is_employee_purchase
    from judged
)

select * from final
