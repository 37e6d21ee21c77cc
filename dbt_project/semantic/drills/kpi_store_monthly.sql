-- The receipts of a store's month, what came back of them, who came in by its doors, and what it handed over for other channels.
-- Записи — чеки месяца магазина, возвраты, вошедшие посетители и заказы других каналов, выданные здесь.
-- where month = N (like_for_like_revenue_last_year): month = N - interval 12 month
with memberships as (
    select
        accounts.customer_id,
        cast(timezone(zone, timezone('UTC', min(accounts.enrolled_at))) as date) as enrolled_on,
        if(count(*) filter (where accounts.closed_at is null) = 0,
            cast(timezone(zone, timezone('UTC', max(accounts.closed_at))) as date), null) as left_on
    from marts.loyalty_accounts as accounts
    join marts.customer_360 using (customer_id)
    cross join (select value as zone from marts.parameters where name = 'business.timezone')
    where accounts.enrolled_at is not null
        and (accounts.is_member or accounts.closed_at is not null)
        and not customer_360.is_employee and not customer_360.is_b2b
    group by accounts.customer_id, zone
),

counted_days as (
    select store_id, counted_on, sum(entrants) as entrants
    from marts.store_traffic
    where store_id is not null
    group by all
),

records as (
    select
        cast(date_trunc('month', ordered_on) as date) as month,
        store_id,
        'receipt' as kind,
        order_id as record_id,
        customer_id,
        receipts_count,
        units,
        gross_amount,
        discount_amount,
        cost_amount,
        assumed_cost_amount,
        margin_amount,
        net_revenue as order_revenue,
        if(order_kind = 'shift_report', 0, receipts_count) as itemised,
        if(order_kind = 'shift_report', 0, gross_amount) as itemised_gross,
        if(order_kind = 'shift_report', 0, discount_amount) as itemised_discount,
        exists (
            select 1
            from memberships
            where memberships.customer_id = orders.customer_id
                and enrolled_on <= ordered_on and (left_on is null or left_on > ordered_on)
        ) as is_by_member,
        exists (
            select 1
            from counted_days
            where counted_days.store_id = orders.store_id and counted_on = ordered_on and entrants > 0
        ) as is_on_counted_day
    from marts.orders
    where is_counted and sales_channel = 'store' and store_id is not null

    union all by name

    select cast(date_trunc('month', counted_on) as date) as month, store_id, 'door' as kind, store_id as record_id, entrants
    from counted_days

    union all by name

    select
        cast(date_trunc('month', returns.returned_on) as date) as month,
        if(returns.order_id is not null, orders.store_id, returns.return_store_id) as store_id,
        'return' as kind,
        returns.return_id as record_id,
        returns.amount as returned
    from marts.returns
    left join marts.orders using (order_id)
    where returns.is_counted and if(returns.order_id is not null, orders.sales_channel, 'store') = 'store'

    union all by name

    select
        cast(date_trunc('month', handed_over_on) as date) as month,
        store_id,
        'handed over' as kind,
        order_id as record_id
    from marts.orders
    where is_counted and sales_channel <> 'store' and fulfilment_method = 'store_pickup' and handed_over_on is not null
),

-- Since when a store is open and known, and for how many days of a month.
lives as (
    select
        stores.store_id,
        coalesce(stores.opened_on, receipts.sold_on) as opened_on,
        stores.closed_on,
        receipts.sold_on as told_from,
        min(receipts.sold_on) over () as begins_on
    from marts.stores
    left join (
        select store_id, min(ordered_on) as sold_on from marts.orders
        where is_counted and sales_channel = 'store' and store_id is not null
        group by store_id
    ) as receipts using (store_id)
),

rules as (
    select
        greatest(cast(max(value) filter (where name = 'sales.like_for_like_full_months') as integer) - 1, 12) as full_months,
        cast(max(value) filter (where name = 'sales.like_for_like_history_days') as integer) as history_days,
        cast(timezone(max(value) filter (where name = 'business.timezone'),
            timezone('UTC', (select max(refreshed_at) from marts.load_reconciliation))) as date) as as_of_on
    from marts.parameters
),

open_months as (
    select
        cells.month,
        cells.store_id,
        greatest(date_diff('day', greatest(opened_on, month),
            least(coalesce(closed_on, month + interval 1 month), month + interval 1 month, as_of_on)), 0) as days_open,
        coalesce(opened_on <= month - to_months(full_months)
            and coalesce(closed_on >= month + interval 1 month, true)
            and month + interval 1 month <= as_of_on
            and (told_from <= month - interval 12 month
                or (begins_on >= month - interval 12 month and told_from < month - interval 12 month + to_days(history_days))),
        false) as is_comparable
    from (select month, store_id from marts.kpi_store_monthly) as cells
    join lives using (store_id)
    cross join rules
),

summed as (
    select
        month,
        store_id,
        coalesce(sum(receipts_count), 0) as orders_count,
        coalesce(sum(order_revenue), 0) as order_revenue,
        coalesce(sum(returned), 0) as returns_amount,
        coalesce(sum(order_revenue), 0) - coalesce(sum(returned), 0) as net_revenue,
        coalesce(sum(units), 0) as units,
        coalesce(sum(itemised), 0) as itemised_orders,
        coalesce(sum(receipts_count) filter (where customer_id is not null), 0) as identified_orders,
        coalesce(sum(receipts_count) filter (where is_by_member), 0) as member_orders,
        coalesce(sum(gross_amount), 0) as gross_amount,
        coalesce(sum(itemised_gross), 0) as itemised_gross_amount,
        coalesce(sum(discount_amount), 0) as discount_amount,
        coalesce(sum(itemised_discount), 0) as itemised_discount_amount,
        coalesce(sum(cost_amount), 0) as cost_amount,
        coalesce(sum(assumed_cost_amount), 0) as assumed_cost_amount,
        coalesce(sum(margin_amount), 0) as margin_amount,
        count(*) filter (where kind = 'handed over') as collected_orders,
        sum(entrants) as entrants,
        if(count(*) filter (where entrants > 0) = 0, null, coalesce(sum(receipts_count) filter (where is_on_counted_day), 0))
            as orders_on_counted_days
    from open_months
    left join records using (month, store_id)
    group by all
)

select
    open_months.month,
    open_months.store_id,
    days_open,
    is_comparable,
    if(is_comparable, coalesce(summed.net_revenue, 0), null) as like_for_like_revenue,
    if(is_comparable, coalesce(last_year.net_revenue, 0), null) as like_for_like_revenue_last_year,
    summed.* exclude (month, store_id)
from open_months
left join summed on summed.month = open_months.month and summed.store_id = open_months.store_id
left join summed as last_year
    on last_year.store_id = open_months.store_id and last_year.month = open_months.month - interval 12 month
