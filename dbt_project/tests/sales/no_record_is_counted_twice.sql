-- Every record of every system is one order or the mirror of one: leaders and mirrors together are the records, and no
-- record is two orders. Two systems that name one external id in one account are one order.
with matched as (
    select * from {{ ref('int_orders__matched') }}
),

records as (
    select count(*) as records, count(distinct order_key) as distinct_records from {{ ref('int_orders__united') }}
),

orders as (
    select count(*) as orders, sum(records) as records from {{ ref('int_orders') }}
),

leaders as (
    select count(*) as leaders from matched
    where is_leader
),

twice as (
    select matched.order_id
    from matched
    inner join {{ ref('int_orders__united') }} as united on matched.order_key = united.order_key
    group by matched.order_id, united.source_system, united.source_account
    having count(*) > 1
)

select 'records and orders do not add up' as what_is_wrong
from records
cross join orders
cross join leaders
where records.records <> coalesce(orders.records, 0)
    or records.records <> records.distinct_records
    or orders.orders <> leaders.leaders

union all

select 'two records of one account are one order: ' || order_id as what_is_wrong
from twice
