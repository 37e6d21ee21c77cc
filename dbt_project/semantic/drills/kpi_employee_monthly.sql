-- The orders that an employee sold in a month, what came back in it of what they had sold, and the returns that they took in.
-- Записи — заказы, проданные сотрудником, возвраты по ним и возвраты, которые он принял.
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

records as (
    select
        cast(date_trunc('month', ordered_on) as date) as month,
        employee_id,
        'sold' as kind,
        order_id as record_id,
        customer_id,
        receipts_count,
        net_revenue as order_revenue,
        units,
        gross_amount,
        discount_amount,
        (
            select sum(amount) from marts.order_discounts
            where order_discounts.order_id = orders.order_id and discount_type = 'personal'
        ) as personal_discount_amount,
        exists (
            select 1
            from memberships
            where memberships.customer_id = orders.customer_id
                and enrolled_on <= ordered_on and (left_on is null or left_on > ordered_on)
        ) as is_by_member
    from marts.orders
    where is_counted and employee_id is not null

    union all by name

    select
        cast(date_trunc('month', returns.returned_on) as date) as month,
        orders.employee_id,
        'returned' as kind,
        returns.return_id as record_id,
        returns.amount as returned
    from marts.returns
    join marts.orders using (order_id)
    where returns.is_counted and orders.employee_id is not null

    union all by name

    select
        cast(date_trunc('month', returned_on) as date) as month,
        employee_id,
        'taken in' as kind,
        return_id as record_id,
        amount as taken_in
    from marts.returns
    where is_counted and employee_id is not null
)

select
    month,
    employee_id,
    coalesce(sum(receipts_count), 0) as orders_count,
    coalesce(sum(order_revenue), 0) as order_revenue,
    coalesce(sum(returned), 0) as returns_amount,
    coalesce(sum(order_revenue), 0) - coalesce(sum(returned), 0) as net_revenue,
    coalesce(sum(units), 0) as units,
    coalesce(sum(receipts_count) filter (where customer_id is not null), 0) as identified_orders,
    coalesce(sum(receipts_count) filter (where is_by_member), 0) as member_orders,
    coalesce(sum(gross_amount), 0) as gross_amount,
    coalesce(sum(discount_amount), 0) as discount_amount,
    coalesce(sum(personal_discount_amount), 0) as personal_discount_amount,
    count(taken_in) as handled_returns,
    coalesce(sum(taken_in), 0) as handled_returns_amount
from records
group by all
