-- Every record of every system is one order, the mirror of one, or named and left out (a resent copy, the sums of a shift that
-- receipts explain): together they are the records, and no record is two orders. No order has two records of one account.
with matched as (
    select * from {{ ref('int_orders__matched') }}
),

records as (
    select count(*) as records, count(distinct order_key) as distinct_records from {{ ref('int_orders__united') }}
),

orders as (
    select count(*) as orders, coalesce(sum(records), 0) as records from {{ ref('int_orders') }}
),

sides as (
    select
        count(case when is_leader then 1 end) as leaders,
        count(case when is_ignored then 1 end) as ignored
    from matched
),

twice as (
    select matched.order_id
    from matched
    inner join {{ ref('int_orders__united') }} as united on matched.order_key = united.order_key
    where not matched.is_ignored
    group by matched.order_id, united.source_system, united.source_account
    having count(*) > 1
)

select 'records and orders do not add up' as what_is_wrong
from records
cross join orders
cross join sides
where records.records <> orders.records + sides.ignored
    or records.records <> records.distinct_records
    or orders.orders <> sides.leaders

union all

select 'two records of one account are one order: ' || order_id as what_is_wrong
from twice
