-- customer_360, customer_profiles and the contacts speak of the same customers.
select coalesce(c360.customer_id, profiles.customer_id, contacts.customer_id) as customer_id
from {{ ref('customer_360') }} as c360
full outer join (select distinct customer_id from {{ ref('customer_profiles') }}) as profiles
    on c360.customer_id = profiles.customer_id
full outer join {{ ref('customer_contacts') }} as contacts on c360.customer_id = contacts.customer_id
where c360.customer_id is null or profiles.customer_id is null or contacts.customer_id is null
