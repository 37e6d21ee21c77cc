-- The receipts of a day, and whether somebody knows whose they are.
-- Записи — чеки дня и то, известно ли, чьи они; люди и записи систем, известные к этому дню.
-- apart: profiles, customers, multi_source_customers: marts.customer_profiles with the day since which each is known.
-- apart: expected_attributes, filled_attributes, told_attributes: contacts stand in the owner's own file (contacts.duckdb), and which
-- source each attribute came from.
with records as (
    select ordered_on as day, unnest([source_system, 'all']) as source_system, order_id, customer_id, sales_channel, receipts_count
    from marts.orders
    where is_counted and sales_channel <> 'marketplace' and coalesce(order_kind, 'order') <> 'shift_report'
)

select
    day,
    source_system,
    sum(receipts_count) as receipts,
    sum(receipts_count) filter (where customer_id is not null) as identified_receipts,
    sum(receipts_count) filter (where sales_channel = 'store') as store_receipts,
    sum(receipts_count) filter (where sales_channel = 'store' and customer_id is not null) as identified_store_receipts
from records
group by all
