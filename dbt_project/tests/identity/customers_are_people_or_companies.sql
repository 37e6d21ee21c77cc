-- Placeholders and test records are no customers, and every other record that a vendor shows is one's.
select profiles.profile_id
from {{ ref('int_profiles') }} as profiles
left join {{ ref('int_customer_of_profile') }} as exchange on profiles.profile_id = exchange.profile_id
where (profiles.kind in ('person', 'company') and not coalesce(profiles.is_test, false)) <> (exchange.customer_id is not null)
