-- The receipts of a day, and whether somebody knows whose they are; the people and the records that the systems had by its end, with
-- the expected attributes that were told of them.
-- Записи — чеки дня и то, известно ли, чьи они; люди и записи, которые к концу дня были в системах, с ожидаемыми атрибутами, которые о
-- них известны.
-- where day = N: if(kind = 'receipt', day = N, day <= N)
-- Who and what is known stays known on all later days. Известное к одному дню известно и во все следующие.
with people as (
    select customer_id from marts.customer_360
    where not is_employee and not is_b2b
),

known as (
    select 'record' as kind, unnest([source_system, 'all']) as source_system, customer_id, known_on, null as attribute
    from marts.customer_records
    where customer_id in (select customer_id from people)
),

persons as (
    select source_system, customer_id, min(known_on) as known_on
    from known
    group by all
),

second_systems as (
    select customer_id, known_on as second_on
    from persons
    where source_system <> 'all'
    qualify row_number() over (partition by customer_id order by known_on, source_system) = 2
),

told as (
    select unnest([source_system, 'all']) as source_system, customer_id, attribute, told_on
    from marts.customer_record_attributes
    where customer_id in (select customer_id from people)
),

attributes as (
    select source_system, customer_id, attribute, min(told_on) as told_on
    from told
    group by all
),

stocks as (
    select kind, source_system, customer_id, attribute, known_on from known

    union all by name

    select 'person' as kind, * from persons

    union all by name

    select 'person of two systems' as kind, source_system, customer_id, greatest(known_on, second_on) as known_on
    from persons
    join second_systems using (customer_id)

    union all by name

    select 'told' as kind, source_system, customer_id, attribute, told_on as known_on
    from attributes

    union all by name

    select 'filled' as kind, persons.source_system, customer_id, golden.attribute, greatest(persons.known_on, golden.told_on) as known_on
    from persons
    join (select * from attributes where source_system = 'all') as golden using (customer_id)
),

days as (
    select day, source_system from marts.kpi_identity_daily
),

-- Each record stands on the day since which it is known, and counts from then on.
records as (
    select greatest(known_on, (select min(day) from days)) as day, * from stocks

    union all by name

    select 'receipt' as kind, ordered_on as day, unnest([source_system, 'all']) as source_system, order_id, customer_id, sales_channel,
        receipts_count
    from marts.orders
    where is_counted and sales_channel <> 'marketplace' and coalesce(order_kind, 'order') <> 'shift_report'
),

daily as (
    select
        day,
        source_system,
        count(*) filter (where kind = 'record') as profiles,
        count(*) filter (where kind = 'person') as customers,
        count(*) filter (where kind = 'person of two systems') as multi_source_customers,
        count(*) filter (where kind = 'filled') as filled_attributes,
        count(*) filter (where kind = 'told') as told_attributes,
        coalesce(sum(receipts_count), 0) as receipts,
        coalesce(sum(receipts_count) filter (where customer_id is not null), 0) as identified_receipts,
        coalesce(sum(receipts_count) filter (where sales_channel = 'store'), 0) as store_receipts,
        coalesce(sum(receipts_count) filter (where sales_channel = 'store' and customer_id is not null), 0) as identified_store_receipts
    from records
    group by all
)

select
    days.day,
    days.source_system,
    sum(profiles) over to_date as profiles,
    sum(customers) over to_date as customers,
    sum(multi_source_customers) over to_date as multi_source_customers,
    sum(customers) over to_date
    * (select json_array_length(value) from marts.parameters where name = 'identity.expected_attributes') as expected_attributes,
    sum(filled_attributes) over to_date as filled_attributes,
    sum(told_attributes) over to_date as told_attributes,
    coalesce(receipts, 0) as receipts,
    coalesce(identified_receipts, 0) as identified_receipts,
    coalesce(store_receipts, 0) as store_receipts,
    coalesce(identified_store_receipts, 0) as identified_store_receipts
from days
left join daily using (day, source_system)
window to_date as (partition by days.source_system order by days.day rows between unbounded preceding and current row)
