-- A vendor record belongs to one customer; a customer has one consent per channel and brand.
select source_system || ':' || source_account || ':' || source_record_id as standing_twice
from {{ ref('customer_profiles') }}
group by source_system, source_account, source_record_id
having count(*) > 1

union all

select customer_id || ' ' || channel || ' ' || coalesce(brand, '') as standing_twice
from {{ ref('consents') }}
group by customer_id, channel, brand
having count(*) > 1
